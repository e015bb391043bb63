import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { getCookie, setCookie } from 'hono/cookie';
import type { Context, MiddlewareHandler } from 'hono';
import { printable } from '../text/printable.ts';
import type { AdminEnv } from './environment.ts';
import { failed } from './problem-document.ts';

/**
 * Decides which requests are allowed. Over the Unix socket all are, since the file's mode decides; over TCP:
 *
 * - with a token: it must come as `Authorization: Bearer` or as the cookie that /login sets;
 * - the Host header must be an IP address or one of the configured names, or any page in a browser could reach Sealane
 *   by a name of its own that resolves to 127.0.0.1 (DNS rebinding). A bearer token proves as much: no page knows it;
 * - actions must come from Sealane's own page, or from no page at all; and no page of another site may request data,
 *   which it could not read, but which costs work. There is no CORS.
 */
export interface AccessRules {
  readonly token: string | undefined;
  /** Host names that clients may use for Sealane, besides localhost and IP addresses. */
  readonly names: readonly string[];
}

export function guard({ token, names }: AccessRules): MiddlewareHandler<AdminEnv> {
  const cookie = token === undefined ? undefined : cookieFor(token);
  return async (context, next) => {
    if (context.env?.transport === 'socket') return next();
    const bearer = /^Bearer (\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1];
    const hasBearer = token !== undefined && isSame(bearer, token);
    if (!hasBearer && !isOurName(context.req.header('host'), names)) return refuseHost(context);
    if (token !== undefined && !hasBearer && !isSame(getCookie(context, cookieName(context)), cookie)) {
      context.header('www-authenticate', 'Bearer realm="sealane"');
      return failed(context, {
        status: 401,
        code: 'token-needed',
        title: 'A token is needed',
        detail: 'Send it as Authorization: Bearer, or open /login?token=… once in the browser.',
      });
    }
    if (!isReading(context) && !(isAskedByUs(context) && isFromUs(context)))
      return refuseOrigin(context, 'Only the page of Sealane itself may send actions');
    if (isData(context) && !isAskedByUs(context))
      return refuseOrigin(context, 'Pages of other sites may not read the API');
    return next();
  };
}

/** Handles `GET /login?token=…`: stores the token's hash in a cookie and redirects to the page. */
export function login({ token, names }: AccessRules): MiddlewareHandler<AdminEnv> {
  return async (context) => {
    if (!isOurName(context.req.header('host'), names)) return refuseHost(context);
    if (token !== undefined) {
      if (!isSame(context.req.query('token'), token)) {
        return failed(context, {
          status: 401,
          code: 'token-wrong',
          title: 'This is not the token',
          detail: 'Use the link in the log of the running Sealane, or the token that it was started with.',
        });
      }
      setCookie(context, cookieName(context), cookieFor(token), { httpOnly: true, sameSite: 'Strict', path: '/' });
    }
    return context.redirect('/', 303);
  };
}

/** The cookie's name holds the port: browsers share cookies between ports, so two Sealanes would log each other out. */
function cookieName({ req }: Context): string {
  const port = /:(\d+)$/.exec(req.header('host') ?? '')?.[1];
  return port === undefined ? 'sealane' : `sealane-${port}`;
}

/** The cookie's value: a hash, so that what a browser stores is good for nothing else. */
function cookieFor(token: string): string {
  return createHmac('sha256', token).update('sealane admin cookie').digest('base64url');
}

/** Compares two secrets in constant time, whatever their lengths. */
function isSame(given: string | undefined, wanted: string | undefined): boolean {
  if (given === undefined || wanted === undefined) return false;
  return timingSafeEqual(digest(given), digest(wanted));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function isOurName(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined) return false;
  const name = host
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  return isIP(name) !== 0 || name === 'localhost' || names.some((one) => one.toLowerCase() === name);
}

function isReading({ req }: Context): boolean {
  return req.method === 'GET' || req.method === 'HEAD';
}

function isData({ req }: Context): boolean {
  return req.path.startsWith('/api/');
}

/** Whether the request comes from Sealane's own page. Browsers send Origin with every request but plain reads. */
function isFromUs({ req }: Context): boolean {
  const origin = req.header('origin');
  return (
    origin === undefined || origin === `http://${req.header('host')}` || origin === `https://${req.header('host')}`
  );
}

/** Whether a person, a command or Sealane's own page sent the request. Another port of this machine is `same-site`. */
function isAskedByUs({ req }: Context): boolean {
  return ['same-origin', 'none', undefined].includes(req.header('sec-fetch-site'));
}

function refuseHost(context: Context): Response {
  const host = printable(context.req.header('host') ?? '');
  return failed(context, {
    status: 403,
    code: 'host-refused',
    title: 'Called by a name that is not ours',
    detail: `Call it by its IP address or localhost, or allow the name with --admin-names (not "${host}").`,
  });
}

function refuseOrigin(context: Context, title: string): Response {
  return failed(context, {
    status: 403,
    code: 'origin-refused',
    title,
    detail: 'This request comes from another site.',
  });
}

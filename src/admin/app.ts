import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import { printable } from '../text/printable.ts';
import { guard, login, type AccessRules } from './access.ts';
import type { AdminEnv } from './environment.ts';
import { openApiDocument } from './openapi.ts';
import { failed } from './problem-document.ts';
import { actions } from './routes/actions.ts';
import { events } from './routes/events.ts';
import { health } from './routes/health.ts';
import { reading } from './routes/reading.ts';
import { rest } from './routes/rest.ts';
import { standIns } from './routes/stand-ins.ts';
import { refuseInvalid } from './routes/validation.ts';
import type { AdminSource } from './source.ts';
import { createDashboard } from './static.ts';

/**
 * Turns a request into a response, nothing else. Without credentials a client gets whether Sealane lives and is ready,
 * the empty page, and the login.
 */
export type AdminApp = OpenAPIHono<AdminEnv>;

/** Keeps room for health checks, whose routes come before. */
const turnAwayInCrowd: MiddlewareHandler<AdminEnv> = async (context, next) => {
  if (context.env?.crowded !== true) return next();
  context.header('connection', 'close');
  return failed(context, {
    status: 503,
    code: 'too-many-requests',
    title: 'There are too many requests at once',
    detail: 'Close other pages or commands that read from Sealane, or try again later.',
  });
};

/** The largest body of a request; the largest action is a weight. */
const maxBodyBytes = 4_096;

export function createAdminApp(source: AdminSource, rules: AccessRules): AdminApp {
  const app = new OpenAPIHono<AdminEnv>({ defaultHook: refuseInvalid });
  app.use(
    secureHeaders({
      // The page loads from here only, has nothing inline, makes no markup from text, and may not be framed.
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ["'none'"],
      },
      referrerPolicy: 'no-referrer',
      xFrameOptions: 'DENY',
      // The header means nothing over plain HTTP.
      strictTransportSecurity: false,
    }),
  );
  app.route('/', health(source));
  app.use(turnAwayInCrowd);
  app.get('/login', login(rules));
  // The page itself holds nothing secret; it reads what it shows from the guarded API.
  app.route('/', createDashboard());
  app.use(guard(rules));
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: (context) =>
        failed(context, {
          status: 413,
          code: 'body-too-large',
          title: 'Too much was sent',
          detail: `No action takes more than ${maxBodyBytes} bytes.`,
        }),
    }),
  );
  let document: object | undefined;
  app.get('/openapi.json', (context) => context.json((document ??= openApiDocument(app, source.facts.version))));
  app.route('/', reading(source));
  app.route('/', events(source));
  app.route('/', actions(source));
  app.route('/', standIns(source));
  app.route('/', rest(source));
  app.notFound((context) =>
    failed(context, {
      status: 404,
      code: 'not-found',
      title: 'There is no such page',
      detail: `${context.req.method} ${printable(context.req.path)} is not served; see /openapi.json for what is.`,
    }),
  );
  app.onError((error, context) => {
    // Hono's own errors, for instance of a body that is not JSON.
    if (error instanceof HTTPException) {
      return failed(context, {
        status: error.status,
        code: 'malformed',
        title: 'The request is malformed',
        detail: error.status === 415 ? 'Send JSON, as application/json.' : printable(error.message),
      });
    }
    return failed(context, {
      status: 500,
      code: 'internal',
      title: 'Sealane could not answer',
      detail: printable(error.message),
    });
  });
  return app;
}

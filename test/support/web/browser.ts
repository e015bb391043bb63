import { mkdir } from 'node:fs/promises';
import { chromium, type Browser as PlaywrightBrowser, type Page } from 'playwright-core';
import { installMissing } from '../../../dev/machine/packages.ts';
import { messageOf } from '../../../src/text/message-of.ts';
import { run, which } from '../../../dev/machine/command.ts';

/**
 * Debian's Chromium without windows, with an empty profile, and without the browser's own background requests.
 */
export interface Browser extends AsyncDisposable {
  open(url: string, options?: OpenOptions): Promise<OpenPage>;
}

export interface OpenOptions {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  /** Disables the content security policy, for tools that are injected into the page. */
  readonly bypassCsp?: boolean;
}

export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** The URLs of all requests of the page. */
  readonly requests: readonly string[];
  /** Script errors and violations of the content security policy. */
  readonly complaints: readonly string[];
}

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const headless = { program: 'chromium-headless-shell', debianPackage: 'chromium-headless-shell' } as const;

let found: Promise<string> | undefined;

/**
 * The path of Chromium without windows, which needs a third of the processor time of the whole browser, and is installed
 * also where that is there. Where it can't be had, the whole browser serves.
 */
function chromiumPath(): Promise<string> {
  return (found ??= findChromium());
}

async function findChromium(): Promise<string> {
  try {
    await installMissing([headless], () => {});
  } catch (error) {
    const whole = await which('chromium');
    if (whole === undefined) throw error;
    return whole;
  }
  const installed = await which(headless.program);
  if (installed === undefined) throw new Error(`${headless.debianPackage} left no Chromium in the PATH`);
  return installed;
}

/** `home`: the home of the user that the browser runs as, in which it finds the authorities that the user trusts. */
export async function startBrowser({ home }: { readonly home?: string } = {}): Promise<Browser> {
  const env = home === undefined ? process.env : { ...process.env, HOME: home };
  return withPages(await chromium.launch({ executablePath: await chromiumPath(), args: flags, env }));
}

/** A browser for all tests of a run, since each start takes a second of the processor. The tests connect to its address. */
export async function serveBrowser(): Promise<AsyncDisposable & { readonly address: string }> {
  const server = await chromium.launchServer({ executablePath: await chromiumPath(), args: flags, host: '127.0.0.1' });
  return { address: server.wsEndpoint(), [Symbol.asyncDispose]: () => server.close() };
}

/** The browser at this address, whose profile is empty for each page that is opened. */
export async function connectBrowser(address: string): Promise<Browser> {
  return withPages(await chromium.connect(address));
}

function withPages(browser: PlaywrightBrowser): Browser {
  return {
    async open(url, { scheme = 'light', width = 1280, height = 900, bypassCsp = false } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: scheme,
        bypassCSP: bypassCsp,
        // Each frame of an animation is drawn by the processor.
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      const requests: string[] = [];
      const complaints: string[] = [];
      page.on('request', (request) => requests.push(request.url()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        // The browser logs an unreachable server as an error, but some tests stop the server on purpose.
        const isLoss = message.text().startsWith('Failed to load resource');
        if (message.type() === 'error' && !isLoss) complaints.push(message.text());
      });
      await visit(page, url);
      return { page, requests, complaints, [Symbol.asyncDispose]: () => context.close() };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/**
 * Goes to an address. Chromium gives up what it loads when an interface of the machine comes or goes, as those of other
 * tests' containers do; with a window it would load the page again itself. Its page for the error may come so late that it
 * ends the next attempt.
 */
export async function visit(page: Page, url: string): Promise<void> {
  const outcome = await page.goto(url).catch((error: unknown) => {
    if (!/ERR_NETWORK_CHANGED|another navigation to "chrome-error:/.test(messageOf(error))) throw error;
  });
  if (outcome === undefined) await visit(page, url);
}

/** Makes a home whose user trusts an authority in Chromium, as `sealane cert` says: with certutil of libnss3-tools. */
export async function trustInChromium(home: string, authority: string): Promise<void> {
  const database = `${home}/.pki/nssdb`;
  await mkdir(database, { recursive: true });
  await run('certutil', ['-d', `sql:${database}`, '-N', '--empty-password']);
  await run('certutil', ['-d', `sql:${database}`, '-A', '-t', 'C,,', '-n', 'sealane', '-i', authority]);
}

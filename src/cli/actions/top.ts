import type { AdminClient } from '../client/client.ts';
import { createClient } from '../client/client.ts';
import { readEndpoint, type EndpointFlags } from '../client/endpoint.ts';
import { hasColours } from '../colours.ts';
import { withProgress } from '../progress.ts';
import { untilInterrupted } from '../stop-signals.ts';
import { jsonLine, plainLine } from '../top/plain.ts';
import { createRefresher } from '../top/refresh.ts';
import { openScreen } from '../top/screen.ts';
import { nextTop } from '../top/next.ts';
import { emptyTop, type TopInput, type TopState } from '../top/state.ts';
import { renderTop, shownOn } from '../top/view.ts';

/**
 * `sealane top`: shows services, rates, held clients and events, live, until `q`.
 */
export async function top(flags: EndpointFlags, { json }: { readonly json: boolean }): Promise<number> {
  const client = createClient(await readEndpoint(flags, process.env));
  const interrupted = untilInterrupted();
  if (json || !process.stdout.isTTY) await printLines(client, json ? jsonLine : plainLine, interrupted);
  else await showScreen(client, interrupted);
  return 0;
}

async function printLines(client: AdminClient, line: (state: TopState) => string, signal: AbortSignal): Promise<void> {
  let state = emptyTop;
  // The events do not say which services are swapped.
  const refresher = createRefresher(client, () => [], {
    onAnswer: (answer, problems) => (state = nextTop(state, { kind: 'answer', answer, problems })),
    onService: () => undefined,
  });
  try {
    for await (const one of client.follow({ since: undefined, stats: true, signal })) {
      refresher.heard(one);
      state = nextTop(state, one);
      if (one.kind === 'stats') process.stdout.write(`${line(state)}\n`);
      else if (one.kind === 'lost') process.stderr.write(`sealane: ${one.reason}; trying again\n`);
    }
  } finally {
    refresher.stop();
  }
}

/** The screen is redrawn at most once in this time, however many events arrive. */
const drawDelayMs = 50;

async function showScreen(client: AdminClient, interrupted: AbortSignal): Promise<void> {
  // The first request is made before the terminal is changed: its error is printed in one line, as by other commands.
  const asked = Promise.all([client.services(), client.problems()]);
  const [answer, problems] = await withProgress(`asking ${client.endpoint.shown}`, asked);
  let state = nextTop(emptyTop, { kind: 'answer', answer, problems });
  let drawing: NodeJS.Timeout | undefined;
  const quit = new AbortController();
  const signal = AbortSignal.any([quit.signal, interrupted]);
  const colour = hasColours(process.stdout);

  const draw = (): void => {
    drawing = undefined;
    screen.draw(renderTop(state, screen.size(), colour, Date.now()));
  };
  const apply = (input: TopInput): void => {
    state = nextTop(state, input);
    if (state.hasQuit) quit.abort();
    drawing ??= setTimeout(draw, input.kind === 'key' ? 0 : drawDelayMs);
  };
  const screen = openScreen(process.stdin, process.stdout, {
    onKey: (key) => apply({ kind: 'key', key, shown: shownOn(state, screen.size()) }),
    onResize: draw,
  });
  const refresher = createRefresher(client, () => shownOn(state, screen.size()).open, {
    onAnswer: (next, current) => apply({ kind: 'answer', answer: next, problems: current }),
    onService: (service) => apply({ kind: 'service', service }),
  });
  try {
    draw();
    for await (const one of client.follow({ since: 0, stats: true, signal })) {
      refresher.heard(one);
      apply(one);
    }
  } finally {
    refresher.stop();
    clearTimeout(drawing);
    screen.close();
  }
}

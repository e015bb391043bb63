import { styleText } from 'node:util';

/** Colours the text where colours are enabled; otherwise returns it unchanged. */
export type Paint = (style: Style | readonly Style[], text: string) => string;
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'inverse';

export function painter(colour: boolean): Paint {
  return (style, text) =>
    colour && text !== ''
      ? styleText(typeof style === 'string' ? style : [...style], text, { validateStream: false })
      : text;
}

/** The style of each state of a service, an upstream or a step of an explanation. */
export const stateStyles: Readonly<Record<string, Style>> = {
  up: 'green',
  ready: 'green',
  ok: 'green',
  reachable: 'green',
  degraded: 'yellow',
  starting: 'yellow',
  draining: 'yellow',
  paused: 'yellow',
  warn: 'yellow',
  down: 'red',
  unhealthy: 'red',
  bad: 'red',
  unreachable: 'red',
  info: 'dim',
};

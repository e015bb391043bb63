import { styleText } from 'node:util';

/** Colours where they are wanted, else the text as it is. */
export type Paint = (style: Style | readonly Style[], text: string) => string;
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'inverse';

export function painter(colour: boolean): Paint {
  return (style, text) =>
    colour && text !== ''
      ? styleText(typeof style === 'string' ? style : [...style], text, { validateStream: false })
      : text;
}

/** How states look, of services, upstreams and steps alike. */
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

import { ConfigError } from '../../config/config-error.ts';
import { upstreamOptions } from '../../config/options/upstream.ts';
import { quoted } from '../../text/printable.ts';
import type { UpstreamAction } from '../actions/upstream.ts';
import { ServiceArgument } from '../completion/values.ts';
import { clientCommand, settingsOf, type ClientFlags } from './client-command.ts';
import type { DefineCommand, Finish } from './define.ts';

/**
 * The commands that change one upstream of a running Sealane.
 */
const upstream = (): ServiceArgument => new ServiceArgument('<upstream>', 'its name or its key', 'upstream');

export const defineDrain: DefineCommand = (program, finish) => {
  clientCommand(program, 'drain', 'give an upstream no new sessions; its running sessions go on')
    .addArgument(upstream())
    .action((name: string, flags: ClientFlags) => act({ kind: 'drain' }, name, flags, finish));
};

export const defineUndrain: DefineCommand = (program, finish) => {
  clientCommand(program, 'undrain', 'give an upstream that was drained sessions again')
    .addArgument(upstream())
    .action((name: string, flags: ClientFlags) => act({ kind: 'undrain' }, name, flags, finish));
};

export const defineWeight: DefineCommand = (program, finish) => {
  clientCommand(program, 'weight', "set an upstream's share of new sessions while its process lives")
    .addArgument(upstream())
    .argument('<weight>', '0-256, or declared for the weight that its label or the file gives')
    .action((name: string, text: string, flags: ClientFlags) =>
      act({ kind: 'weight', weight: readWeight(text) }, name, flags, finish),
    );
};

export const defineClose: DefineCommand = (program, finish) => {
  clientCommand(program, 'close', "close an upstream's sessions; drain it first, or their clients may return to it")
    .addArgument(upstream())
    .action((name: string, flags: ClientFlags) => act({ kind: 'close-sessions' }, name, flags, finish));
};

async function act(action: UpstreamAction, name: string, flags: ClientFlags, finish: Finish): Promise<void> {
  const { changeUpstream } = await import('../actions/upstream.ts');
  finish(await changeUpstream(name, action, settingsOf(flags), { json: flags.json ?? false }));
}

/** The weight; null for the declared one. */
function readWeight(text: string): number | null {
  if (text === 'declared') return null;
  const parsed = upstreamOptions.weight.schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`weight ${parsed.error.issues[0]?.message}, or declared, not ${quoted(text)}`);
}

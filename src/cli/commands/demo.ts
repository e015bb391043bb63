import type { DefineCommand } from './define.ts';

export const defineDemo: DefineCommand = (program, finish) => {
  program
    .command('demo')
    .description('run a tour on real containers (or local processes): balance, scale, stop; cleans up after itself')
    .option('--image <name>', 'an image of Sealane that the engine holds (default: sealane)')
    .action(async (flags: { readonly image?: string }) => {
      const { runDemo } = await import('../../demo/tour.ts');
      const { chooseEnvironment } = await import('../../demo/choose-environment.ts');
      finish(await runDemo({ prepare: () => chooseEnvironment(flags.image), stdout: process.stdout }));
    });
};

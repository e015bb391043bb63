import type { DefineCommand } from './define.ts';

export const defineDemo: DefineCommand = (program, finish) => {
  program
    .command('demo')
    .description('a tour on real containers (or local processes): spread, scale, stop; cleans up after itself')
    .option('--image <name>', 'an image of Sealane that the engine holds (default: sealane)')
    .action(async (flags: { readonly image?: string }) => {
      const { runDemo } = await import('../../demo/tour.ts');
      const { findGround } = await import('../../demo/find-ground.ts');
      finish(await runDemo({ prepare: () => findGround(flags.image), stdout: process.stdout }));
    });
};

import type { DefineCommand } from '../define.ts';

export const defineLicenses: DefineCommand = (program, finish) => {
  program
    .command('licenses')
    .description('print the license of Sealane and those of everything in it')
    .action(async () => {
      const { licenses } = await import('../../actions/licenses.ts');
      finish(await licenses());
    });
};

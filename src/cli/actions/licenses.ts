import { builtFiles } from '../../built/files.ts';

/** `sealane licenses`: prints the texts that must go with the program; in a single executable also those of Node. */
export async function licenses(): Promise<number> {
  const files = builtFiles();
  const present = new Set(await files.paths());
  const wanted = ['LICENSE', 'THIRD-PARTY-NOTICES.txt', 'NODE-LICENSE.txt'].filter((path) => present.has(path));
  if (wanted.length === 0) throw new Error('this build has no licenses: npm run build makes them');
  const texts = await Promise.all(wanted.map((path) => files.read(path)));
  const rule = `\n${'='.repeat(80)}\n\n`;
  process.stdout.write(texts.map((text) => `${Buffer.from(text).toString().trim()}\n`).join(rule));
  return 0;
}

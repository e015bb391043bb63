import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dieWithParent } from '../programs/die-with-parent.ts';

/** Runs a statement of a minute in psql, and interrupts it as Ctrl-C does. `program`: the path of psql. Resolves with what psql printed. */
export async function interrupt(program: string, target: string): Promise<string> {
  const statement = "do $$ begin raise notice 'begun'; perform pg_sleep(60); end $$";
  const [parent, ...before] = dieWithParent;
  const psql = spawn(parent, [...before, program, target, '-X', '-c', statement], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let printed = '';
  psql.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (text.includes('begun')) psql.kill('SIGINT');
  });
  await once(psql, 'close');
  return printed;
}

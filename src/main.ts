#!/usr/bin/env node
import { oldestNode } from './version.ts';

/**
 * The executable. It loads the program only on a Node that can: an older one lacks exports and syntax, and would say no
 * more than which it met first. So nothing else is imported here, and this file uses only what old Nodes have, too.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < oldestNode.major || (major === oldestNode.major && minor < oldestNode.minor)) {
  process.stderr.write(
    `sealane: needs Node ${oldestNode.major}.${oldestNode.minor} or newer, and this is Node ${process.versions.node}\n`,
  );
  process.exitCode = 1;
} else {
  const { execute } = await import('./cli/execute.ts');
  await execute(process.argv.slice(2));
}

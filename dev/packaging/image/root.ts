import * as fs from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { z } from 'zod';
import { nodeLicense } from '../binary/node-license.ts';
import { stripElf } from '../binary/strip-elf.ts';
import { debianPackages } from './debian-packages.ts';

/**
 * Lays out the image's root in two folders, so that the image has two layers: `runtime` is Node, a shell and the libraries
 * of both, copied from the machine that this runs on, and stays the same from release to release; `app` is Sealane. All
 * times in it are fixed, so equal contents make equal layers.
 *
 *   node root.ts TARGET       from the folder with dist/, in the Dockerfile's build stage
 */
const [target = 'root'] = process.argv.slice(2);
const [runtime, app] = [join(target, 'runtime'), join(target, 'app')];

/** What the image's commands and its health check run, beside Node. They are linked with no more libraries than Node. */
const programs = ['/bin/sh', '/usr/bin/sleep', '/usr/bin/env'];
const sources = programs.map((path) => inPath(basename(path)));
for (const [index, path] of programs.entries()) copyTo(runtime, fs.realpathSync(sources[index] ?? ''), path);
for (const path of libraries()) copyTo(runtime, fs.realpathSync(path), path);
put(runtime, '/usr/local/bin/node', stripElf(fs.readFileSync(process.execPath)), 0o755);
put(runtime, '/usr/local/LICENSE', fs.readFileSync(nodeLicense(process.execPath)));
put(runtime, '/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n');
put(runtime, '/etc/group', 'root:x:0:\nnode:x:1000:\n');
put(runtime, '/etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n');
// Scanners for known vulnerabilities read here which packages the files are of, as in the images of distroless.
for (const { name, status, copyright } of debianPackages([...libraries(), ...sources])) {
  put(runtime, `/var/lib/dpkg/status.d/${name}`, status);
  put(runtime, `/usr/share/doc/${name}/copyright`, copyright);
}
// /ca is the place for a volume that keeps the authority of names. A new volume gets the mode of the folder, which lets any
// user write there, also root without capabilities.
for (const folder of ['/tmp', '/ca', '/home/node']) openFolder(folder);
fs.mkdirSync(join(runtime, 'root'), { mode: 0o700 });

for (const entry of fs.readdirSync('dist', { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (entry.isFile()) copyTo(app, path, `/app/${path}`);
}
for (const [from, to] of [
  ['package.json', '/app/package.json'],
  ['LICENSE', '/app/LICENSE'],
  ['image/healthy.sh', '/app/healthy.sh'],
] as const)
  copyTo(app, from, to);
// `docker exec` finds the command: `docker compose exec sealane sealane why web`.
fs.chmodSync(join(app, 'app/dist/main.js'), 0o755);
fs.mkdirSync(join(app, 'usr/local/bin'), { recursive: true });
fs.symlinkSync('/app/dist/main.js', join(app, 'usr/local/bin/sealane'));

setTimes(runtime, 0);
setTimes(app, Number(process.env['SOURCE_DATE_EPOCH']) || 0);

function inPath(name: string): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = join(folder, name);
    try {
      fs.realpathSync(found);
      return found;
    } catch {
      // It is in a later folder.
    }
  }
  throw new Error(`the base image has no ${name}`);
}

/** The libraries of this Node, and the program that loads them; the kernel's part (vdso) is no file. */
function libraries(): readonly string[] {
  const { sharedObjects } = z.object({ sharedObjects: z.array(z.string()) }).parse(process.report.getReport());
  return sharedObjects.filter((path) => path.startsWith('/'));
}

function copyTo(root: string, from: string, path: string): void {
  const to = join(root, path);
  fs.mkdirSync(dirname(to), { recursive: true });
  fs.copyFileSync(from, to);
}

function put(root: string, path: string, content: string | Uint8Array, mode = 0o644): void {
  const to = join(root, path);
  fs.mkdirSync(dirname(to), { recursive: true });
  fs.writeFileSync(to, content);
  fs.chmodSync(to, mode);
}

function openFolder(path: string): void {
  fs.mkdirSync(join(runtime, path), { recursive: true });
  fs.chmodSync(join(runtime, path), 0o1777);
}

function setTimes(folder: string, seconds: number): void {
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
    fs.lutimesSync(join(entry.parentPath, entry.name), seconds, seconds);
  fs.lutimesSync(folder, seconds, seconds);
}

import { inject } from 'vitest';
import { startContainer, type ContainerOptions, type TestContainer } from './containers.ts';

/** A container that runs a shell script, which tests control by creating and removing files. */
export function startScript(script: string, options: Omit<ContainerOptions, 'image'>): Promise<TestContainer> {
  return startContainer({ image: inject('images').tools, command: ['sh', '-c', script], ...options });
}

/** The part of such a script that serves a name over HTTP. */
export const serve = (name: string): string =>
  `mkdir -p /tmp/www; echo ${name} > /tmp/www/index.html; httpd -f -p 8080 -h /tmp/www & `;

/**
 * Workaround: docker-modem's constructor reads DOCKER_HOST even if it is given a socket, and throws on a value that it
 * does not understand. This function removes the variable while the constructor runs.
 */
export function withoutDockerHost<T>(construct: () => T): T {
  const saved = process.env['DOCKER_HOST'];
  delete process.env['DOCKER_HOST'];
  try {
    return construct();
  } finally {
    if (saved !== undefined) process.env['DOCKER_HOST'] = saved;
  }
}

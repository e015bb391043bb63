import { describe, expect, test } from 'vitest';
import { badStatus, connectionFailed } from '../../../src/docker/engine-errors.ts';
import { parseEngineUrl } from '../../../src/docker/engine-url.ts';

function failed(endpoint: string): Parameters<typeof connectionFailed>[0] {
  return { endpoint, target: parseEngineUrl(endpoint), call: 'GET /_ping' };
}

describe('a connection that fails', () => {
  test.each([
    ['unix:///s', 'ENOENT', 'unreachable', 'mount it (-v /s:/s)'],
    ['unix:///s', 'EACCES', 'permission', 'usermod -aG docker'],
    ['unix:///s', 'EACCES', 'permission', 'group_add'],
    ['unix:///s', 'ECONNREFUSED', 'unreachable', 'mount its directory'],
    ['unix:///s', 'ENOTSOCK', 'unreachable', 'not a socket'],
    ['tcp://e:1', 'ECONNREFUSED', 'unreachable', 'nothing listens at tcp://e:1'],
    ['tcp://e', 'ECONNREFUSED', 'unreachable', 'nothing listens at tcp://e, port 2375'],
    ['tcp://e:1', 'ECONNRESET', 'unreachable', 'does it expect TLS?'],
    ['tcp://e:1', 'ENOTFOUND', 'unreachable', 'cannot be resolved'],
    ['tcp://e:1', 'HPE_INVALID_CONSTANT', 'nonsense', 'does not speak HTTP'],
    ['tcp://e:2376', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'unreachable', 'DOCKER_CERT_PATH'],
    ['ssh://e', 'ENOENT', 'unreachable', 'ssh command'],
    ['ssh://me@e', 'EPIPE', 'unreachable', '"ssh me@e docker version"'],
  ])('at %s with %s is %s and says: %s', (endpoint, code, kind, advice) => {
    const error = connectionFailed(failed(endpoint), Object.assign(new Error(code), { code }));
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(advice);
    expect(error.message).not.toContain('\n');
  });
});

test('a failed TLS handshake is told in the words of OpenSSL, without places in its source', () => {
  const message = '40F3:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert:../deps/openssl/rec_layer_s3.c:918:\n';
  const cause = Object.assign(new Error(message), {
    code: 'ERR_SSL_ALERT',
    reason: 'tlsv13 alert certificate required',
  });
  const error = connectionFailed(failed('tcp://e:2376'), cause);
  expect(error.message).toContain('fails (tlsv13 alert certificate required): check');
});

describe('an answer that refuses', () => {
  test('names the endpoints that a socket proxy must allow', () => {
    const error = badStatus(failed('tcp://proxy:2375'), 403, undefined, '<html>');
    expect(error.message).toContain('GET /_ping, /events, /containers/json and /containers/{id}/json');
  });

  test('a request without TLS says how to use TLS', () => {
    const error = badStatus(
      failed('tcp://e:2375'),
      400,
      undefined,
      'Client sent an HTTP request to an HTTPS server.\n',
    );
    expect(error.message).toContain('DOCKER_TLS_VERIFY=1');
  });

  test('cannot smuggle terminal escapes or line breaks into the message', () => {
    const error = badStatus(failed('tcp://e:2375'), 500, 'a\n\u001B[31mb', '');
    // eslint-disable-next-line no-control-regex
    expect(error.message).not.toMatch(/[\n\u001B]/);
  });
});

// A service that terminates TLS itself, with a certificate whose key never leaves it.
const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { createServer } = require('node:https');

const name = process.argv[2];
const sealane = ['/app/dist/main.js', 'cert', '--name', name, '--out', '/tmp/certs', '--ca', '/tmp/ca', '--json'];
const { certificate } = JSON.parse(execFileSync(process.execPath, sealane, { encoding: 'utf8' }));

const server = createServer(
  { key: readFileSync(certificate.key), cert: readFileSync(certificate.certificate) },
  (request, response) => response.end(`${name} here; you asked for ${request.socket.servername}\n`),
).listen(3000);

process.once('SIGTERM', () => server.close());

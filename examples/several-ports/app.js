// A service with two ports: one for users, another for metrics.
const { createServer } = require('node:http');

let served = 0;

const web = createServer((request, response) => {
  served += 1;
  response.end('hello from the web port\n');
}).listen(3000);

const metrics = createServer((request, response) => {
  response.end(`app_requests_total ${served}\n`);
}).listen(9464);

process.once('SIGTERM', () => {
  web.close();
  metrics.close();
});

// Stands before a simulated API: each request must satisfy the provider's specification, as Prism reads it, before it
// is passed on. front.mjs PRISM SPECIFICATION UPSTREAM --ready-fd N; GET /report tells what was asked and refused.
// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import http from 'node:http';

const [prism, specification, upstream, , readyFd] = process.argv.slice(2);
const report = { controls: [], refused: [], operations: {} };

const portOf = (server) =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

async function startPrism() {
  const spare = http.createServer();
  const port = await portOf(spare);
  await new Promise((resolve) => spare.close(resolve));
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, prism, 'mock', '-h', '127.0.0.1', '-p',
    String(port), specification]);
  process.on('SIGTERM', () => {
    child.kill();
    process.exit(0);
  });
  child.stderr.pipe(process.stderr);
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => String(text).includes('Prism is listening') && resolve());
    child.on('exit', (code) => reject(new Error(`prism ended with ${code}`)));
  });
  return port;
}

function send(host, method, path, headers) {
  return new Promise((resolve, reject) => {
    const request = http.request(host, { method, path, headers }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}

// The specification has the slug as one segment.
const escaped = (path) => path.replace(/^\/api\/v2/, '').replace(/^\/project\/([^/]+)\/([^/]+)\/([^/]+)/, '/project/$1%2F$2%2F$3');
const operation = (path) =>
  escaped(path.split('?')[0]).replace(/^\/project\/[^/]+/, '/project/:').replace(/\/[0-9a-f]{8}-[0-9a-f-]+/, '/:').replace(/\/\d+/, '/:');

const port = await startPrism();
const asked = (path, token) =>
  send(`http://127.0.0.1:${port}`, 'GET', path, token ? { 'circle-token': token } : {});

// Prism passes everything where it can't read a schema: these must be refused.
for (const [path, token] of [['/pipeline?mine=perhaps', 'x'], ['/pipeline', ''], ['/pipelines', 'x']]) {
  report.controls.push((await asked(path, token)).status);
}

const server = http.createServer(async (request, response) => {
  if (request.url === '/report') {
    response.end(JSON.stringify(report));
    return;
  }
  const judged = await asked(escaped(request.url), request.headers['circle-token']);
  if (request.method !== 'GET' || judged.status >= 400) {
    report.refused.push(`${request.method} ${request.url}: ${judged.status} ${judged.body}`);
    response.writeHead(404).end();
    return;
  }
  report.operations[operation(request.url)] = (report.operations[operation(request.url)] ?? 0) + 1;
  const answer = await send(upstream, request.method, request.url, request.headers);
  response.writeHead(answer.status, answer.headers).end(answer.body);
});
writeSync(Number(readyFd), `${await portOf(server)}\n`);

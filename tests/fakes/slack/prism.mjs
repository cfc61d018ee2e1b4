// What was sent to Slack, as forms, against the specification of its Web API as Prism (npm's @stoplight/prism-cli)
// reads it: prism.mjs PRISM SPECIFICATION FILE, a line a request of FILE: METHOD ARGUMENTS. Prints a JSON object:
// how many were valid, what was refused and why, what the controls got (wrong on purpose: a validator that lets them
// pass proves nothing), and which arguments the specification does not have.
// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';

const [prism, specification, file] = process.argv.slice(2);
const paths = JSON.parse(readFileSync(specification, 'utf8')).paths;

const portOf = (server) =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

async function startPrism() {
  const spare = http.createServer();
  const port = await portOf(spare);
  await new Promise((resolve) => spare.close(resolve));
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, prism, 'mock', '-h', '127.0.0.1', '-p',
    String(port), specification]);
  child.stderr.pipe(process.stderr);
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => String(text).includes('Prism is listening') && resolve());
    child.on('exit', (code) => reject(new Error(`prism ended with ${code}`)));
  });
  return { port, end: () => child.kill() };
}

const server = await startPrism();

// Complaints about the request; its own examples break its schemas of answers, those are not ours.
async function complaints(method, args, token = 'xoxb-x') {
  const verb = Object.keys(paths[`/${method}`] ?? { post: 1 })[0];
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(args)) {
    form.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  if (verb === 'get' && token) form.set('token', token);
  const url = `http://127.0.0.1:${server.port}/${method}${verb === 'get' ? `?${form}` : ''}`;
  const answer = await fetch(url, {
    method: verb.toUpperCase(),
    headers: { ...(token ? { token, authorization: `Bearer ${token}` } : {}), ...(verb === 'post' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) },
    body: verb === 'post' ? String(form) : undefined,
  });
  const violations = JSON.parse(answer.headers.get('sl-violations') ?? '[]');
  await answer.text();
  return answer.status === 404
    ? ['no such method']
    : violations.filter(({ location }) => location[0] === 'request').map(({ location, message }) => `${location.join('.')}: ${message}`);
}

const report = { valid: {}, refused: [], controls: [], lacks: [] };
for (const line of readFileSync(file, 'utf8').split('\n')) {
  if (!line) continue;
  const space = line.indexOf(' ');
  const method = line.slice(0, space);
  const args = JSON.parse(line.slice(space + 1));
  const known = new Set(Object.values(paths[`/${method}`] ?? {})[0]?.parameters?.map(({ name }) => name));
  for (const name of Object.keys(args)) {
    if (!known.has(name) && !report.lacks.includes(`${method}.${name}`)) report.lacks.push(`${method}.${name}`);
  }
  const said = await complaints(method, args);
  if (said.length) report.refused.push(`${method}: ${said.join('; ')}`);
  else report.valid[method] = (report.valid[method] ?? 0) + 1;
}
for (const [method, args, token] of [
  ['chat.postMessage', { text: 'no channel' }],
  ['chat.postMessage', { channel: 'C1', text: 'x', reply_broadcast: 'perhaps' }],
  ['chat.postMessage', { channel: 'C1', text: 'x' }, ''],
  ['chat.update', { channel: 'C1', text: 'no ts' }],
  ['conversations.history', { channel: 'C1', limit: 'many' }],
  ['users.lookupByEmail', {}],
  ['chat.postMassage', { channel: 'C1' }],
]) {
  report.controls.push((await complaints(method, args, token)).length > 0);
}
report.lacks.sort();
server.end();
console.log(JSON.stringify(report));

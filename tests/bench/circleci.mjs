#!/usr/bin/env node
// The first fill of a CircleCI project from an API with latency, and a poll with nothing new, by `buildbus sync`;
// beside it a client that walks the same pipelines one request at a time. Prints a Markdown table.
// tests/bench/circleci.mjs BIN [PIPELINES [WALKED [LATENCY_MS]]]    1000, all of them, 50
// SPDX-License-Identifier: MIT
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';

const [bin, pipelines = 1000, walked = pipelines, latency = 50] =
  process.argv.slice(2).map((word, i) => (i ? Number(word) : word));
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const folder = mkdtempSync(`${tmpdir()}/buildbus-bench-`);
let root;

function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(root + path, { method, agent, headers: { 'circle-token': 'sim-token' } },
      (response) => {
        let text = '';
        response.on('data', (part) => (text += part));
        response.on('end', () => resolve(JSON.parse(text)));
      });
    request.on('error', reject);
    request.end(body && JSON.stringify(body));
  });
}

async function startSimulator() {
  const sim = spawn(`${bin}/buildbus-sim`, ['--builds', '0', '--pipelines', '1', '--ready-fd', '3'],
    { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  root = `http://127.0.0.1:${await new Promise((resolve) => sim.stdio[3].once('data', (port) => resolve(String(port).trim())))}`;
  for (let i = 0; i < pipelines; i++) {
    await ask('POST', '/_sim/build', { pipeline: 'web', workflows: 3, jobs: 8 });
    await ask('POST', '/_sim/advance', { ms: 60000 });
  }
  await ask('POST', '/_sim/advance', { ms: 3600000 });
  await ask('POST', '/_sim/faults', { latency_ms: latency });
  return sim;
}

async function* list(path) {
  for (let token = ''; token !== null;) {
    const page = await ask('GET', `/api/v2/${path}${token && `?page-token=${token}`}`);
    yield* page.items;
    token = page.next_page_token;
  }
}

// What the fetcher reads: lists of pipelines, workflows and jobs, and the details of each job.
async function walk() {
  let left = walked;
  for await (const pipeline of list('project/gh/acme/web/pipeline')) {
    for await (const workflow of list(`pipeline/${pipeline.id}/workflow`)) {
      for await (const job of list(`workflow/${workflow.id}/job`)) {
        await ask('GET', `/api/v2/project/gh/acme/web/job/${job.job_number}`);
      }
    }
    if (--left === 0) {
      return;
    }
  }
}

// Does not block this process, which serves nothing, but keeps the clock.
function sync() {
  const config = `${folder}/buildbus.yml`;
  writeFileSync(config, `bus: {min_free: 1MiB}
sources:
  - circleci: {token: sim-token, project_slug: gh/acme/web, api_url: "${root}/api/v2"}
destinations:
  - store
`);
  const run = spawnSync(`${bin}/buildbus`,
    ['sync', '-c', config, '--state', `${folder}/state`, '--since', '1000d', '--timeout', '60m'], { encoding: 'utf8' });
  if (run.status !== 0) {
    throw new Error(run.stderr);
  }
}

async function measure(what, run) {
  await ask('DELETE', '/_sim/stats');
  const begin = performance.now();
  await run();
  const seconds = (performance.now() - begin) / 1000;
  const { requests, total } = await ask('GET', '/_sim/stats');
  const parts = ['cc_pipelines', 'cc_workflows', 'cc_jobs', 'cc_job'].map((route) => requests[route]);
  console.log(`| ${what} | ${seconds.toFixed(2)} s | ${total} | ${parts.join(', ')} |`);
}

const sim = await startSimulator();
console.log(`| ${pipelines} pipelines × 3 workflows × 8 jobs at ${latency} ms | time | requests | of them pipelines, workflows, jobs, details |
|---|---|---|---|`);
await measure('buildbus sync, first fill', sync);
await measure('buildbus sync, nothing new', sync);
await measure(`${walked} of the pipelines, one request at a time`, walk);
sim.kill();
agent.destroy();
rmSync(folder, { recursive: true });

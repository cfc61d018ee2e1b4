// The real processes against the simulator.
// SPDX-License-Identifier: MIT
import {spawn, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

const BIN = process.env.BUILDBUS_BIN;
export const PATIENCE_MS = Number(process.env.WEB_PATIENCE_MS ?? 60000); // a loaded machine may be slow; what never comes ends the test

export async function until(what, look, every = 50) {
	const end = Date.now() + PATIENCE_MS;
	for (;;) {
		const found = await look();
		if (found) return found;
		if (Date.now() > end) throw new Error(`never happened: ${what}`);
		await new Promise((wake) => setTimeout(wake, every));
	}
}

function freePort() {
	return new Promise((resolve) => {
		const server = net.createServer().listen(0, '127.0.0.1', () => {
			const {port} = server.address();
			server.close(() => resolve(port));
		});
	});
}

/* Calls onLine with each line that it prints; ends with us. */
function start(program, args, env, onLine = () => {}) {
	const child = spawn('setpriv', ['--pdeathsig', 'KILL', path.join(BIN, program), ...args], {env: {...process.env, ...env}, stdio: ['ignore', 'pipe', 'pipe']});
	for (const stream of [child.stdout, child.stderr]) readline.createInterface({input: stream}).on('line', onLine);
	return child;
}

const hashOf = (password) => spawnSync(path.join(BIN, 'buildbus'), ['password'], {input: `${password}\n`, encoding: 'utf8'}).stdout.trim();

const ended = (child) => new Promise((resolve) => (child.exitCode !== null || child.signalCode !== null ? resolve() : child.once('exit', resolve)));

const worlds = new Set();

export class World {
	static async open({sim = null, fill = null, password = null} = {}) {
		const world = new World();
		worlds.add(world);
		world.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'buildbus-test-web-'));
		world.state = path.join(world.folder, 'state');
		world.lines = [];
		const config = path.join(world.folder, 'buildbus.yml');
		fs.writeFileSync(config, 'sources: []\n');
		if (sim) await world.startSim(config, sim);
		if (fill) {
			const {status, stderr} = spawnSync(process.env.WEB_FILL, [world.state, ...fill.map(String)], {encoding: 'utf8'});
			if (status !== 0) throw new Error(`fill: ${stderr}`);
		}
		const port = await freePort();
		const auth = password ? `, auth: {users: {ann: "${hashOf(password)}"}}` : '';
		fs.appendFileSync(config, `destinations:\n  - store: {listen: "127.0.0.1:${port}"${auth}}\n`);
		world.url = `http://127.0.0.1:${port}`;
		world.up = start('buildbus', ['up', '-c', config], {BUILDBUS_STATE_DIR: world.state}, (line) => world.lines.push(line));
		await world.said('store.listening');
		return world;
	}

	async startSim(config, args) {
		const said = new Promise((resolve) => {
			this.sim = start('buildbus-sim', ['--listen', '127.0.0.1:0', ...(args.includes('--clock') ? [] : ['--start', 'now']), '--write-config', config, ...args], {}, resolve);
		});
		this.control = `http://${/127\.0\.0\.1:\d+/.exec(await said)[0]}/_sim`;
	}

	said(event) {
		return until(`the log says ${event}`, () => this.lines.some((line) => line.includes(`"event":"${event}"`) || line.includes(event)));
	}

	async tell(what, body) {
		const answer = await fetch(`${this.control}/${what}`, {method: 'POST', body: JSON.stringify(body)});
		if (!answer.ok) throw new Error(`${what}: ${await answer.text()}`);
		return answer.json();
	}

	async api(query) {
		return (await fetch(`${this.url}/api/v1/${query}`)).json();
	}

	stored(count, query = 'branch=all') {
		return until(`${count} builds of ${query}`, async () => (await this.api(`builds?limit=1&${query}`)).total >= count);
	}

	thereIs(id) {
		return until(`a build ${id}`, async () => (await fetch(`${this.url}/api/v1/builds/${encodeURIComponent(id)}`)).ok);
	}

	/* The process itself, by its command line and parent: `up` starts it anew. */
	killStore() {
		const {stdout} = spawnSync('pgrep', ['-P', String(this.up.pid), '-f', 'buildbus-sink-store'], {encoding: 'utf8'});
		process.kill(Number(stdout.trim().split('\n')[0]), 'SIGKILL');
	}

	static async closeAll() {
		for (const world of worlds) await world.close();
	}

	async close() {
		worlds.delete(this);
		for (const child of [this.up, this.sim]) {
			child?.kill('SIGTERM');
			if (child) await ended(child);
		}
		fs.rmSync(this.folder, {recursive: true, force: true});
	}
}

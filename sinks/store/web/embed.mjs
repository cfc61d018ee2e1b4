// Builds the page and writes it as one C file: node embed.mjs OUT.c CACHE
// SPDX-License-Identifier: MIT
//
// CACHE is shared by all build trees: the page is built once for what its sources are, npm's packages are
// installed once for what the lock file is. The source folder is only read.
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const INPUTS = ['embed.mjs', 'package.json', 'package-lock.json', '.npmrc', 'vite.config.js', 'tsconfig.json', 'index.html', 'public', 'src'];
const KEPT = 8; // built pages in the cache
const types = {
	'.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
	'.svg': 'image/svg+xml',
};

const hash = (...parts) => parts.reduce((h, part) => h.update(part).update('\0'), createHash('sha256')).digest('hex');
const platform = `${process.platform} ${process.arch} ${process.versions.modules}`;

function filesOf(name) {
	const at = path.join(HERE, name);
	if (!fs.statSync(at).isDirectory()) return [name];
	return fs.readdirSync(at).sort().flatMap((inner) => filesOf(path.join(name, inner)));
}

function fail(sentence, said = '') {
	throw new Error(`${said}\nbuildbus: ${sentence}`);
}

function run(command, args, cwd, sentence) {
	const {status, stdout, stderr, error} = spawnSync(command, args, {cwd, encoding: 'utf8', env: {...process.env, CI: 'true'}});
	if (status !== 0) fail(sentence, error?.message ?? stdout + stderr);
}

const isAlive = (pid) => {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		return error.code === 'EPERM';
	}
};

// One build tree builds, the others wait for what it makes; the lock of one that was killed is taken over.
async function locked(folder, isDone, work) {
	const lock = path.join(folder, 'lock');
	while (!isDone()) {
		try {
			fs.writeFileSync(lock, String(process.pid), {flag: 'wx'});
		} catch (error) {
			if (error.code !== 'EEXIST') throw error;
			const owner = Number(fs.existsSync(lock) && fs.readFileSync(lock, 'utf8'));
			if (owner && !isAlive(owner)) fs.rmSync(lock, {force: true});
			await new Promise((wake) => setTimeout(wake, 100));
			continue;
		}
		try {
			if (!isDone()) work();
		} finally {
			fs.rmSync(lock, {force: true});
		}
	}
}

function install(work) {
	const stamp = path.join(work, 'node_modules', '.installed');
	const wanted = hash(platform, fs.readFileSync(path.join(work, 'package-lock.json')));
	if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return;
	run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], work,
		'npm could not install what the web page is made with (its words are above); BUILDBUS_WEB=OFF compose/up, or -DBUILDBUS_WEB=OFF of cmake, does without the page');
	fs.writeFileSync(stamp, wanted);
}

function bytes(data) {
	const lines = [];
	for (let i = 0; i < data.length; i += 32) lines.push(`\t${[...data.subarray(i, i + 32)].join(',')},`);
	return lines.join('\n');
}

function toC(dist) {
	const files = fs.readdirSync(dist, {recursive: true}).map(String).sort().filter((f) => fs.statSync(path.join(dist, f)).isFile());
	const arrays = [], rows = [];
	files.forEach((file, i) => {
		const plain = fs.readFileSync(path.join(dist, file));
		const data = gzipSync(plain, {level: 9});
		const type = types[path.extname(file)] ?? fail(`sinks/store/web/embed.mjs knows no type for ${file}`);
		arrays.push(`static const unsigned char file_${i}[] = {\n${bytes(data)}\n};`);
		rows.push(`\t{"/${file}", "${type}", "\\"${hash(plain).slice(0, 16)}\\"", "gzip", file_${i}, sizeof(file_${i}), ${file.startsWith('assets/')}},`);
	});
	return `/* Made by sinks/store/web/embed.mjs. */\n/* SPDX-License-Identifier: MIT */\n#include "sinks/store/web/assets.h"\n\n${arrays.join('\n')}\n\n` +
		`const struct asset assets[] = {\n${rows.join('\n')}\n};\nconst size_t assets_count = sizeof(assets) / sizeof(assets[0]);\n`;
}

function build(inputs, cache, made) {
	const work = path.join(cache, 'work');
	for (const folder of ['public', 'src']) fs.rmSync(path.join(work, folder), {recursive: true, force: true});
	for (const file of inputs) {
		fs.mkdirSync(path.dirname(path.join(work, file)), {recursive: true});
		fs.writeFileSync(path.join(work, file), fs.readFileSync(path.join(HERE, file)));
	}
	install(work);
	run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--logLevel=warn', '--emptyOutDir'], work, 'the web page does not build');
	fs.writeFileSync(`${made}.part`, toC(path.join(work, 'dist')));
	fs.renameSync(`${made}.part`, made);
}

function forgetOld(cache) {
	const pages = fs.readdirSync(cache).filter((f) => f.endsWith('.c')).map((f) => path.join(cache, f));
	pages.sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs);
	pages.slice(KEPT).forEach((f) => fs.rmSync(f, {force: true}));
}

async function main(out, cache) {
	if (!cache) fail('usage: node embed.mjs OUT.c CACHE');
	const inputs = INPUTS.flatMap(filesOf);
	const made = path.join(cache, `${hash(...inputs.flatMap((f) => [f, fs.readFileSync(path.join(HERE, f))])).slice(0, 24)}.c`);
	fs.mkdirSync(cache, {recursive: true});
	await locked(cache, () => fs.existsSync(made), () => build(inputs, cache, made));
	fs.writeFileSync(out, fs.readFileSync(made));
	forgetOld(cache);
}

main(...process.argv.slice(2)).catch((error) => {
	process.stderr.write(`${error.message}\n`);
	process.exitCode = 1;
});

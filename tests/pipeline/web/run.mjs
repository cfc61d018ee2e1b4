// The page in a real browser: node run.mjs BIN CACHE OUT.tap. Says why when it can't.
// With a folder for OUT.tap it takes the pictures of README and docs of the demo, for that folder.
// SPDX-License-Identifier: MIT
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const [bin, cache, out] = process.argv.slice(2).map((at) => path.resolve(at));

function skip(why) {
	if (out.endsWith('.tap')) fs.writeFileSync(out, `ok 1 - the page in a browser # SKIP ${why}\n`);
	console.log(`SKIP ${why}`);
	process.exit(0);
}

function findChromium() {
	const names = process.env.CHROMIUM ? [process.env.CHROMIUM] : ['chromium', 'chromium-browser', 'google-chrome'];
	return names.find((name) => spawnSync(name, ['--version']).status === 0);
}

/* Once for each lock file; the folder gets its name when it is whole. */
function install() {
	const lock = fs.readFileSync(path.join(HERE, 'package-lock.json'));
	const folder = path.join(cache, `tests-${createHash('sha256').update(lock).digest('hex').slice(0, 16)}`);
	if (fs.existsSync(folder)) return folder;
	fs.mkdirSync(cache, {recursive: true});
	const part = fs.mkdtempSync(path.join(cache, 'tests-part-'));
	for (const file of ['package.json', 'package-lock.json', '.npmrc']) fs.copyFileSync(path.join(HERE, file), path.join(part, file));
	const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {cwd: part, encoding: 'utf8'});
	if (npm.status !== 0) {
		fs.rmSync(part, {recursive: true});
		skip(`npm could not install the browser's driver: ${(npm.error?.message ?? npm.stderr).split('\n').slice(0, 2).join(' ')}`);
	}
	try {
		fs.renameSync(part, folder);
	} catch {
		fs.rmSync(part, {recursive: true}); // another build tree was first
	}
	return folder;
}

if (Number(process.versions.node.split('.')[0]) < 18) skip(`Node.js 18 is needed, here is ${process.version}`);
const chromium = findChromium();
if (!chromium) skip('no chromium here: apt-get install chromium');
const modules = install();
const env = {...process.env, BUILDBUS_BIN: bin, WEB_CACHE: cache, WEB_MODULES: modules, CHROMIUM: chromium};
const reporters = ['--test-reporter=tap', `--test-reporter-destination=${out}`, '--test-reporter=spec', '--test-reporter-destination=stdout'];
const args = out.endsWith('.tap') ? [...reporters, path.join(HERE, 'pages.test.mjs')] : [path.join(HERE, 'screenshots.mjs'), out];
process.exit(spawnSync(process.execPath, args, {stdio: 'inherit', env}).status ?? 1);

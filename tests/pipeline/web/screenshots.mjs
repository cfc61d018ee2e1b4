// The pictures of README and docs, taken of the demo: node run.mjs BIN CACHE docs/images
// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import {close, newPage, open} from './browser.mjs';
import {until, World} from './world.mjs';

const OUT = process.argv[2];
const QUALITY = 82, BUILDS = 10000;

async function shoot(page, name) {
	await page.mouse.move(0, 0);
	await page.waitForTimeout(1500); // figures settle, fonts and charts are drawn
	const session = await page.context().newCDPSession(page);
	const {data} = await session.send('Page.captureScreenshot', {format: 'webp', quality: QUALITY});
	fs.writeFileSync(path.join(OUT, `${name}.webp`), Buffer.from(data, 'base64'));
	console.log(`${name}.webp ${Math.round(data.length * 0.75 / 1000)} kB`);
}

async function take(world, name, at, ready, options = {}) {
	const page = await newPage(world, {viewport: {width: 1360, height: 850}, deviceScaleFactor: 1.5, ...options});
	await page.goto(world.url + at);
	await page.locator(ready).first().waitFor();
	await until('charts and live figures', async () => (await page.locator('.live-live').count()) === 1);
	await shoot(page, name);
	await page.context().close();
}

/* One that failed, with several jobs beside each other. */
async function tellingBuild(world) {
	const {builds} = await world.api(`builds?branch=all&result=failure&limit=60&pipeline=${encodeURIComponent('buildkite/acme/web')}`);
	const whole = await Promise.all(builds.map(({id}) => world.api(`builds/${encodeURIComponent(id)}`)));
	return whole.sort((a, b) => b.jobs.filter((j) => j.attempt > 1).length - a.jobs.filter((j) => j.attempt > 1).length)[0];
}

fs.mkdirSync(OUT, {recursive: true});
await open();
const world = await World.open({sim: ['--demo', '--clock', 'real']});
await world.stored(BUILDS);
await until('something new is red', async () => (await world.api('overview')).red.length > 1, 1000);
await take(world, 'overview-light', '/', '[data-pipeline]');
await take(world, 'overview-dark', '/', '[data-pipeline]', {colorScheme: 'dark'});
await take(world, 'pipeline', '/p/buildkite/acme/web?branch=all', '[data-build]', {viewport: {width: 1360, height: 1130}});
await take(world, 'build', `/b/${(await tellingBuild(world)).id}`, '.lane', {viewport: {width: 1360, height: 720}});
const bus = await newPage(world, {viewport: {width: 1360, height: 980}, deviceScaleFactor: 1.5});
await bus.goto(`${world.url}/bus`);
await until('a few lines', async () => (await bus.locator('.tap li').count()) > 7, 500);
await shoot(bus, 'bus');
await take(world, 'phone', '/', '[data-pipeline]', {viewport: {width: 390, height: 780}, deviceScaleFactor: 2});
await World.closeAll();
await close();

// What a person sees of the real store sink, its hub and a simulated provider.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {accessibility, close, cut, expectNoTrouble, narrowSelects, newPage, open} from './browser.mjs';
import {until, World} from './world.mjs';

const ATTACK = '<img src=x onerror=alert(1)><script>alert(2)</script>"\'`';
const WEB = 'buildkite/acme/web';
const MANY = Number(process.env.WEB_BUILDS ?? 20000); // 1000000 takes a minute to write
let world;

before(async () => {
	await open();
	world = await World.open({sim: ['--builds', '300', '--pipelines', '4', '--history', '20d']});
	await world.stored(300);
});
after(async () => {
	await World.closeAll();
	await close();
});

const text = (page, selector) => page.locator(selector).first().innerText();
const shows = (page, selector, what) => until(`${selector} shows ${what}`, async () =>
	(await page.locator(selector).allInnerTexts()).some((t) => t.replace(/\s+/g, ' ').includes(what)));
const row = (pipeline) => `[data-pipeline="${pipeline}"]`;
/* Each in a second of its own: the world's clock stands. */
async function create(fields) {
	await world.tell('advance', {ms: 2000});
	return world.tell('build', {pipeline: 'web', branch: 'main', ...fields});
}
const OVER = {created_ago_ms: 1000, duration_ms: 500};
const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));
const ofWeb = (query) => `pipeline=${encodeURIComponent(WEB)}&${query}`;

test('the overview has a row a pipeline, with the server\'s own figures', async () => {
	const page = await newPage(world);
	await page.goto(world.url);
	const {pipelines} = await world.api('overview');
	await until('a row for each', async () => (await page.locator('[data-pipeline]').count()) === pipelines.length);
	for (const p of pipelines) {
		const shown = await text(page, `${row(p.id)} .c-success`);
		assert.equal(shown, p.success_rate === null ? '–' : `${(p.success_rate * 100).toFixed(p.success_rate % 1 ? 1 : 0)}%`);
		assert.equal(await page.locator(`${row(p.id)} .bar`).count(), p.bars.length);
	}
	const [heading, line] = await Promise.all(['.trend', '.spark'].map((at) => page.locator(at).first().boundingBox()));
	assert.ok(Math.abs(heading.x - line.x) < 8, 'the heading of the trend');
	await expectNoTrouble(page);
});

test('the page is small, its files are kept for ever, its policy allows no inline script', async () => {
	const page = await newPage(world);
	const sizes = [];
	page.on('response', async (r) => /\/$|\/assets\//.test(r.url()) && sizes.push([r.url(), Number((await r.allHeaders())['content-length']), r.headers()]));
	await page.goto(world.url);
	await page.locator('[data-pipeline]').first().waitFor();
	await until('index, script, style', () => sizes.length >= 3);
	assert.ok(sizes.reduce((sum, [, size]) => sum + size, 0) < 80000, JSON.stringify(sizes.map(([url, size]) => [url, size])));
	for (const [url, , headers] of sizes) {
		assert.equal(headers['content-encoding'], 'gzip', url);
		assert.match(headers['cache-control'], url.includes('/assets/') ? /immutable/ : /no-cache/, url);
		assert.match(headers['content-security-policy'], /default-src 'none'; script-src 'self'; style-src 'self'/);
	}
	await expectNoTrouble(page);
});

test('what the simulator does is on the screen within a second, without a reload', async () => {
	const page = await newPage(world);
	await page.goto(`${world.url}/?branch=all`);
	await shows(page, '.live', 'live');
	const took = [];
	// The fetcher asks once a second: tries fall into different parts of it.
	for (let i = 0; i < 8 && !took.some((ms) => ms < 1000); i++) {
		await pause(i * 150);
		const began = Date.now();
		const {number} = await create({jobs: 1, queue_ms: null, created_ago_ms: 0});
		await page.locator(`${row(WEB)} .c-last`, {hasText: `#${number}`}).waitFor();
		took.push(Date.now() - began);
		assert.match(await text(page, `${row(WEB)} .c-last`), /queued/);
		await world.tell('act', {pipeline: 'web', number, action: 'start'});
		await shows(page, `${row(WEB)} .c-last`, 'running');
		await page.locator(`${row(WEB)} .bar.b-running`).first().waitFor();
		await world.tell('act', {pipeline: 'web', number, action: 'finish'});
		await shows(page, `${row(WEB)} .c-last`, 'passed');
	}
	console.log(`from the provider to the screen: ${took.join(', ')} ms`);
	assert.ok(Math.min(...took) < 1000, `took ${took} ms`);
	await expectNoTrouble(page);
});

test('what breaks is red at once, since when, and gone when it is mended', async () => {
	const page = await newPage(world);
	await page.goto(world.url);
	await create({result: 'passed', ...OVER});
	const {number} = await create({result: 'failed', ...OVER});
	await shows(page, '.red-now li', `acme/web`);
	await shows(page, '.red-now li', `#${number}`);
	assert.match(await page.title(), /^\(\d+\) Buildbus/);
	await create({result: 'passed', ...OVER});
	await until('web is not red', async () => (await page.locator('.red-now li', {hasText: 'acme/web'}).count()) === 0);
	await expectNoTrouble(page);
});

test('what is red has its whole name', async () => {
	const page = await newPage(world);
	await page.route('**/api/v1/overview*', async (route) => {
		const overview = await (await route.fetch()).json();
		const red = {since: overview.now - 68400000, first: {id: `${WEB}/1700`, number: 1700}, last_green_at: overview.now - 82800000};
		await route.fulfill({json: {...overview, pipelines: overview.pipelines.map((p, i) => ({...p, red, pipeline: `the-data-warehouse-${i}`}))}});
	});
	await page.goto(world.url);
	await shows(page, '.red-now li', 'acme/the-data-warehouse-3');
	for (const width of [1280, 360]) {
		await page.setViewportSize({width, height: 800});
		assert.deepEqual(await cut(page, '.red-now .name'), [], `at ${width} px`);
	}
	await expectNoTrouble(page);
});

test('filters are in the URL, and the back button takes them away one by one', async () => {
	const page = await newPage(world);
	await page.goto(world.url);
	await page.locator('[data-pipeline]').first().waitFor();
	await page.keyboard.press('/');
	await page.keyboard.type('web');
	await page.waitForURL(/q=web/);
	assert.equal(await page.locator('[data-pipeline]').count(), 1);
	await page.keyboard.press('Escape');
	await page.getByRole('button', {name: 'All branches'}).click();
	await page.waitForURL(/branch=all/);
	await page.goBack();
	assert.doesNotMatch(page.url(), /branch=/);
	await page.goBack();
	assert.doesNotMatch(page.url(), /q=/);
	await until('all rows are back', async () => (await page.locator('[data-pipeline]').count()) === 4);
	await page.goto(`${world.url}/?q=nothing-is-called-so`);
	await shows(page, 'h1', 'No pipeline matches');
	await expectNoTrouble(page);
});

test('rows are sorted by each column, upwards and downwards', async () => {
	const page = await newPage(world);
	await page.goto(world.url);
	const names = () => page.locator('[data-pipeline] .name').allInnerTexts();
	await page.locator('[data-pipeline]').first().waitFor();
	const up = await names();
	assert.deepEqual(up, [...up].sort());
	await page.getByRole('button', {name: 'Pipeline'}).click();
	assert.deepEqual(await names(), [...up].reverse());
	await page.getByRole('button', {name: 'Success'}).click();
	const rates = (await page.locator('.tbody .c-success').allInnerTexts()).map(parseFloat);
	assert.deepEqual(rates, [...rates].sort((a, b) => b - a));
	await expectNoTrouble(page);
});

test('the keyboard alone goes everywhere', async () => {
	const page = await newPage(world);
	await page.goto(world.url);
	await page.locator('[data-pipeline]').first().waitFor();
	await page.keyboard.press('?');
	await page.locator('dialog[open]').waitFor();
	await page.keyboard.press('Escape');
	await page.keyboard.press('j');
	await page.keyboard.press('j');
	await page.keyboard.press('k');
	await page.keyboard.press('Enter');
	await page.waitForURL(/\/p\/buildkite\/acme\//);
	await page.keyboard.press('g');
	await page.keyboard.press('b');
	await page.waitForURL(/\/bus$/);
	await page.keyboard.press('g');
	await page.keyboard.press('o');
	await page.waitForURL(/\/$/);
	await expectNoTrouble(page);
});

test('a pipeline shows its builds, and only those that the filters let through', async () => {
	const page = await newPage(world);
	await page.goto(`${world.url}/p/${WEB}?branch=all`);
	await page.locator('[data-build]').first().waitFor();
	const {total} = await world.api(`builds?pipeline=${encodeURIComponent(WEB)}&branch=all&limit=1`);
	await shows(page, '.filters .summary', `${total} builds, all time`);
	await shows(page, '.figures', 'Builds, 30 days');
	const edges = (selector) => page.locator(selector).first().evaluate((e) => [...e.children].map((c) => Math.round(c.getBoundingClientRect().right)));
	assert.deepEqual(await edges('.builds .thead .tr'), await edges('[data-build]'), 'headings stand over their cells');
	await page.locator('select[name=result]').selectOption('failure');
	await page.waitForURL(/result=failure/);
	await until('only failures', async () => {
		const words = await page.locator('[data-build] .badge').allInnerTexts();
		return words.length > 0 && words.every((w) => w === 'failed');
	});
	await page.goBack();
	await shows(page, '.filters .summary', `${total} builds`);
	assert.ok(await page.locator('.plot canvas').count() >= 2, 'charts');
	await page.locator('.mix-day').first().waitFor();
	await expectNoTrouble(page);
});

test('a build shows its jobs over time, the record, and goes to its neighbours', async () => {
	const {number} = await create({workflows: 2, jobs: 3, result: 'failed', created_ago_ms: 60000, queue_ms: 2000, duration_ms: 20000});
	await world.thereIs(`${WEB}/${number}`);
	const page = await newPage(world);
	await page.goto(`${world.url}/b/${WEB}/${number}`);
	await shows(page, 'h1', 'failed');
	const {jobs} = await world.api(`builds/${encodeURIComponent(`${WEB}/${number}`)}`);
	for (const button of await page.locator('.parallel button[aria-expanded]').all()) await button.click();
	assert.equal(await page.locator('[data-job]').count(), jobs.filter((j) => j.kind !== 'wait').length);
	assert.ok(await page.locator('.strip .run').count() > 0);
	assert.ok(await page.locator('.strip .wait').count() > 0);
	await page.getByText('The record').click();
	await shows(page, '.record pre', `"number": ${number}`);
	await page.keyboard.press('[');
	await page.waitForURL(new RegExp(`/${number - 1}$`));
	await shows(page, 'h1', `#${number - 1}`);
	await expectNoTrouble(page);
});

test('a running build moves by itself and ends on the screen', async () => {
	const {number} = await create({jobs: 1, created_ago_ms: 1000, duration_ms: null});
	await world.thereIs(`${WEB}/${number}`);
	const page = await newPage(world);
	await page.goto(`${world.url}/b/${WEB}/${number}`);
	await page.locator('.strip.b-running .run').first().waitFor();
	const before = await text(page, '.facts .ticking');
	await until('it ticks', async () => (await text(page, '.facts .ticking')) !== before);
	await world.tell('act', {pipeline: 'web', number, action: 'cancel', reason: 'test'});
	await shows(page, 'h1', 'cancelled');
	await expectNoTrouble(page);
});

test('the bus page shows who is there, and each version as it passes', async () => {
	const page = await newPage(world, {locale: 'en-US'});
	await page.goto(`${world.url}/bus`);
	await shows(page, '.node', 'store up to date');
	await shows(page, '.node', 'normalizer taking');
	await shows(page, '.plain', 'acme/web');
	await shows(page, 'main', 'None: everything that came could be read and stored.');
	const {number} = await create(OVER);
	await shows(page, '.tap li', `acme/web #${number}`);
	for (const width of [1280, 390]) {
		await page.setViewportSize({width, height: 800});
		assert.match(await text(page, '.tap time'), /^\d\d:\d\d:\d\d$/);
		assert.deepEqual(await cut(page, '.tap time'), [], `at ${width} px`);
	}
	await page.getByRole('button', {name: 'Pause'}).click();
	await create(OVER);
	await world.thereIs(`${WEB}/${number + 1}`);
	assert.equal(await page.locator('.tap li', {hasText: `#${number + 1}`}).count(), 0);
	await page.getByRole('button', {name: 'Go on'}).click();
	await shows(page, '.tap li', `acme/web #${number + 1}`);
	await expectNoTrouble(page);
});

test('dead letters are listed with their reasons', async () => {
	const letter = {number: 7, at: Date.now() - 5000, stage: 'normalize', target: 'acme:acme/web', key: '12', times: 2, reason: '$.jobs[3].started_at: not a time'};
	const page = await newPage(world);
	await page.route('**/api/v1/dead', (route) => route.fulfill({json: {count: 1, letters: [letter]}}));
	await page.goto(`${world.url}/bus`);
	await shows(page, '.plain', letter.reason);
	await expectNoTrouble(page);
});

test('names that are attacks are text', async () => {
	await create({branch: ATTACK, message: ATTACK, ...OVER});
	await world.stored(1, ofWeb(`branch=${encodeURIComponent(ATTACK)}`));
	const {builds: [build]} = await world.api(`builds?branch=${encodeURIComponent(ATTACK)}&limit=1`);
	const page = await newPage(world);
	for (const at of ['/?branch=all', `/p/${WEB}?branch=all`, `/p/${WEB}?branch=${encodeURIComponent(ATTACK)}`, `/b/${WEB}/${build.number}`, '/b/%3Cimg%20src=x%3E/%22', '/?q=%3Cimg%20src=x%20onerror=alert(1)%3E']) {
		await page.goto(world.url + at);
		await page.locator('main h1').first().waitFor();
		assert.equal(await page.locator('img, main script').count(), 0, at);
	}
	await page.goto(`${world.url}/b/${WEB}/${build.number}`);
	await shows(page, 'h1', ATTACK);
	page.trouble = page.trouble.filter((t) => !/404/.test(t)); // of the build that isn't there
	await expectNoTrouble(page);
});

for (const theme of ['light', 'dark']) {
	test(`axe-core finds nothing serious on any page, ${theme}`, async () => {
		const {builds: [build]} = await world.api(`builds?branch=all&result=failure&limit=1`);
		const page = await newPage(world, {colorScheme: theme, reducedMotion: 'reduce'});
		for (const [at, ready] of [['/?branch=all', '[data-pipeline]'], [`/p/${WEB}?branch=all`, '[data-build]'], [`/b/${build.id}`, '.lane'], ['/bus', '.plain tbody tr']]) {
			await page.goto(world.url + at);
			await page.locator(ready).first().waitFor();
			assert.deepEqual(await accessibility(page), [], `${at} ${theme}`);
		}
		await expectNoTrouble(page);
	});
}

test('the theme is the system\'s until somebody chooses, and then stays', async () => {
	const page = await newPage(world, {colorScheme: 'dark'});
	const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
	await page.goto(world.url);
	const dark = await background();
	await page.getByRole('button', {name: 'Light theme'}).click();
	const light = await background();
	assert.notEqual(light, dark);
	await page.reload();
	assert.equal(await background(), light);
	await page.keyboard.press('t');
	assert.equal(await background(), dark);
	await expectNoTrouble(page);
});

test('a phone shows everything without scrolling sideways', async () => {
	const {builds: [build]} = await world.api(`builds?branch=all&limit=1`);
	const page = await newPage(world, {viewport: {width: 360, height: 740}, hasTouch: true, isMobile: true});
	for (const at of ['/', `/p/${WEB}?branch=all`, `/b/${build.id}`, '/bus']) {
		await page.goto(world.url + at);
		await page.locator('main h1').first().waitFor();
		const [wide, view] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
		assert.ok(wide <= view, `${at}: ${wide} px on ${view}`);
		assert.deepEqual(await cut(page, '.plain'), [], at);
		assert.deepEqual(await narrowSelects(page), [], at);
	}
	await expectNoTrouble(page);
});

test('a server that goes away is said, and what came meanwhile is there when it is back', async () => {
	const page = await newPage(world);
	await page.goto(`${world.url}/?branch=all`);
	await shows(page, '.live', 'live');
	world.killStore();
	await shows(page, '.lost', 'does not answer');
	const {number} = await create(OVER);
	await shows(page, `${row(WEB)} .c-last`, `#${number}`);
	await shows(page, '.live', 'live');
	assert.equal(await page.locator('.lost').count(), 0);
	page.trouble = page.trouble.filter((t) => !/Failed to load|net::ERR/.test(t));
	await expectNoTrouble(page);
});

test('a login lets in and out; without builds the page says what to do next, and with one it shows one', async () => {
	const empty = await World.open({password: 'correct horse'});
	const page = await newPage(empty);
	await page.goto(empty.url);
	assert.deepEqual(await accessibility(page), [], 'the login');
	await page.getByLabel('Name').fill('ann');
	await page.getByLabel('Password').fill('wrong');
	await page.getByRole('button', {name: 'Log in'}).click();
	await shows(page, '[role=alert]', 'do not fit');
	await page.getByLabel('Name').fill('ann');
	await page.getByLabel('Password').fill('correct horse');
	await page.getByRole('button', {name: 'Log in'}).click();
	await shows(page, 'h1', 'No builds yet');
	assert.deepEqual(await accessibility(page), []);
	await page.goto(`${empty.url}/p/buildkite/acme/none`);
	await shows(page, 'h1', 'Not here');
	await page.getByRole('button', {name: 'Log out'}).click();
	await page.getByLabel('Password').waitFor();
	await page.goto(`${empty.url}/bus`);
	await page.getByLabel('Password').waitFor();
	page.trouble = page.trouble.filter((t) => !/404/.test(t));
	await expectNoTrouble(page);
	await empty.close();
	const one = await World.open({sim: ['--builds', '1', '--pipelines', '1', '--history', '5d']});
	const single = await newPage(one);
	await single.goto(`${one.url}/?branch=all`);
	await single.locator('[data-pipeline]').first().waitFor();
	assert.equal(await single.locator('.bar').count(), 1);
	assert.equal(await single.getByRole('button', {name: 'Log out'}).count(), 0, 'nobody logged in');
	await expectNoTrouble(single);
	await one.close();
});

test('a long list is scrolled from one end to the other without reading what lies between', async () => {
	const many = await World.open({fill: [MANY, 1]});
	const {pipelines: [{id}]} = await many.api('overview?branch=all');
	const page = await newPage(many);
	const asked = [];
	page.on('request', (r) => r.url().includes('/builds?') && asked.push(r.url()));
	await page.goto(`${many.url}/p/${id}?branch=all`);
	await shows(page, '.filters .summary', `${MANY.toLocaleString('en-US')} builds`);
	await shows(page, '[data-build]', `#${MANY}`);
	await page.locator('.scroller').evaluate((e) => (e.scrollTop = e.scrollHeight));
	await shows(page, '[data-build]', '#1 ');
	assert.ok(asked.length < 10, `${asked.length} requests`);
	// From here upwards by the wheel: each row once, in its order.
	await page.locator('.scroller').hover();
	await until('the rows above are there', async () => {
		await page.mouse.wheel(0, -300);
		return (await page.locator('[data-build]').evaluateAll((all) => Math.max(...all.map((e) => Number(e.dataset.build.split('/').pop()))))) > 60;
	});
	await until('all rows in sight are read', async () => (await page.locator('.scroller [aria-busy]').count()) === 0);
	const rows = await page.evaluate(() => [...document.querySelectorAll('[data-build]')]
		.map((e) => [Number(e.dataset.build.split('/').pop()), e.getBoundingClientRect().top]).sort((a, b) => a[1] - b[1]));
	for (let i = 1; i < rows.length; i++) assert.deepEqual([rows[i][0], Math.round(rows[i][1] - rows[i - 1][1])], [rows[i - 1][0] - 1, 38]);
	await page.locator('.scroller').evaluate((e) => (e.scrollTop = e.scrollHeight / 2));
	await until('the middle is read', async () => {
		const numbers = await page.locator('[data-build]').evaluateAll((all) => all.map((e) => Number(e.dataset.build.split('/').pop())));
		return numbers.length > 10 && Math.abs(numbers[0] - MANY / 2) < MANY / 20;
	});
	await page.locator('.scroller').evaluate((e) => (e.scrollTop = 0));
	await shows(page, '[data-build]', `#${MANY}`);
	await expectNoTrouble(page);
	await many.close();
});

test('the types of the page\'s sources hold', () => {
	const tsc = path.join(process.env.WEB_MODULES, 'node_modules/typescript/bin/tsc');
	const {status, stdout} = spawnSync(process.execPath, [tsc, '-p', path.join(process.env.WEB_CACHE, 'work')], {encoding: 'utf8'});
	assert.equal(status, 0, stdout);
});

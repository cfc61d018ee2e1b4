// Chromium, and what must hold on every page: no error, nothing asked of anybody else.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {PATIENCE_MS} from './world.mjs';

const require = createRequire(path.join(process.env.WEB_MODULES, 'package.json'));
const {chromium} = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

let browser;

export async function open() {
	browser = await chromium.launch({executablePath: require('node:child_process').execSync(`command -v ${process.env.CHROMIUM}`).toString().trim(),
		args: ['--no-sandbox', '--disable-gpu']});
}

export const close = () => browser.close();

/* A page of its own profile. What went wrong in it is in page.trouble. */
export async function newPage(world, options = {}) {
	const context = await browser.newContext({viewport: {width: 1280, height: 800}, colorScheme: 'light', locale: 'en-GB', bypassCSP: false, ...options});
	const page = await context.newPage();
	page.setDefaultTimeout(PATIENCE_MS);
	page.trouble = [];
	page.on('pageerror', (error) => page.trouble.push(String(error)));
	page.on('console', (message) => message.type() === 'error' && page.trouble.push(message.text()));
	page.on('dialog', (dialog) => page.trouble.push(`dialog: ${dialog.message()}`));
	page.on('request', (request) => request.url().startsWith(world.url) || request.url().startsWith('data:') || page.trouble.push(`asked ${request.url()}`));
	return page;
}

export async function expectNoTrouble(page) {
	assert.deepEqual(page.trouble, []);
	await page.context().close();
}

/* The texts of those that are too narrow for theirs. */
export const cut = (page, selector) => page.locator(selector).evaluateAll((all) => all.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent));

/* The names of those that are narrower than they would be by themselves. */
export const narrowSelects = (page) => page.locator('select').evaluateAll((all) => all.filter((select) => {
	const free = select.cloneNode(true);
	free.style.cssText = 'position: absolute; width: max-content; max-width: none';
	select.parentNode.append(free);
	const enough = select.offsetWidth >= free.offsetWidth - 1;
	free.remove();
	return !enough;
}).map((select) => select.name));

/* Serious and critical findings, each with its place. */
export async function accessibility(page) {
	const session = await page.context().newCDPSession(page);
	const evaluate = (expression, awaitPromise = false) => session.send('Runtime.evaluate', {expression, awaitPromise, returnByValue: true});
	await evaluate(axe); // by the debugger's door: the page's own policy forbids it
	const {result} = await evaluate(`axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify(r.violations
		.filter((v) => v.impact === 'serious' || v.impact === 'critical')
		.map((v) => [v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + ' ' + n.failureSummary)])))`, true);
	return JSON.parse(result.value);
}

// Lists, single records, exports.
// SPDX-License-Identifier: MIT
import * as truth from "./truth.mjs";

const FILTERS = [
	["branch=all", () => true],
	["", truth.isDefault],
	["branch=all&result=failure", (build) => build.result === "failure"],
	["branch=all&result=failure,timeout&pipeline=buildkite/acme/web", (build) => ["failure", "timeout"].includes(build.result) && truth.keyOf(build) === "buildkite/acme/web"],
	["branch=all&state=running,queued", (build) => ["running", "queued"].includes(build.state)],
	["branch=all&result=none", (build) => build.result === null],
	["branch=all&trigger=schedule", (build) => build.trigger === "schedule"],
	["branch=all&q=revert", (build) => [build.message, build.branch].some((text) => text?.toLowerCase().includes("revert"))],
	["pipeline=circleci/gh/acme-labs/android", (build) => truth.keyOf(build) === "circleci/gh/acme-labs/android" && truth.isDefault(build)],
	["branch=nobody/has-it", () => false],
];

const ids = (builds) => builds.map((build) => build.id);

async function pages(check, query, wanted) {
	const got = [];
	let next = "";

	do {
		const body = await check.json("/api/v1/builds", `/api/v1/builds?${query}&limit=100${next}`);
		if (!next) check.same(`${query}: total`, body.total, wanted.length);
		got.push(...body.builds);
		next = body.next ? `&after=${body.next}` : "";
	} while (next && got.length <= wanted.length);
	check.same(`${query}: ids`, ids(got), ids(wanted));
	return got;
}

async function jumps(check, query, wanted) {
	for (const offset of [0, Math.floor(wanted.length / 2), wanted.length - 1, wanted.length + 10]) {
		if (offset < 0) continue;
		const body = await check.json("/api/v1/builds", `/api/v1/builds?${query}&limit=7&offset=${offset}`);
		check.same(`${query}: from ${offset}`, ids(body.builds), ids(wanted.slice(offset, offset + 7)));
	}
}

// Keys of the truth that are the record's own.
const KEYS = ["uid", "provider", "organization", "pipeline", "number", "branch", "commit", "message", "state", "result", "trigger", "pull_request", "tag", "created_at", "started_at", "finished_at", "duration_ms", "coverage", "attempt"];

export async function records(check, all) {
	for (const build of all.filter((_, i) => i % Math.ceil(all.length / 40) === 0)) {
		const body = await check.json("/api/v1/builds/{id}", `/api/v1/builds/${encodeURIComponent(build.id)}`);
		for (const key of KEYS) if (key in build) check.same(`${build.id}: ${key}`, body[key], build[key]);
		check.same(`${build.id}: jobs`, body.jobs.map((job) => [job.id, job.name, job.result, job.duration_ms]), build.jobs.map((job) => [job.id, job.name, job.result, job.duration_ms]));
		check.same(`${build.id}: queue_ms`, body.queue_ms, truth.queueOf(build));
	}
	await check.json("/api/v1/builds/{id}", "/api/v1/builds/buildkite%2Facme%2Fnone%2F1", 404);
}

export async function lists(check, all) {
	for (const [query, passes] of FILTERS) {
		const wanted = truth.newestFirst(all.filter(passes));
		await pages(check, query, wanted);
		await jumps(check, query, wanted);
		const lines = (await check.text(`/api/v1/export.ndjson?${query}`)).split("\n").filter(Boolean);
		check.same(`${query}: exported`, ids(lines.map((line) => JSON.parse(line))), ids(wanted));
	}
	const whole = (await check.text("/api/v1/export.ndjson?branch=all&jobs=true")).split("\n").filter(Boolean).map((line) => JSON.parse(line));
	check.same("exported jobs", whole.map((build) => build.jobs.length), truth.newestFirst(all).map((build) => build.jobs.length));
	await csv(check, all);
}

// RFC 4180, by the letter.
export function parseCsv(text) {
	const rows = [];
	let row = [], cell = "", quoted = false;

	for (let i = 0; i < text.length; i++) {
		const c = text[i];
		if (quoted) {
			if (c === '"' && text[i + 1] === '"') cell += text[++i];
			else if (c === '"') quoted = false;
			else cell += c;
		} else if (c === '"') quoted = true;
		else if (c === ",") row.push(cell), (cell = "");
		else if (c === "\r" && text[i + 1] === "\n") row.push(cell), rows.push(row), (row = []), (cell = ""), i++;
		else cell += c;
	}
	return rows;
}

async function csv(check, all) {
	const [names, ...rows] = parseCsv(await check.text("/api/v1/export.csv?branch=all"));
	const wanted = truth.newestFirst(all);

	check.same("rows of CSV", rows.length, wanted.length);
	for (const [i, row] of rows.entries()) {
		const cells = Object.fromEntries(names.map((name, n) => [name, row[n]]));
		for (const key of ["id", "message", "branch", "duration_ms"]) {
			const text = wanted[i][key] === null ? "" : String(wanted[i][key]);
			check.same(`CSV of ${wanted[i].id}: ${key}`, cells[key], typeof wanted[i][key] === "string" && /^[=+\-@\t\r\n]/.test(text) ? "'" + text : text);
		}
	}
}

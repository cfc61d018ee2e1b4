// node main.mjs PAGE TRUTH OPENAPI FOLDER: every figure of the API beside the truth (NDJSON of the simulator), every
// answer beside the OpenAPI file, by ajv in FOLDER. Says what differs; 0: nothing.
// SPDX-License-Identifier: MIT
import {readFileSync} from "node:fs";
import {Check} from "./check.mjs";
import {judgeOf} from "./openapi.mjs";
import {lists, records} from "./builds.mjs";
import {overview} from "./overview.mjs";
import {pipelines} from "./pipelines.mjs";
import {shared} from "./shared.mjs";

const [page, file, specification, folder] = process.argv.slice(2);
const all = readFileSync(file, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
const judge = judgeOf(specification, folder);
const check = new Check(page, judge);
const branch = all.find((build) => build.branch.includes("/")).branch;

// A judge that lets pass what is wrong judges nothing.
async function control() {
	const body = await check.json("/api/v1/overview", "/api/v1/overview?days=3");
	const wrong = [
		(copy) => delete copy.now,
		(copy) => (copy.pipelines[0].success_rate = "high"),
		(copy) => (copy.pipelines[0].last.state = "sleeping"),
		(copy) => (copy.surprise = 1),
	];

	for (const [i, spoil] of wrong.entries()) {
		const copy = structuredClone(body);
		spoil(copy);
		check.same(`the judge refuses error ${i}`, judge("get", "/api/v1/overview", 200, "application/json", copy) !== null, true);
	}
}

// What has no figures must be as the file says too, refusals most of all.
async function others() {
	for (const path of ["/api/v1/bus", "/api/v1/dead", "/api/v1/session"]) await check.json(path, path);
	for (const query of ["days=0", "days=many", "days=366", "branch=%ff"]) await check.json("/api/v1/overview", `/api/v1/overview?${query}`, 400);
	for (const query of ["limit=501", "state=asleep", "from=yesterday", "after=1", "at=2"]) await check.json("/api/v1/builds", `/api/v1/builds?${query}`, 400);
	await check.json("/api/v1/pipelines/{id}", "/api/v1/pipelines/buildkite%2Facme%2Fnone", 404);
	check.same("health", await check.text("/healthz"), "ok");
	check.same("metrics", (await check.text("/metrics")).includes("process_start_time_seconds"), true);
}

await control();
await others();
for (const days of [7, 30, 60]) {
	for (const which of ["default", "all", branch]) await overview(check, all, which, days);
}
const flaky = (await pipelines(check, all, "default", 30)) + (await pipelines(check, all, "all", 60));
check.same("there are flaky jobs", flaky > 0, true);
await records(check, all);
await lists(check, all);
await shared(check, all);
process.exit(check.end());

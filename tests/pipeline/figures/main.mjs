// node main.mjs PAGE TRUTH OPENAPI FOLDER: every figure of the API beside the truth (NDJSON of the simulator), every
// answer beside the OpenAPI file, by ajv in FOLDER. Says what differs; 0: nothing.
// SPDX-License-Identifier: MIT
import {existsSync, readFileSync} from "node:fs";
import {Check} from "./check.mjs";
import {judgeOf} from "./openapi.mjs";
import {lists, records} from "./builds.mjs";
import {overview} from "./overview.mjs";
import {pipelines} from "./pipelines.mjs";
import {shared} from "./shared.mjs";

const [page, file, specification, folder] = process.argv.slice(2);
const all = readFileSync(file, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
const judge = existsSync(specification) ? judgeOf(specification, folder) : null;
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

if (judge) await control();
for (const days of [7, 30, 60]) {
	for (const which of ["default", "all", branch]) await overview(check, all, which, days);
}
const flaky = (await pipelines(check, all, "default", 30)) + (await pipelines(check, all, "all", 60));
check.same("there are flaky jobs", flaky > 0, true);
await records(check, all);
await lists(check, all);
await shared(check, all);
process.exit(check.end());

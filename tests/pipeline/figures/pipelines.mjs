// /api/v1/pipelines/{id}: by day, by result, by job.
// SPDX-License-Identifier: MIT
import * as truth from "./truth.mjs";
import {sameHead} from "./overview.mjs";

const LIST = 10;

function countsOf(builds) {
	const counts = {};
	for (const build of builds) {
		const word = build.result ?? build.state;
		counts[word] = (counts[word] ?? 0) + 1;
	}
	return counts;
}

const nonzero = (counts) => Object.fromEntries(Object.entries(counts ?? {}).filter(([, count]) => count > 0).sort());

function sameDays(check, where, body, window) {
	for (const [i, {day, builds}] of window.entries()) {
		const got = body.percentiles[i], durations = truth.durations(builds), queues = truth.queues(builds);
		const wanted = {
			day,
			builds: builds.length,
			p50_ms: truth.percentile(durations, 50),
			p90_ms: truth.percentile(durations, 90),
			queue_p50_ms: truth.percentile(queues, 50),
			queue_p90_ms: truth.percentile(queues, 90),
		};
		for (const [key, value] of Object.entries(wanted)) check.same(`${where}: ${key} of ${day}`, got?.[key], value);
		check.same(`${where}: results of ${day}`, nonzero(got?.results), nonzero(countsOf(builds)));
	}
}

const isRun = (job) => ["success", "failure", "error", "timeout"].includes(job.result);
const isFailed = (job) => isRun(job) && job.result !== "success" && !job.soft_failed;

function slowest(works) {
	return works
		.map(({name, group, jobs}) => {
			const times = jobs.filter((job) => isRun(job) && job.duration_ms !== null).map((job) => job.duration_ms);
			return {name, group, runs: times.length, p50_ms: truth.percentile(times, 50), p90_ms: truth.percentile(times, 90)};
		})
		.filter((work) => work.runs)
		.sort((a, b) => b.p90_ms - a.p90_ms);
}

function failing(works) {
	return works
		.map(({name, group, jobs}) => ({name, group, failures: jobs.filter(isFailed).length, runs: jobs.filter(isRun).length}))
		.filter((work) => work.failures)
		.sort((a, b) => b.failures - a.failures);
}

function flakiest(works) {
	return works
		.map(({name, group, jobs}) => {
			const commits = new Map();
			for (const job of jobs.filter(isRun)) {
				const seen = commits.get(job.build.commit) ?? {failed: [], passed: false};
				if (isFailed(job)) seen.failed.push(job.build);
				seen.passed ||= job.result === "success";
				commits.set(job.build.commit, seen);
			}
			const flaky = [...commits.values()].filter((seen) => seen.passed && seen.failed.length);
			const last = truth.newestFirst(flaky.flatMap((seen) => seen.failed))[0];
			return {name, group, flakes: flaky.length, runs: jobs.filter(isRun).length, last: last?.id};
		})
		.filter((work) => work.flakes)
		.sort((a, b) => b.flakes - a.flakes);
}

// Of equals the order is not compared, nor which of them the end of the list cuts.
function sameList(check, where, got, wanted, by) {
	const most = wanted[Math.min(LIST, wanted.length) - 1]?.[by];
	const sure = (list) => list.filter((work) => work[by] > most || wanted.length <= LIST).map((work) => JSON.stringify(work)).sort();

	check.same(`${where}: how many`, got.length, Math.min(LIST, wanted.length));
	check.same(where, sure(got), sure(wanted));
}

function sameJobs(check, where, body, builds) {
	const works = [...truth.jobsOf(builds)].map(([key, jobs]) => {
		const [name, group] = JSON.parse(key);
		return {name, group, jobs};
	});
	const pick = (list, keys) => list.map((work) => Object.fromEntries(keys.map((key) => [key, work[key] ?? null])));
	const flaky = body.flakiest_jobs.map((work) => ({...work, last: work.last?.id}));

	sameList(check, `${where}: slowest`, pick(body.slowest_jobs, ["name", "group", "runs", "p50_ms", "p90_ms"]), pick(slowest(works), ["name", "group", "runs", "p50_ms", "p90_ms"]), "p90_ms");
	sameList(check, `${where}: failing`, pick(body.failing_jobs, ["name", "failures", "runs"]), pick(failing(works), ["name", "failures", "runs"]), "failures");
	sameList(check, `${where}: flakiest`, pick(flaky, ["name", "flakes", "runs", "last"]), pick(flakiest(works), ["name", "flakes", "runs", "last"]), "flakes");
	return flaky.length;
}

// A server that is short of time looks at fewer builds for their jobs, and says so: it is asked again.
async function whole(check, path) {
	for (let tries = 0; ; tries++) {
		const body = await check.json("/api/v1/pipelines/{id}", path);
		if (body.jobs_of.whole || tries === 40) return body;
		await new Promise((wake) => setTimeout(wake, 250));
	}
}

export async function pipelines(check, all, branch, days) {
	let flaky = 0;

	for (const key of [...new Set(all.map(truth.keyOf))].sort()) {
		const builds = truth.scopeOf(all, key, branch);
		if (!builds.length) continue;
		const path = `/api/v1/pipelines/${encodeURIComponent(key)}?branch=${encodeURIComponent(branch)}&days=${days}`;
		const body = await whole(check, path);
		const window = sameHead(check, path, body, builds, Date.parse(body.percentiles.at(-1).day), days);
		const inside = window.flatMap((day) => day.builds);

		sameDays(check, path, body, window);
		check.same(`${path}: results`, nonzero(body.results), nonzero(countsOf(inside)));
		flaky += sameJobs(check, path, body, inside);
	}
	return flaky;
}

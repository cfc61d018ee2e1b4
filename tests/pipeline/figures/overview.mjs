// /api/v1/overview and what of it /api/v1/pipelines/{id} repeats.
// SPDX-License-Identifier: MIT
import * as truth from "./truth.mjs";

export function sameHead(check, where, row, builds, now, days) {
	const window = truth.daysOf(builds, now, days);
	const inside = window.flatMap((day) => day.builds);
	const durations = truth.durations(inside);
	const wanted = {
		builds: inside.length,
		builds_per_week: window.slice(-7).flatMap((day) => day.builds).length,
		success_rate: truth.successRate(inside),
		p50_ms: truth.percentile(durations, 50),
		p90_ms: truth.percentile(durations, 90),
		queue_p50_ms: truth.percentile(truth.queues(inside), 50),
		coverage: truth.coverageOf(truth.newestFirst(inside)),
	};

	for (const [key, value] of Object.entries(wanted)) check.same(`${where}: ${key}`, row[key], value);
	sameRed(check, where, row.red, truth.redOf(builds));
	sameBars(check, where, row, builds);
	return window;
}

function sameRed(check, where, red, wanted) {
	check.same(
		`${where}: red`,
		red && {since: red.since, first: red.first.id, last_green_at: red.last_green_at},
		wanted,
	);
}

function sameBars(check, where, row, builds) {
	const shown = (bar) => [bar.id, bar.number, bar.state, bar.result, bar.created_at, bar.started_at, bar.duration_ms];

	check.same(`${where}: bars`, row.bars.map(shown), builds.slice(0, 30).reverse().map(shown));
	check.same(`${where}: last`, shown(row.last), shown(builds[0]));
}

function sameDays(check, where, row, window) {
	for (const [i, {day, builds}] of window.entries()) {
		const durations = truth.durations(builds);
		const got = row.days[i];
		const wanted = {
			day,
			builds: builds.length,
			success: builds.filter((build) => build.result === "success").length,
			failure: builds.filter((build) => truth.isVerdict(build) && build.result !== "success").length,
			p50_ms: truth.percentile(durations, 50),
			p90_ms: truth.percentile(durations, 90),
		};
		for (const [key, value] of Object.entries(wanted)) check.same(`${where}: ${key} of ${day}`, got?.[key], value);
	}
	check.same(`${where}: days`, row.days.length, window.length);
}

export async function overview(check, all, branch, days) {
	const path = `/api/v1/overview?branch=${encodeURIComponent(branch)}&days=${days}`;
	const body = await check.json("/api/v1/overview", path);
	const keys = [...new Set(all.map(truth.keyOf))].filter((key) => truth.scopeOf(all, key, branch).length).sort();

	check.same(`${path}: pipelines`, body.pipelines.map((row) => row.id).sort(), keys);
	for (const row of body.pipelines) {
		const builds = truth.scopeOf(all, row.id, branch);
		if (builds.length) sameDays(check, `${path}: ${row.id}`, row, sameHead(check, `${path}: ${row.id}`, row, builds, body.now, days));
	}
	const red = body.pipelines.filter((row) => row.red).sort((a, b) => a.red.since - b.red.since);
	check.same(`${path}: red`, body.red.map((row) => row.id), red.map((row) => row.id));
}

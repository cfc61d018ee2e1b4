// The figures of the dashboard by brute force, from what the simulators say of their world: nothing of the
// project's own code or database is in here, and nothing is clever.
// SPDX-License-Identifier: MIT

export const DAY_MS = 86400000;
const VERDICTS = ["success", "failure", "error", "timeout"];

export const isVerdict = (build) => VERDICTS.includes(build.result);
const isRed = (build) => isVerdict(build) && build.result !== "success";

export function dayOf(ms) {
	return new Date(ms).toISOString().slice(0, 10);
}

// The smallest that is not below p % of all; of none null.
export function percentile(values, p) {
	if (values.length === 0) return null;
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.max(0, Math.ceil((p * sorted.length) / 100) - 1)];
}

// Of the newest attempt, from when a job could run (Buildkite), or as the job waited that started first
// (CircleCI): docs/record.md.
export function queueOf(build) {
	if (build.started_at === null || build.started_at === undefined) return null;
	const scripts = build.jobs.filter((job) => job.kind === "script" && job.queued_at !== null);
	if (build.provider === "circleci") {
		const first = scripts.find((job) => job.started_at === build.started_at);
		return first ? first.queue_ms : null;
	}
	const own = scripts.filter((job) => build.attempt === 1 || job.started_at >= build.started_at);
	const queued = Math.min(...own.map((job) => job.queued_at));
	return own.length === 0 || queued > build.started_at ? null : build.started_at - queued;
}

export const keyOf = (build) => build.id.slice(0, build.id.lastIndexOf("/"));
export const isDefault = (build) => build.branch === "main" || build.branch === "master";

// Newest first, as every list of the API.
export function newestFirst(builds) {
	return [...builds].sort((a, b) => b.created_at - a.created_at);
}

export function scopeOf(all, key, branch) {
	return newestFirst(
		all.filter(
			(build) =>
				keyOf(build) === key &&
				(branch === "all" || (branch === "default" ? isDefault(build) : build.branch === branch)),
		),
	);
}

const present = (values) => values.filter((value) => value !== null && value !== undefined);
export const durations = (builds) => present(builds.filter(isVerdict).map((build) => build.duration_ms));
export const queues = (builds) => present(builds.map(queueOf));

export function successRate(builds) {
	const verdicts = builds.filter(isVerdict);
	return verdicts.length ? verdicts.filter((build) => build.result === "success").length / verdicts.length : null;
}

export function coverageOf(builds) {
	const known = builds.filter((build) => build.result === "success" && present([build.coverage]).length);
	return known.length ? known[0].coverage : null;
}

// Since the oldest red verdict after the newest green one.
export function redOf(builds) {
	const verdicts = builds.filter(isVerdict);
	if (verdicts.length === 0 || !isRed(verdicts[0])) return null;
	const green = verdicts.findIndex((build) => build.result === "success");
	const first = verdicts[green < 0 ? verdicts.length - 1 : green - 1];
	return {
		since: first.created_at,
		first: first.id,
		last_green_at: green < 0 ? null : verdicts[green].created_at,
	};
}

export function daysOf(builds, now, count) {
	const days = [];
	for (let i = count - 1; i >= 0; i--) {
		const day = dayOf(now - i * DAY_MS);
		days.push({ day, builds: builds.filter((build) => dayOf(build.created_at) === day) });
	}
	return days;
}

// Jobs of many builds, by name and group.
export function jobsOf(builds) {
	const works = new Map();
	for (const build of builds) {
		for (const job of build.jobs) {
			if (job.kind !== "script" || !job.name) continue;
			const key = JSON.stringify([job.name, job.group ?? null]);
			if (!works.has(key)) works.set(key, []);
			works.get(key).push({ ...job, build });
		}
	}
	return works;
}

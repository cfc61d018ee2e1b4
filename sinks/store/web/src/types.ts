// SPDX-License-Identifier: MIT
// What the API answers (docs/openapi.json). Times are ms since the epoch, durations ms, rates 0..1; absent is null.

export type State = 'queued' | 'running' | 'blocked' | 'finished';
export type Result = 'success' | 'failure' | 'error' | 'timeout' | 'cancellation' | 'skip';
type Maybe<T> = T | null | undefined;

export interface Person { name: Maybe<string>; email: Maybe<string>; login: Maybe<string> }

export interface Bar {
	id: string;
	number: number;
	state: State;
	result: Maybe<Result>;
	created_at: Maybe<number>;
	started_at: Maybe<number>;
	duration_ms: Maybe<number>;
}

export interface Last extends Bar {
	branch: Maybe<string>;
	finished_at: Maybe<number>;
	url: Maybe<string>;
	message: Maybe<string>;
	author: Maybe<Person>;
}

export interface Day {
	day: string;
	builds: number;
	success?: number;
	failure?: number;
	p50_ms: Maybe<number>;
	p90_ms: Maybe<number>;
	queue_p50_ms?: Maybe<number>;
	queue_p90_ms?: Maybe<number>;
	results?: Partial<Record<Result, number>>;
}

export interface Red {
	since: number;
	first: {id: string; number: number; url: Maybe<string>};
	last_green_at: Maybe<number>;
}

export interface Figures {
	id: string;
	provider: string;
	organization: Maybe<string>;
	pipeline: string;
	last: Maybe<Last>;
	bars: Bar[];
	success_rate: Maybe<number>;
	builds: number;
	builds_per_week: Maybe<number>;
	p50_ms: Maybe<number>;
	p90_ms: Maybe<number>;
	queue_p50_ms: Maybe<number>;
	coverage: Maybe<number>;
	days: Day[];
	red: Maybe<Red>;
}

export interface Overview { now: number; cursor: string; pipelines: Figures[] }

export interface Pipeline extends Figures {
	percentiles: Day[];
	results: Partial<Record<Result, number>>;
	slowest_jobs: JobSum[];
	flakiest_jobs: JobSum[];
	failing_jobs: JobSum[];
	/* So many of the newest builds were looked at for jobs; whole: all of the window. */
	jobs_of?: {builds: number; whole: boolean};
	queue_p90_ms?: Maybe<number>;
}

export interface JobSum {
	name: string;
	group: Maybe<string>;
	runs: number;
	failures: number;
	flakes: number;
	p50_ms: Maybe<number>;
	p90_ms: Maybe<number>;
	last: Maybe<{id: string; number: Maybe<number>; url: Maybe<string>; at: Maybe<number>}>;
}

export interface Build extends Last {
	provider: string;
	organization: Maybe<string>;
	pipeline: string;
	attempt: Maybe<number>;
	attempts: Maybe<Attempt[]>;
	provider_state: Maybe<string>;
	default_branch: Maybe<string>;
	tag: Maybe<string>;
	commit: Maybe<string>;
	trigger: Maybe<string>;
	pull_request: Maybe<number>;
	repository: Maybe<string>;
	queued_at: Maybe<number>;
	queue_ms: Maybe<number>;
	coverage: Maybe<number>;
	tests: Maybe<{total: Maybe<number>; passed: Maybe<number>; failed: Maybe<number>; skipped: Maybe<number>}>;
	workflow: Maybe<string>;
	version: number;
	origin: Maybe<string>;
	jobs?: Job[];
}

export interface Attempt {
	attempt: number;
	state: State;
	result: Maybe<Result>;
	started_at: Maybe<number>;
	finished_at: Maybe<number>;
}

export interface Job {
	id: string;
	name: Maybe<string>;
	kind: Maybe<string>;
	group: Maybe<string>;
	state: State;
	result: Maybe<Result>;
	provider_state: Maybe<string>;
	soft_failed: Maybe<boolean>;
	attempt: Maybe<number>;
	superseded: Maybe<boolean>;
	exit_status: Maybe<number>;
	queued_at: Maybe<number>;
	started_at: Maybe<number>;
	finished_at: Maybe<number>;
	queue_ms: Maybe<number>;
	duration_ms: Maybe<number>;
	runner: Maybe<{name: Maybe<string>; queue: Maybe<string>; class: Maybe<string>}>;
	parallel: Maybe<{index: Maybe<number>; total: Maybe<number>}>;
	url: Maybe<string>;
}

/* total_exact false: there are at least so many. partial: the search took too long, and there may be more. */
export interface BuildList { builds: Build[]; total: Maybe<number>; total_exact?: boolean; partial?: boolean; next?: Maybe<string> }

export interface Sink {
	name: string;
	attached: boolean;
	position: number;
	lag_records: Maybe<number>;
	lag_ms: Maybe<number>;
	seen_ms_ago: Maybe<number>;
	lapsed: boolean;
	dead: Maybe<number>;
}

export interface Target {
	target: string;
	due_in_ms: Maybe<number>;
	visited_ms_ago: Maybe<number>;
	open: Maybe<number>;
	last_error: Maybe<string>;
	lease: Maybe<{worker?: string; fence?: number; age_ms?: number}>;
}

export interface Source {
	name: string;
	provider: Maybe<string>;
	targets: Maybe<number>;
	due: Maybe<number>;
	overdue_ms: Maybe<number>;
	failing: Maybe<number>;
	open: Maybe<number>;
	budget_per_min: Maybe<number>;
	workers?: {worker: string; budget_per_min: Maybe<number>}[];
}

export interface Bus {
	unreachable?: boolean;
	said?: string;
	version: string;
	head: number;
	uptime_ms: number;
	builds: number;
	open: number;
	dead: number;
	disk: Maybe<{free_bytes: number; min_free_bytes: number; taking: boolean; db_bytes: number; why: Maybe<string>}>;
	since_start: Record<string, number>;
	last_minute?: Record<string, number>;
	problems?: {stuck: boolean; code: string; where: string; for_ms: Maybe<number>; text: string}[];
	sinks: Sink[];
	sources?: Source[];
	targets: Target[];
}

/* As `buildbus dead list` has them. */
export interface DeadLetter {
	number: number;
	at: Maybe<number>;
	stage: Maybe<string>;
	target: Maybe<string>;
	key: Maybe<string>;
	times: Maybe<number>;
	reason: Maybe<string>;
}

export interface Dead { letters: DeadLetter[]; count?: number }

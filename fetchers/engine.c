/* The process of every fetcher: leases in, visits, and the way out. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/engine.h"

#include "common/log.h"
#include "common/wire.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#define GIVE_BACK_MS 3000 /* a process that is to stop waits that long for its leases' end */
#define ORPHAN_MS    100  /* and so long when the hub ends as well */

struct fetch_process {
	struct process process; /* first: context->process is this */
	const struct fetcher *fetcher;
};

static void on_granted(void *context, struct ingest_lease *lease, const struct ingest_grant *grant)
{
	struct engine *engine = context;

	once_fini(&engine->refusals);
	denial_over(&engine->denial);
	if (engine->draining || engine->failed) {
		ingest_done(lease, 0, -1, -1);
		return;
	}
	visit_open(engine, lease, grant);
	alarm_by(&engine->alarm, zclock_mono());
}

static void on_acked(void *context, struct ingest_lease *lease, const struct ingest_ack *ack)
{
	struct engine *engine = context;

	once_fini(&engine->refusals);
	log_event(ack->fresh > 0 ? LEVEL_INFO : LEVEL_DEBUG, "fetch.page",
		  (const struct log_field[]){STR("target", lease->target), NUM("n", ack->n),
					     NUM("new", ack->fresh), NUM("unchanged", ack->unchanged),
					     NUM("stale", ack->stale)},
		  5);
	alarm_by(&engine->alarm, zclock_mono());
}

static void on_shared(void *context, struct ingest_lease *lease, int64_t per_min)
{
	struct engine *engine = context;

	if (lease->owner && visit_share(lease->owner, per_min)) {
		alarm_by(&engine->alarm, zclock_mono());
	}
}

static void on_ended(void *context, struct ingest_lease *lease, bool lost)
{
	struct engine *engine = context;

	(void)lost;
	if (lease->owner) {
		visit_lose(lease->owner);
	}
	alarm_by(&engine->alarm, zclock_mono());
}

static void on_trouble(void *context, const struct ingest_trouble *trouble)
{
	struct engine *engine = context;
	const char *target = trouble->target ? trouble->target : "-";
	struct err err;
	bool news;

	if (strcmp(trouble->code, INGEST_SILENT) == 0) {
		log_warn("fetch.no_hub", STR("endpoint", engine->context->config.bus.ingest),
			 STR("why", "no answer from the hub: is buildbus-normalizer running there?"));
		return;
	}
	if (strcmp(trouble->code, INGEST_REFUSED) == 0) {
		denial_tell(&engine->denial, trouble->detail);
		return;
	}
	if (strcmp(trouble->code, "version") == 0 || strcmp(trouble->code, "command") == 0) {
		err_set(&err, ERR_CONFIG,
			"the hub at %s does not speak protocol version %d: run fetcher and hub of the same "
			"release",
			engine->context->config.bus.ingest, WIRE_VERSION);
		process_stop(engine->context, ERR_CONFIG, &err);
		return;
	}
	news = once_say(&engine->refusals, target, trouble->code);
	log_event(news ? LEVEL_WARN : LEVEL_DEBUG, "fetch.hub_refused",
		  (const struct log_field[]){STR("code", trouble->code), STR("target", target),
					     STR("why", trouble->detail), NUM("retry_ms", trouble->retry_ms)},
		  4);
}

static void on_idle(void *context)
{
	struct engine *engine = context;

	denial_over(&engine->denial);
	if (engine->draining) {
		alarm_by(&engine->alarm, zclock_mono());
	}
}

static const struct ingest_events ingest_events = {
	.idle = on_idle,
	.granted = on_granted,
	.acked = on_acked,
	.shared = on_shared,
	.ended = on_ended,
	.trouble = on_trouble,
};

/* Stopping, and the leases are given back. */
static void stop(struct engine *engine)
{
	process_stop(engine->context, engine->failed ? ERR_CONFIG : OK, engine->failed ? &engine->err : NULL);
}

/* A lease that answers a claim after we are gone would be nobody's until it expires. */
static void stop_when_empty(struct engine *engine)
{
	if (ingest_is_idle(engine->ingest)) {
		stop(engine);
	}
}

static int on_give_back(zloop_t *loop, int timer, void *argument)
{
	struct engine *engine = argument;

	(void)loop;
	(void)timer;
	log_warn("fetch.leases_kept", NUM("leases", ingest_held(engine->ingest)));
	stop(engine);
	return 0;
}

/* No hub to give them back to is no reason to wait until somebody kills us: they expire there. */
static void drain(struct engine *engine)
{
	engine->draining = true;
	ingest_want(engine->ingest, 0);
	visits_end_all(engine);
	zloop_timer(engine->context->loop, process_orphaned() ? ORPHAN_MS : GIVE_BACK_MS, 1, on_give_back,
		    engine);
}

static void give_up(struct engine *engine)
{
	if (!engine->draining) {
		drain(engine);
	}
}

static void on_alarm(void *context)
{
	struct engine *engine = context;

	visits_reap(engine);
	if (engine->failed) {
		give_up(engine);
	}
	if (engine->draining) {
		stop_when_empty(engine);
		return;
	}
	requests_pump(engine);
	visits_reap(engine);
	sources_reap(engine);
}

static enum status open_ingest(struct engine *engine, struct err *err)
{
	struct process_context *context = engine->context;
	char host[64] = "", worker[256];

	gethostname(host, sizeof host - 1);
	snprintf(worker, sizeof worker, "%s@%s/%ld", context->name, host, (long)getpid());
	return ingest_new(&engine->ingest, context->loop, &context->config.bus, engine->fetcher->name, worker,
			  &ingest_events, engine, err);
}

static enum status begin(struct engine *engine, struct process_context *context, struct err *err)
{
	engine->fetcher = ((const struct fetch_process *)context->process)->fetcher;
	engine->context = context;
	alarm_init(&engine->alarm, context->loop, on_alarm, engine);
	arena_init(&engine->arena, FETCH_ARENA_BYTES);
	arena_init(&engine->scratch, FETCH_SCRATCH_BYTES);
	return sources_open(engine, &context->config, err);
}

static enum status engine_open(void *state, struct process_context *context, struct err *err)
{
	struct engine *engine = state;
	enum status status = begin(engine, context, err);

	if (status == OK) {
		status = open_ingest(engine, err);
	}
	if (status == OK) {
		ingest_want(engine->ingest, FETCH_LEASES);
	}
	return status;
}

static enum status engine_check(void *state, struct process_context *context, struct err *err)
{
	struct engine *engine = state;
	enum status status = begin(engine, context, err);

	return status == OK ? sources_check(engine, err) : status;
}

static void engine_drain(void *state)
{
	struct engine *engine = state;

	drain(engine);
	stop_when_empty(engine);
}

static void engine_reload(void *state, struct config *fresh)
{
	struct engine *engine = state;

	sources_reload(engine, fresh);
	alarm_by(&engine->alarm, zclock_mono());
}

static void engine_close(void *state)
{
	struct engine *engine = state;

	if (!engine->context) {
		return;
	}
	for (struct visit *visit = engine->visits; visit; visit = visit->next) {
		visit->over = true;
		requests_drop(visit);
	}
	visits_reap(engine);
	log_info("fetch.ended", NUM("requests", engine->answers), NUM("builds", engine->builds));
	alarm_fini(&engine->alarm);
	ingest_free(&engine->ingest);
	source_checks_free(&engine->checks);
	once_fini(&engine->refusals);
	sources_free(engine);
	arena_fini(&engine->arena);
	arena_fini(&engine->scratch);
}

/* Answers and pages are a few large blocks that come and go: each gets pages of its own and gives them back,
 * or the heap stays at its highest mark for ever. */
static void tune_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_TRIM_THRESHOLD, 128 << 10);
	mallopt(M_ARENA_MAX, 2);
#endif
}

int fetcher_main(const struct fetcher *fetcher, int argc, char **argv)
{
	char name[64], summary[128];
	struct fetch_process self = {
		.process =
			{
				.name = name,
				.summary = summary,
				.state_size = sizeof(struct engine),
				.open = engine_open,
				.check = engine_check,
				.drain = engine_drain,
				.reload = engine_reload,
				.close = engine_close,
			},
		.fetcher = fetcher,
	};

	tune_memory();
	snprintf(name, sizeof name, "fetch-%s", fetcher->name);
	snprintf(summary, sizeof summary, "reads builds from %s and publishes them to the hub",
		 fetcher->name);
	return process_main(&self.process, argc, argv);
}

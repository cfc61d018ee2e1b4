/* A hub of its own for one test, with a source `buildkite` of organisation acme, and peers that talk to it.
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/child.h"
#include "tests/support/envelope.h"

/* Read by the hub at once (common/clock.c). */
struct hub_clock {
	int64_t passed_ms; /* so much more time went by than it did */
	int64_t wrong_ms;  /* by so much its wall clock is wrong */
};

struct test_hub {
	struct place *place;
	struct child *child; /* NULL: not started or stopped */
	char ingest[256], feed[256];
	const char *env[8];
	int64_t file_size_max; /* for the next start */
	const char *program;   /* likewise; NULL: buildbus-normalizer */
	struct hub_clock *clock;
};

struct hub_setup {
	const char *pipelines; /* YAML of pipeline_slug; NULL: web */
	const char *bus;       /* further YAML lines of bus:, each with two spaces before; NULL: none */
	const char *poll;      /* poll_interval; NULL: 1s */
	const char *const *env;
	bool coverage; /* its finished builds owe it */
	bool idle;     /* don't start it */
};

/* Writes its configuration and starts it: hub_new(.pipelines = "[web, api]"). */
#define hub_new(...) hub_new_at(HERE, &(struct hub_setup){__VA_ARGS__})
struct test_hub *hub_new_at(struct spot spot, const struct hub_setup *setup);
#define hub_free(hub) hub_free_at(HERE, hub)
void hub_free_at(struct spot spot, struct test_hub **hub);
void hub_configure(struct test_hub *hub, const struct hub_setup *setup);
#define hub_start(hub) hub_start_at(HERE, hub)
void hub_start_at(struct spot spot, struct test_hub *hub);
/* Starts it where it is expected to refuse; returns its exit code and leaves its lines to child_said. */
#define hub_refuses(hub) hub_refuses_at(HERE, hub)
int hub_refuses_at(struct spot spot, struct test_hub *hub);
/* kill -9, and a new one on the same state. */
#define hub_restart(hub) hub_restart_at(HERE, hub)
void hub_restart_at(struct spot spot, struct test_hub *hub);
/* Ends it; its state stays. */
void hub_kill(struct test_hub *hub);
#define hub_stop(hub) hub_stop_at(HERE, hub)
void hub_stop_at(struct spot spot, struct test_hub *hub);

/* A store sink on it, ready; the caller's. */
#define hub_store(hub) hub_store_at(HERE, hub)
struct child *hub_store_at(struct spot spot, const struct test_hub *hub);

struct peer *worker_of(const struct test_hub *hub);
struct peer *reader_of(const struct test_hub *hub);

/* Takes the lease of the organization's live walk, which is the first to be given, out of the way. */
#define hold_live(worker) hold_live_at(HERE, worker)
void hold_live_at(struct spot spot, struct peer *worker);

/* Runs one statement on hub.db through a connection of its own; an integer of its first row, INT64_MIN: no
 * row. */
int64_t hub_sql(const struct test_hub *hub, const char *sql);

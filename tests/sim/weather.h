/* What goes wrong between a provider and its client: faults that a test orders one by one, and weather, which
 * is all of them at random. Knows nothing of the provider: it strikes replies, whatever they say.
 *
 * What the n-th request of a path meets depends on the seed, the path and n alone: requests of one path never
 * shift what another one gets, so a seed replays though threads race. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "tests/sim/rng.h"

#include <stddef.h>

enum { WEATHER_FAULTS_MAX = 32, WEATHER_PATHS = 4096 };

struct sim_request;
struct sim_reply;

/* In the order of the table in weather_kinds.c. */
enum fault_word {
	FAULT_STATUS,
	FAULT_DROP,
	FAULT_LATENCY,
	FAULT_LIMIT_ORGANIZATION,
	FAULT_LIMIT_USER,
	FAULT_LIMIT_BOTH,
	FAULT_LIMIT_SECONDS,
	FAULT_LIMIT_DATE,
	FAULT_LIMIT_BARE,
	FAULT_ERROR_JSON,
	FAULT_ERROR_HTML,
	FAULT_RESET_BEFORE,
	FAULT_RESET_WITHIN,
	FAULT_RESET_AFTER,
	FAULT_CUT,
	FAULT_TRUNCATED,
	FAULT_WRONG_ROOT,
	FAULT_WRONG_MEMBER,
	FAULT_WRONG_NUMBER,
	FAULT_HUGE,
	FAULT_HUGE_CHUNKED,
	FAULT_REDIRECT,
	FAULT_REDIRECT_OTHER,
	FAULT_REDIRECT_LOOP,
	FAULT_DRIP,
	FAULT_SKEW,
	FAULT_WORDS
};

/* One order. Zero and NULL: the kind's own default. */
struct fault {
	enum fault_word word;
	char *route, *match; /* name of the route, part of path?query; NULL: any */
	int64_t count;       /* requests it still strikes; -1: for ever; 0: none, the slot is free */
	int64_t after;       /* fitting requests that pass before */
	int64_t permille;    /* of the fitting requests */
	int64_t ms, jitter_ms;
	int64_t status, reset_s; /* reset_s -1: none */
	int64_t bytes, bytes_per_s;
	char *to, *body;
};

struct weather {
	uint64_t seed;
	int64_t permille; /* of all requests that meet a fault drawn at random */
	char without[64]; /* of that these words are left out: "limit-user,skew" */
	struct fault faults[WEATHER_FAULTS_MAX];
	uint32_t served[WEATHER_PATHS]; /* requests by hash of their path */
	int64_t strokes[FAULT_WORDS];
};

/* When a fault acts. */
enum fault_phase {
	PHASE_MILD,    /* the answer is what it is, later or with another Date; goes together with others */
	PHASE_INSTEAD, /* the provider never sees the request */
	PHASE_AFTER,   /* on the provider's answer */
};

struct fault_kind {
	const char *word;
	enum fault_phase phase;
	int weight; /* in the weather, beside the other kinds */
	void (*strike)(struct sim_reply *reply, const struct sim_request *request, const struct fault *fault,
		       struct rng *rng);
	const char *help;
};
extern const struct fault_kind fault_kinds[FAULT_WORDS];

/* What one request meets. */
struct stroke {
	struct fault mild[4], hard;
	int mild_count;
	bool is_hard;
	struct rng rng;
};

void weather_fini(struct weather *weather);
/* Ends all faults and the random weather. */
void weather_clear(struct weather *weather);
/* Takes fault over, texts included. ERR_DATA: there are too many. */
enum status weather_add(struct weather *weather, struct fault *fault, struct err *err) MUST_CHECK;
/* A fault as JSON, or as "KIND,key=value,…" of a command line. ERR_DATA with one sentence. */
enum status weather_read(struct weather *weather, const char *json, size_t size, struct err *err) MUST_CHECK;
enum status weather_read_spec(struct weather *weather, const char *spec, struct err *err) MUST_CHECK;

/* Its client followed a redirect of ours: such a one is let pass. */
bool weather_was_redirected(const struct sim_request *request);
void weather_draw(struct weather *weather, const struct sim_request *request, const char *route,
		  struct stroke *out);
/* Strikes the reply with what acts in that phase. Returns whether there was something. */
bool weather_strike(const struct stroke *stroke, enum fault_phase phase, const struct sim_request *request,
		    struct sim_reply *reply);

/* SPDX-License-Identifier: MIT */
#include "tests/sim/weather.h"
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

static void fault_fini(struct fault *fault)
{
	free(fault->route);
	free(fault->match);
	free(fault->to);
	free(fault->body);
	*fault = (struct fault){.count = 0};
}

void weather_clear(struct weather *weather)
{
	weather->permille = 0;
	for (int i = 0; i < WEATHER_FAULTS_MAX; i++) {
		fault_fini(&weather->faults[i]);
	}
}

void weather_fini(struct weather *weather)
{
	weather_clear(weather);
}

enum status weather_add(struct weather *weather, struct fault *fault, struct err *err)
{
	for (int i = 0; i < WEATHER_FAULTS_MAX; i++) {
		if (weather->faults[i].count == 0) {
			fault_fini(&weather->faults[i]);
			weather->faults[i] = *fault;
			return OK;
		}
	}
	return err_set(err, ERR_DATA, "%d faults wait already", WEATHER_FAULTS_MAX);
}

static uint64_t hash_of(const char *text)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (; *text; text++) {
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	}
	return hash;
}

static bool fits(const struct fault *fault, const struct sim_request *request, const char *route)
{
	if (fault->count == 0 || (fault->route && strcmp(fault->route, route) != 0)) {
		return false;
	}
	if (fault->word == FAULT_REDIRECT && weather_was_redirected(request)) {
		return false;
	}
	return !fault->match || strstr(request->path, fault->match) ||
	       (request->query && strstr(request->query, fault->match));
}

static void meet(struct weather *weather, const struct fault *fault, struct stroke *out)
{
	if (fault_kinds[fault->word].phase != PHASE_MILD) {
		out->is_hard = true;
		out->hard = *fault;
	} else if (out->mild_count < (int)(sizeof out->mild / sizeof *out->mild)) {
		out->mild[out->mild_count++] = *fault;
	}
	weather->strokes[fault->word]++;
}

static void meet_ordered(struct weather *weather, const struct sim_request *request, const char *route,
			 struct stroke *out)
{
	for (int i = 0; i < WEATHER_FAULTS_MAX; i++) {
		struct fault *fault = &weather->faults[i];

		if (!fits(fault, request, route) ||
		    (out->is_hard && fault_kinds[fault->word].phase != PHASE_MILD)) {
			continue;
		}
		if (fault->after > 0) {
			fault->after--;
		} else if (rng_chance(&out->rng, (int)fault->permille)) {
			fault->count -= fault->count > 0;
			meet(weather, fault, out);
		}
	}
}

/* 0: left out. */
static int weight_of(const struct weather *weather, int word)
{
	size_t size = strlen(fault_kinds[word].word);

	for (const char *at = weather->without; *at; at += strspn(at, ",")) {
		size_t have = strcspn(at, ",");

		if (have == size && memcmp(at, fault_kinds[word].word, size) == 0) {
			return 0;
		}
		at += have;
	}
	return fault_kinds[word].weight;
}

static enum fault_word draw_word(const struct weather *weather, struct rng *rng)
{
	int64_t sum = 0, at;
	int word = 0;

	for (int i = 0; i < FAULT_WORDS; i++) {
		sum += weight_of(weather, i);
	}
	for (at = rng_below(rng, sum); at >= weight_of(weather, word); word++) {
		at -= weight_of(weather, word);
	}
	return (enum fault_word)word;
}

/* Weather passes: what takes long takes a second or two, so that a test of a minute sees much of it. */
static void draw_fault(const struct weather *weather, struct rng *rng, struct fault *out)
{
	static const int64_t skews_ms[] = {-3600000, -30000, -3000, 3000, 6000, 90000, 3600000, 72000000};
	static const int64_t statuses[] = {500, 502, 503};

	*out = (struct fault){.word = draw_word(weather, rng),
			      .ms = rng_below(rng, 300),
			      .status = statuses[rng_below(rng, 3)],
			      .reset_s = 1,
			      .bytes_per_s = rng_between(rng, 50000, 500000)};
	if (out->word == FAULT_SKEW) {
		out->ms = skews_ms[rng_below(rng, sizeof skews_ms / sizeof *skews_ms)];
	}
}

void weather_draw(struct weather *weather, const struct sim_request *request, const char *route,
		  struct stroke *out)
{
	uint64_t hash = hash_of(request->path);
	struct fault fault;

	*out = (struct stroke){
		.rng = rng_stream(weather->seed, hash, weather->served[hash % WEATHER_PATHS]++)};
	meet_ordered(weather, request, route, out);
	if (!out->is_hard && weather->permille > 0 && rng_chance(&out->rng, (int)weather->permille)) {
		draw_fault(weather, &out->rng, &fault);
		meet(weather, &fault, out);
	}
}

bool weather_strike(const struct stroke *stroke, enum fault_phase phase, const struct sim_request *request,
		    struct sim_reply *reply)
{
	struct rng rng = stroke->rng;
	bool struck = false;

	for (int i = 0; phase == PHASE_MILD && i < stroke->mild_count; i++) {
		fault_kinds[stroke->mild[i].word].strike(reply, request, &stroke->mild[i], &rng);
		struck = true;
	}
	if (stroke->is_hard && fault_kinds[stroke->hard.word].phase == phase) {
		fault_kinds[stroke->hard.word].strike(reply, request, &stroke->hard, &rng);
		struck = true;
	}
	return struck;
}

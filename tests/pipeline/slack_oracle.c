/* The conversation that a world's channel should show, written from its outages batch by batch; shares
 * no code with the sink. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/pipeline/slack_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LATE_MS   HOUR_MS /* a failure that is older is counted, not told */
#define BROADCAST HOUR_MS

/* A message, or a change of one, that is to be seen. */
struct item {
	enum { ITEM_BREAK, ITEM_FAILURE, ITEM_OVER, ITEM_DIGEST } kind;
	int outage, reply; /* reply: of ITEM_FAILURE */
	int digest;
	bool edit;
};

struct digest {
	int message, size, over;
};

struct telling {
	struct world *world;
	FILE *out;
	char mark[32];
	int64_t now_ms;
	int messages;
	struct item items[4096]; /* of this batch */
	size_t item_count;
	int untold[4096];
	size_t untold_count;
	struct digest digests[64];
	int digest_count;
	int alone, digest; /* of this batch: told one by one; -1: no digest */
};

static void say_duration(FILE *out, int64_t ms)
{
	int64_t minutes = ms / MINUTE_MS, hours = minutes / 60, days = hours / 24;

	if (days) {
		fprintf(out, "%lld d", (long long)days);
		hours % 24 ? fprintf(out, " %lld h", (long long)(hours % 24)) : 0;
	} else if (hours) {
		fprintf(out, "%lld h", (long long)hours);
		minutes % 60 ? fprintf(out, " %lld min", (long long)(minutes % 60)) : 0;
	} else {
		fprintf(out, "%lld min", (long long)minutes);
	}
}

static bool is_over(const struct telling *telling, const struct outage *outage)
{
	return outage->end != SIZE_MAX && telling->world->arrivals[outage->end].at <= telling->now_ms;
}

static void say_break(struct telling *telling, const struct outage *outage)
{
	const struct arrival *first = &telling->world->arrivals[outage->first],
			     *end = outage->end == SIZE_MAX ? NULL : &telling->world->arrivals[outage->end];
	FILE *out = telling->out;

	if (!is_over(telling, outage)) {
		fprintf(out, ":red_circle: acme/p%d main is failing: #%d", first->pipeline, first->number);
		outage->count > 1 ? fprintf(out, " and %d more", outage->count - 1) : 0;
	} else if (outage->flake) {
		fprintf(out, ":large_yellow_circle: acme/p%d main was flaky: #%d passed on the same commit",
			first->pipeline, end->number);
	} else {
		fprintf(out, ":large_green_circle: acme/p%d main is fixed by #%d after ", first->pipeline,
			end->number);
		say_duration(out, end->finished_at - first->finished_at);
	}
}

static void say_failure(struct telling *telling, const struct outage *outage, int reply)
{
	int number = telling->world->arrivals[outage->replies[reply]].number,
	    first = telling->world->arrivals[outage->first].number;

	if (is_over(telling, outage) && !outage->flake) {
		fprintf(telling->out, ":white_circle: #%d is unknown: hidden behind the break of #%d", number,
			first);
	} else {
		fprintf(telling->out, "#%d failed too; it may be failing only because of #%d", number, first);
	}
}

static void say_over(struct telling *telling, const struct outage *outage)
{
	const struct arrival *first = &telling->world->arrivals[outage->first],
			     *end = &telling->world->arrivals[outage->end];

	if (outage->flake) {
		fprintf(telling->out,
			":large_yellow_circle: #%d passed on the same commit: a flake, not a fix",
			end->number);
		return;
	}
	fprintf(telling->out, ":large_green_circle: acme/p%d main is passing again: #%d by ann, after ",
		first->pipeline, end->number);
	say_duration(telling->out, end->finished_at - first->finished_at);
}

static void say_digest(struct telling *telling, const struct digest *digest)
{
	int red = digest->size - digest->over;
	FILE *out = telling->out;

	if (red == digest->size) {
		fprintf(out,
			red == 1 ? ":red_circle: 1 pipeline is failing"
				 : ":red_circle: %d pipelines are failing",
			red);
	} else if (red > 0) {
		fprintf(out, ":red_circle: %d of %d pipelines %s still failing", red, digest->size,
			red == 1 ? "is" : "are");
	} else {
		fprintf(out,
			digest->size == 1
				? ":large_green_circle: 1 pipeline was failing, it is passing again"
				: ":large_green_circle: %d pipelines were failing, all are passing again",
			digest->size);
	}
}

static bool is_broadcast(const struct telling *telling, const struct outage *outage)
{
	const struct arrival *end = &telling->world->arrivals[outage->end];

	return !outage->flake &&
	       end->finished_at - telling->world->arrivals[outage->first].finished_at >= BROADCAST &&
	       end->finished_at >= telling->now_ms - LATE_MS;
}

static void say_head(struct telling *telling, const struct item *item, struct outage *outage)
{
	int number = item->edit ? item->kind == ITEM_DIGEST    ? telling->digests[item->digest].message
				  : item->kind == ITEM_FAILURE ? outage->reply_number[item->reply]
							       : outage->message
				: ++telling->messages;

	fprintf(telling->out, "[%s] #builds ", telling->mark);
	if (item->kind == ITEM_FAILURE || item->kind == ITEM_OVER) {
		fprintf(telling->out, "%d %s ", outage->message,
			item->kind == ITEM_OVER && is_broadcast(telling, outage) ? ">>" : ">");
	}
	fprintf(telling->out, item->edit ? "%d = " : "%d: ", number);
	if (!item->edit && item->kind == ITEM_DIGEST) {
		telling->digests[item->digest].message = number;
	} else if (!item->edit && item->kind == ITEM_FAILURE) {
		outage->reply_number[item->reply] = number;
	} else if (!item->edit && item->kind == ITEM_BREAK) {
		outage->message = number;
	}
}

static void say_item(struct telling *telling, const struct item *item)
{
	struct outage *outage = item->kind == ITEM_DIGEST ? NULL : &telling->world->outages[item->outage];

	say_head(telling, item, outage);
	switch (item->kind) {
	case ITEM_BREAK:
		say_break(telling, outage);
		break;
	case ITEM_FAILURE:
		say_failure(telling, outage, item->reply);
		break;
	case ITEM_OVER:
		say_over(telling, outage);
		break;
	case ITEM_DIGEST:
		say_digest(telling, &telling->digests[item->digest]);
		break;
	}
	fputc('\n', telling->out);
}

/* One message is seen once a batch, as it is at its end. */
static void plan(struct telling *telling, struct item item)
{
	for (size_t i = 0; i < telling->item_count; i++) {
		const struct item *other = &telling->items[i];
		if (other->kind == item.kind && other->outage == item.outage && other->reply == item.reply &&
		    other->digest == item.digest) {
			return;
		}
	}
	telling->items[telling->item_count++] = item;
}

static int open_digest(struct telling *telling)
{
	plan(telling, (struct item){.kind = ITEM_DIGEST, .digest = telling->digest_count});
	return telling->digest_count++;
}

static void tell_break(struct telling *telling, int index, int digest)
{
	struct outage *outage = &telling->world->outages[index];

	outage->told = true;
	outage->digest = digest;
	if (digest >= 0) {
		telling->digests[digest].size++;
	} else {
		plan(telling, (struct item){.kind = ITEM_BREAK, .outage = index});
	}
}

static void fail(struct telling *telling, size_t arrival)
{
	int index = telling->world->arrivals[arrival].outage;
	struct outage *outage = &telling->world->outages[index];

	outage->count++;
	if (!outage->told) {
		if (outage->count == 1) {
			telling->untold[telling->untold_count++] = index;
		}
		return;
	}
	if (outage->digest >= 0) {
		plan(telling, (struct item){.kind = ITEM_DIGEST, .digest = outage->digest, .edit = true});
		return;
	}
	plan(telling, (struct item){.kind = ITEM_BREAK, .outage = index, .edit = true});
	if (telling->world->arrivals[arrival].finished_at >= telling->now_ms - LATE_MS &&
	    outage->reply_count < 20) {
		outage->replies[outage->reply_count] = (int)arrival;
		plan(telling,
		     (struct item){.kind = ITEM_FAILURE, .outage = index, .reply = outage->reply_count++});
	}
}

static void end(struct telling *telling, size_t arrival)
{
	int index = telling->world->arrivals[arrival].outage;
	struct outage *outage = &telling->world->outages[index];

	if (!outage->told) {
		for (size_t i = 0; i < telling->untold_count; i++) {
			telling->untold[i] = telling->untold[i] == index ? -1 : telling->untold[i];
		}
		return;
	}
	if (outage->digest >= 0) {
		telling->digests[outage->digest].over++;
		plan(telling, (struct item){.kind = ITEM_DIGEST, .digest = outage->digest, .edit = true});
		return;
	}
	plan(telling, (struct item){.kind = ITEM_BREAK, .outage = index, .edit = true});
	plan(telling, (struct item){.kind = ITEM_OVER, .outage = index});
	for (int i = 0; i < outage->reply_count && !outage->flake; i++) {
		plan(telling, (struct item){.kind = ITEM_FAILURE, .outage = index, .reply = i, .edit = true});
	}
}

/* What is red and untold: `storm` of them one by one, what is beyond in one message; all in one when it is
 * known at once that they are more. That one waits 5 s for who still comes: no longer than what is before it
 * takes, at one a second. */
static void tell_untold(struct telling *telling, bool at_once)
{
	int storm = telling->world->size.storm, red = 0;

	for (size_t i = 0; i < telling->untold_count; i++) {
		red += telling->untold[i] >= 0;
	}
	for (size_t i = 0; i < telling->untold_count; i++) {
		if (telling->untold[i] < 0) {
			continue;
		}
		if (telling->digest < 0 && (telling->alone++ >= storm || (at_once && red > storm))) {
			telling->digest = open_digest(telling);
		}
		tell_break(telling, telling->untold[i], telling->digest);
	}
	telling->untold_count = 0;
}

static void tell_arrival(struct telling *telling, size_t index, bool away)
{
	const struct arrival *arrival = &telling->world->arrivals[index];

	if (arrival->outage < 0) {
		return;
	}
	if (arrival->word == WORD_FAILED) {
		fail(telling, index);
	} else {
		end(telling, index);
	}
	if (!away) {
		tell_untold(telling, false);
	}
}

static void tell_batch(struct telling *telling, size_t from, size_t to)
{
	const struct world *world = telling->world;
	bool away = world->arrivals[from].at == world->away_to;

	telling->now_ms = world->arrivals[from].at;
	telling->item_count = 0;
	telling->alone = 0;
	telling->digest = -1;
	world_mark(telling->now_ms, telling->mark);
	for (size_t i = from; i < to; i++) {
		tell_arrival(telling, i, away);
	}
	tell_untold(telling, away);
	for (size_t i = 0; i < telling->item_count; i++) {
		say_item(telling, &telling->items[i]);
	}
}

char *world_conversation(struct world *world)
{
	struct telling *telling = calloc(1, sizeof *telling);
	char *text = NULL;
	size_t size, next;

	telling->world = world;
	telling->out = open_memstream(&text, &size);
	for (size_t i = 0; i < world->count; i = next) {
		next = world_batch(world, i);
		tell_batch(telling, i, next);
	}
	fclose(telling->out);
	free(telling);
	return text;
}

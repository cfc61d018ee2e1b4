/* What the hub says to the ingest client: one function a command, one a kind of error. */
/* SPDX-License-Identifier: MIT */
#include "common/ingest_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_MIN_MS  10
#define IDLE_MAX_MS  60000
#define RETRY_MIN_MS 50
#define MISSES_MAX   2 /* one may belong to a heartbeat from before the lease */

static struct lease *find(struct ingest_client *client, int64_t fence)
{
	for (struct lease *lease = client->leases; lease; lease = lease->next) {
		if (lease->fence == fence) {
			return lease;
		}
	}
	return NULL;
}

static struct lease *find_at(struct ingest_client *client, const struct wire_fields *fields, uint32_t index)
{
	int64_t fence;

	return wire_int(fields, index, &fence) ? find(client, fence) : NULL;
}

static void end(struct lease *lease, bool lost)
{
	struct ingest_client *client = lease->client;

	for (struct lease **at = &client->leases; *at; at = &(*at)->next) {
		if (*at == lease) {
			*at = lease->next;
			break;
		}
	}
	client->held--;
	if (lease->done && lease->next_due_ms == 0) {
		client->claim_at_ms = 0; /* the hub's last `idle` did not know of it */
	}
	client->events->ended(client->context, &lease->open, lost && !lease->done_sent);
	lease_free(lease);
}

static struct lease *lease_new(struct ingest_client *client, struct text target, int64_t fence)
{
	struct lease *lease = calloc(1, sizeof *lease);

	if (!lease) {
		return NULL;
	}
	lease->open.target = strndup(target.at, target.size);
	if (!lease->open.target) {
		free(lease);
		return NULL;
	}
	lease->client = client;
	lease->fence = fence;
	lease->next = client->leases;
	client->leases = lease;
	client->held++;
	return lease;
}

static void on_lease(struct ingest_client *client, const struct wire_fields *fields)
{
	struct text keys[DUE_KEYS_MAX];
	struct ingest_grant grant;
	struct text target;
	struct lease *lease;
	int64_t fence;

	client->claimed_at_ms = 0;
	if (!wire_text(fields, 0, &target) || !wire_int(fields, 1, &fence) || find(client, fence)) {
		return;
	}
	lease = lease_new(client, target, fence);
	if (!lease) {
		return; /* the hub gives it to another after its ttl */
	}
	grant_read(fields, keys, &grant);
	client->events->granted(client->context, &lease->open, &grant);
}

static int64_t bounded(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

static void on_idle(struct ingest_client *client, const struct wire_fields *fields)
{
	int64_t retry_ms = 1000;

	wire_int(fields, 0, &retry_ms);
	client->claimed_at_ms = 0;
	client->claim_at_ms = zclock_mono() + bounded(retry_ms, IDLE_MIN_MS, IDLE_MAX_MS);
	if (client->events->idle) {
		client->events->idle(client->context);
	}
}

static void targets_acked(struct lease *lease)
{
	free(lease->targets);
	lease->targets = NULL;
	lease->target_count = 0;
}

static void on_ack(struct ingest_client *client, const struct wire_fields *fields)
{
	struct ingest_ack ack = {0};
	struct lease *lease = find_at(client, fields, 4);

	if (!lease || !wire_int(fields, 0, &ack.n)) {
		return;
	}
	if (lease->done_sent) {
		end(lease, false);
		return;
	}
	wire_int(fields, 1, &ack.fresh);
	wire_int(fields, 2, &ack.unchanged);
	wire_int(fields, 3, &ack.stale);
	if (ack.n == 0 && lease->targets_sent) {
		targets_acked(lease);
		client->claim_at_ms = 0; /* what is new is due at once */
	}
	if (ack.n == 0 || ack.n > lease->acked_n) {
		lease_acked(lease, ack.n);
		client->events->acked(client->context, &lease->open, &ack);
	}
}

/* last_n is what the hub has of this lease, true for everything sent before the heartbeat. */
static void compare(struct lease *lease, int64_t last_n)
{
	lease->misses = 0;
	if (last_n > lease->acked_n) {
		lease_acked(lease, last_n); /* its acks were lost */
		lease->client->events->acked(lease->client->context, &lease->open,
					     &(struct ingest_ack){.n = last_n});
	}
	if (!lease->asked) {
		return;
	}
	if (last_n < lease->asked_n && lease->sent_n > last_n) {
		lease->sent_n = last_n > lease->acked_n ? last_n : lease->acked_n;
	}
	if (lease->asked_targets && lease->targets) {
		lease->targets_sent = false;
	}
	if (lease->asked_done) {
		lease->done_sent = false;
	}
}

/* per_min: 0 where nothing is said of it. */
static bool read_alive(const msgpack_object_array *list, int64_t fence, int64_t *last_n, int64_t *per_min)
{
	for (uint32_t i = 0; i < list->size; i++) {
		const msgpack_object *pair = &list->ptr[i];

		if (pair->type == MSGPACK_OBJECT_ARRAY && pair->via.array.size >= 2 &&
		    pair->via.array.ptr[0].type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
		    pair->via.array.ptr[1].type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
		    (int64_t)pair->via.array.ptr[0].via.u64 == fence) {
			*last_n = (int64_t)pair->via.array.ptr[1].via.u64;
			*per_min = pair->via.array.size > 2 && pair->via.array.ptr[2].type ==
								       MSGPACK_OBJECT_POSITIVE_INTEGER
					   ? (int64_t)pair->via.array.ptr[2].via.u64
					   : 0;
			return true;
		}
	}
	return false;
}

static void on_alive(struct ingest_client *client, const struct wire_fields *fields)
{
	const msgpack_object_array *list;
	struct lease *next;
	int64_t last_n, per_min;

	if (!wire_array(fields, 0, &list)) {
		return;
	}
	client->asked_at_ms = 0;
	for (struct lease *lease = client->leases; lease; lease = next) {
		next = lease->next;
		if (read_alive(list, lease->fence, &last_n, &per_min)) {
			compare(lease, last_n);
			if (per_min > 0) {
				client->events->shared(client->context, &lease->open, per_min);
			}
		} else if (lease->asked && (lease->asked_done || ++lease->misses >= MISSES_MAX)) {
			end(lease, true);
			continue;
		}
		lease->asked = false;
	}
}

static void report(struct ingest_client *client, const struct lease *lease, struct text code,
		   const struct wire_fields *fields)
{
	struct ingest_trouble trouble = {.target = lease ? lease->open.target : NULL, .retry_ms = -1};
	struct text detail;
	char code_text[32], detail_text[256] = "";

	snprintf(code_text, sizeof code_text, "%.*s",
		 TEXT_FMT(text_is(code, "denied") ? TEXT(INGEST_REFUSED) : code));
	if (wire_text(fields, 2, &detail)) {
		snprintf(detail_text, sizeof detail_text, "%.*s", TEXT_FMT(detail));
	}
	trouble.code = code_text;
	trouble.detail = detail_text;
	wire_int(fields, 1, &trouble.retry_ms);
	client->events->trouble(client->context, &trouble);
}

/* The hub wants n: everything from there goes again, once for each n, however many errors a gap gave. */
static void rewind_to(struct lease *lease, int64_t n)
{
	if (lease->rewound_to == n || n <= 0 || lease->resume_at_ms > zclock_mono()) {
		return;
	}
	if (n > lease->acked_n + 1) {
		lease_acked(lease, n - 1);
	}
	lease->rewound_to = n;
	lease->sent_n = lease->acked_n;
}

/* Keeps everything and asks again later. */
static void pause_until_retry(struct ingest_client *client, struct lease *lease, int64_t retry_ms)
{
	int64_t at_ms = zclock_mono() + bounded(retry_ms, RETRY_MIN_MS, IDLE_MAX_MS);

	if (!lease) {
		client->claimed_at_ms = 0;
		client->claim_at_ms = at_ms;
		return;
	}
	lease->resume_at_ms = at_ms;
	lease->sent_n = lease->acked_n;
	lease->rewound_to = 0;
	lease->targets_sent = false;
	lease->done_sent = false;
}

/* An `oversize` without a fence: the hub dropped the message before its head was read. The biggest one that
 * waits is the likeliest; halving a wrong one costs nothing. */
static struct lease *biggest(struct ingest_client *client)
{
	struct lease *best = NULL;

	for (struct lease *lease = client->leases; lease; lease = lease->next) {
		if (lease->first && lease->sent_n >= lease->first->n &&
		    (!best || lease->first->bytes > best->first->bytes)) {
			best = lease;
		}
	}
	return best;
}

static void on_oversize(struct ingest_client *client, struct lease *lease)
{
	struct err err;

	lease = lease ? lease : biggest(client);
	if (lease && lease_split(lease, &err) != OK) {
		end(lease, true);
	}
}

static void on_error(struct ingest_client *client, const struct wire_fields *fields)
{
	struct text code;
	struct lease *lease = find_at(client, fields, 3);
	int64_t number = 0;

	if (!wire_text(fields, 0, &code)) {
		return;
	}
	if (text_is(code, "expect")) {
		if (lease && wire_int(fields, 2, &number)) {
			rewind_to(lease, number);
		}
		return;
	}
	if (text_is(code, "fence")) {
		if (lease) {
			end(lease, true);
		}
		return;
	}
	report(client, lease, code, fields);
	if (text_is(code, "denied")) {
		client->claimed_at_ms = 0;
		dealer_renew(&client->dealer); /* what is not acknowledged goes again, by the numbers */
	} else if (text_is(code, "oversize")) {
		on_oversize(client, lease);
	} else if (wire_int(fields, 1, &number)) {
		pause_until_retry(client, lease, number);
	} else if (lease) {
		end(lease, true); /* malformed: sending it again can't help; the lease ends by its ttl */
	} else {
		pause_until_retry(client, NULL, IDLE_MAX_MS);
	}
}

static void on_message(void *context, const struct wire_message *message, const struct wire_fields *fields,
		       int64_t version)
{
	static const struct {
		const char *command;
		void (*handle)(struct ingest_client *, const struct wire_fields *);
	} commands[] = {
		{"ack", on_ack},     {"lease", on_lease}, {"idle", on_idle},
		{"alive", on_alive}, {"error", on_error},
	};
	struct ingest_client *client = context;

	(void)message;
	client->heard_at_ms = zclock_mono();
	client->silent = false;
	/* An error is understood in any version: it may say that ours isn't spoken. */
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (text_is(fields->command, commands[i].command) &&
		    (version == WIRE_VERSION || commands[i].handle == on_error)) {
			commands[i].handle(client, fields);
			break;
		}
	}
	ingest_pump(client);
}

static void on_writable(void *context)
{
	ingest_pump(context);
}

static void on_refused(void *context, const char *why)
{
	struct ingest_client *client = context;
	struct ingest_trouble trouble = {.code = INGEST_REFUSED, .detail = why};

	client->claimed_at_ms = 0;
	client->events->trouble(client->context, &trouble);
}

const struct dealer_events ingest_dealer_events = {
	.message = on_message,
	.writable = on_writable,
	.refused = on_refused,
};

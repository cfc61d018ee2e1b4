/* SPDX-License-Identifier: MIT */
#include "common/ingest_private.h"
#include "common/log.h"

#include <stdlib.h>
#include <string.h>

static void on_alarm(void *context)
{
	ingest_pump(context);
}

enum status ingest_new(struct ingest_client **out, zloop_t *loop, const struct bus_config *bus,
		       const char *provider, const char *worker, const struct ingest_events *events,
		       void *context, struct err *err)
{
	struct ingest_client *client = calloc(1, sizeof *client);
	enum status status;

	*out = NULL;
	if (!client) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	client->events = events;
	client->context = context;
	client->provider = strdup(provider);
	client->worker = strdup(worker);
	client->heard_at_ms = zclock_mono();
	alarm_init(&client->alarm, loop, on_alarm, client);
	status = client->provider && client->worker ? OK : err_set(err, ERR_SYS, "out of memory");
	if (status == OK) {
		status = dealer_open(&client->dealer, loop, bus, &ingest_dealer_events, client, err);
	}
	if (status != OK) {
		ingest_free(&client);
		return status;
	}
	*out = client;
	return OK;
}

void lease_free(struct lease *lease)
{
	lease_acked(lease, INT64_MAX);
	publish_free(lease->client, lease->page);
	free(lease->targets);
	free(lease->why);
	free(lease->open.target);
	free(lease);
}

void ingest_free(struct ingest_client **at)
{
	struct ingest_client *client = *at;
	struct lease *next;

	*at = NULL;
	if (!client) {
		return;
	}
	for (struct lease *lease = client->leases; lease; lease = next) {
		next = lease->next;
		lease_free(lease);
	}
	alarm_fini(&client->alarm);
	dealer_close(&client->dealer);
	free(client->provider);
	free(client->worker);
	free(client);
}

void ingest_want(struct ingest_client *client, int leases)
{
	client->want = leases;
	alarm_by(&client->alarm, zclock_mono());
}

int ingest_held(const struct ingest_client *client)
{
	return client->held;
}

bool ingest_is_idle(const struct ingest_client *client)
{
	return client->held == 0 && client->claimed_at_ms == 0;
}

/* One block: the texts, then their bytes. */
static struct text *copy_texts(const struct text *texts, size_t count)
{
	size_t size = (count ? count : 1) * sizeof *texts;
	struct text *copy;
	char *at;

	for (size_t i = 0; i < count; i++) {
		size += texts[i].size;
	}
	copy = malloc(size);
	if (!copy) {
		return NULL;
	}
	at = (char *)(copy + (count ? count : 1));
	for (size_t i = 0; i < count; i++) {
		memcpy(at, texts[i].at, texts[i].size);
		copy[i] = (struct text){at, texts[i].size};
		at += texts[i].size;
	}
	return copy;
}

enum status ingest_targets(struct ingest_lease *open, const struct text *slugs, size_t count, struct err *err)
{
	struct lease *lease = (struct lease *)open;
	struct text *copy = copy_texts(slugs, count);

	if (!copy) {
		return err_set(err, ERR_SYS, "out of memory for %zu targets", count);
	}
	free(lease->targets);
	lease->targets = copy;
	lease->target_count = count;
	lease->targets_sent = false;
	alarm_by(&lease->client->alarm, zclock_mono());
	return OK;
}

void ingest_why(struct ingest_lease *open, const char *why)
{
	struct lease *lease = (struct lease *)open;

	free(lease->why);
	lease->why = log_masked(why);
}

void ingest_settled(struct ingest_lease *open)
{
	((struct lease *)open)->settled = true;
}

void ingest_allowance(struct ingest_lease *open, int64_t per_min)
{
	((struct lease *)open)->allowance = per_min;
}

void ingest_done(struct ingest_lease *open, int64_t next_due_ms, int64_t remaining, int64_t reset_ms)
{
	struct lease *lease = (struct lease *)open;

	publish_free(lease->client, lease->page);
	lease->page = NULL;
	lease->done = true;
	lease->next_due_ms = next_due_ms;
	lease->remaining = remaining;
	lease->reset_ms = reset_ms;
	/* Not from here: the caller may be inside `granted` or `acked`. */
	alarm_by(&lease->client->alarm, zclock_mono());
}

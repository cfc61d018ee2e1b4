/* What the ingest client says: claims, publishes, targets, done, heartbeats. Everything is sent from one
 * function, ingest_pump, which looks at what is due and at the clock; so a failed send is simply tried again
 * by it. */
/* SPDX-License-Identifier: MIT */
#include "common/ingest_private.h"

#define CLAIM_WAIT_MS 3000  /* then the claim or its answer was lost with a connection */
#define BEAT_WAIT_MS  3000  /* the same for a heartbeat */
#define SILENT_MS     10000 /* then somebody should know */

/* A slug has at most 512 bytes: half a head, two thirds of a body. */
#define TARGETS_A_HEAD 1000
#define TARGETS_A_BODY 10000

/* Ends the head and sends the message. Frees what is left of it. */
static enum status send_head(struct ingest_client *client, struct wire_head *head,
			     struct wire_message *message)
{
	struct err err;
	enum status status = wire_end(head, message);

	if (status == OK) {
		status = dealer_send(&client->dealer, message, &err);
	}
	wire_fini(message);
	return status;
}

static enum status send_claim(struct ingest_client *client)
{
	struct wire_message message = {0};
	struct wire_head head;

	wire_begin(&head, "claim", 2);
	wire_put_string(&head, client->provider);
	wire_put_string(&head, client->worker);
	return send_head(client, &head, &message);
}

static enum status send_publish(struct lease *lease, struct publish *publish)
{
	struct wire_message message = {0};
	struct wire_head head;
	struct err err;
	enum status status;

	wire_begin(&head, "publish", 3);
	wire_put_int(&head, lease->fence);
	wire_put_int(&head, publish->n);
	wire_put_bytes(&head, (struct text){publish->cursor, publish->cursor_size});
	status = wire_end(&head, &message);
	for (size_t i = 0; status == OK && i < publish->count; i++) {
		status = wire_body_share(&message, &publish->bodies[i]);
	}
	if (status == OK) {
		status = dealer_send(&lease->client->dealer, &message, &err);
	}
	wire_fini(&message);
	return status;
}

static size_t at_most(size_t count, size_t most)
{
	return count < most ? count : most;
}

/* A list as a body. */
static enum status add_targets(const struct text *slugs, size_t count, struct wire_message *message)
{
	msgpack_sbuffer bytes;
	msgpack_packer packer;
	enum status status;

	msgpack_sbuffer_init(&bytes);
	msgpack_packer_init(&packer, &bytes, msgpack_sbuffer_write);
	msgpack_pack_array(&packer, count);
	for (size_t i = 0; i < count; i++) {
		msgpack_pack_str_with_body(&packer, slugs[i].at, slugs[i].size);
	}
	status = wire_body(message, &bytes);
	msgpack_sbuffer_destroy(&bytes);
	return status;
}

/* What the head has no room for goes into bodies. */
static enum status send_targets(struct lease *lease)
{
	size_t in_head = at_most(lease->target_count, TARGETS_A_HEAD);
	struct wire_message message = {0};
	struct wire_head head;
	struct err err;
	enum status status;

	wire_begin(&head, "targets", 2);
	wire_put_int(&head, lease->fence);
	wire_put_array(&head, (uint32_t)in_head);
	for (size_t i = 0; i < in_head; i++) {
		wire_put_text(&head, lease->targets[i]);
	}
	status = wire_end(&head, &message);
	for (size_t from = in_head; status == OK && from < lease->target_count; from += TARGETS_A_BODY) {
		status = add_targets(&lease->targets[from],
				     at_most(lease->target_count - from, TARGETS_A_BODY), &message);
	}
	if (status == OK) {
		status = dealer_send(&lease->client->dealer, &message, &err);
	}
	wire_fini(&message);
	return status;
}

static void put_known(struct wire_head *head, int64_t value)
{
	value < 0 ? wire_put_nil(head) : wire_put_int(head, value);
}

static enum status send_done(struct lease *lease)
{
	struct wire_message message = {0};
	struct wire_head head;

	wire_begin(&head, "done", 7);
	wire_put_int(&head, lease->fence);
	wire_put_int(&head, lease->next_due_ms);
	put_known(&head, lease->remaining);
	put_known(&head, lease->reset_ms);
	wire_put_string(&head, lease->why);
	wire_put_bool(&head, lease->settled);
	put_known(&head, lease->allowance);
	return send_head(lease->client, &head, &message);
}

static enum status send_heartbeat(struct ingest_client *client)
{
	struct wire_message message = {0};
	struct wire_head head;

	wire_begin(&head, "heartbeat", 1);
	wire_put_array(&head, (uint32_t)client->held);
	for (struct lease *lease = client->leases; lease; lease = lease->next) {
		wire_put_int(&head, lease->fence);
	}
	return send_head(client, &head, &message);
}

static enum status pump_publishes(struct lease *lease)
{
	for (struct publish *publish = lease->first; publish; publish = publish->next) {
		enum status status;

		if (publish->n <= lease->sent_n) {
			continue;
		}
		status = send_publish(lease, publish);
		if (status != OK) {
			return status;
		}
		lease->sent_n = publish->n;
	}
	return OK;
}

static enum status pump_lease(struct lease *lease, int64_t now)
{
	enum status status;

	if (lease->resume_at_ms > now) {
		alarm_by(&lease->client->alarm, lease->resume_at_ms);
		return OK;
	}
	status = pump_publishes(lease);
	if (status == OK && lease->targets && !lease->targets_sent) {
		status = send_targets(lease);
		lease->targets_sent = status == OK;
	}
	if (status == OK && lease->done && !lease->done_sent && !lease->first && !lease->targets) {
		status = send_done(lease);
		lease->done_sent = status == OK;
	}
	return status;
}

/* Remembers what an answer to this heartbeat will speak of. While an older one is unanswered its marks stay:
 * whichever answer comes, they are true for it. */
static void mark_asked(struct ingest_client *client, int64_t now)
{
	bool waiting = client->asked_at_ms && now - client->asked_at_ms < BEAT_WAIT_MS;

	for (struct lease *lease = client->leases; lease; lease = lease->next) {
		if (!waiting || !lease->asked) {
			lease->asked_n = waiting ? 0 : lease->sent_n;
			lease->asked_targets = !waiting && lease->targets_sent;
			lease->asked_done = !waiting && lease->done_sent;
		}
		lease->asked = true;
	}
	if (!waiting) {
		client->asked_at_ms = now;
	}
}

static enum status pump_heartbeat(struct ingest_client *client, int64_t now)
{
	enum status status = OK;

	if (!client->leases) {
		client->asked_at_ms = 0;
		return OK;
	}
	if (now >= client->beat_at_ms) {
		client->beat_at_ms = now + WIRE_HEARTBEAT_MS;
		status = send_heartbeat(client);
		if (status == OK) {
			mark_asked(client, now);
		}
	}
	alarm_by(&client->alarm, client->beat_at_ms);
	return status;
}

static enum status pump_claim(struct ingest_client *client, int64_t now)
{
	enum status status;

	if (client->claimed_at_ms && now - client->claimed_at_ms >= CLAIM_WAIT_MS) {
		client->claimed_at_ms = 0;
	}
	if (client->claimed_at_ms) {
		alarm_by(&client->alarm, client->claimed_at_ms + CLAIM_WAIT_MS);
		return OK;
	}
	if (client->held >= client->want) {
		return OK;
	}
	if (now < client->claim_at_ms) {
		alarm_by(&client->alarm, client->claim_at_ms);
		return OK;
	}
	status = send_claim(client);
	if (status == OK) {
		client->claimed_at_ms = now;
		alarm_by(&client->alarm, now + CLAIM_WAIT_MS);
	}
	return status;
}

static void tell_silence(struct ingest_client *client)
{
	const struct ingest_trouble trouble = {.code = INGEST_SILENT, .retry_ms = -1};

	client->silent = true;
	client->events->trouble(client->context, &trouble);
}

/* Since when an answer is due; INT64_MAX: none is. */
static int64_t waits_since(const struct ingest_client *client)
{
	if (client->held > 0) {
		return client->heard_at_ms;
	}
	if (client->want == 0) {
		return INT64_MAX;
	}
	/* The hub said when to ask again: no silence before that. */
	return client->claim_at_ms > client->heard_at_ms ? client->claim_at_ms : client->heard_at_ms;
}

static void watch_silence(struct ingest_client *client, int64_t now)
{
	int64_t since_ms = waits_since(client);

	if (since_ms == INT64_MAX) {
		return;
	}
	if (!client->silent && now - since_ms >= SILENT_MS) {
		tell_silence(client);
	}
	alarm_by(&client->alarm, (since_ms > now ? since_ms : now) + WIRE_HEARTBEAT_MS);
}

void ingest_pump(struct ingest_client *client)
{
	int64_t now = zclock_mono();
	enum status status;

	watch_silence(client, now);
	if (!client->dealer.socket) {
		return;
	}
	status = pump_heartbeat(client, now);
	for (struct lease *lease = client->leases; status == OK && lease; lease = lease->next) {
		status = pump_lease(lease, now);
	}
	if (status == OK) {
		status = pump_claim(client, now);
	}
	if (status != OK && status != ERR_AGAIN) {
		/* Memory or the socket failed: the next heartbeat tries again. */
		alarm_by(&client->alarm, now + WIRE_HEARTBEAT_MS);
	}
}

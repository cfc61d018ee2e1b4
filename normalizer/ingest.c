/* The commands of fetchers: docs/protocol.md section 2. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/record.h"
#include "normalizer/batch.h"
#include "normalizer/details.h"
#include "normalizer/lease.h"
#include "normalizer/lease_options.h"
#include "normalizer/port.h"
#include "normalizer/records.h"
#include "normalizer/targets.h"

#define CURSOR_MAX 65536
#define WHY_MAX    512

#define RELEASED_RETRY_MS 60000 /* soon there is no hub any more */

static void answer_ack(struct request *request, int64_t n, const struct intake *counts)
{
	struct wire_head head;

	wire_begin(&head, "ack", 5);
	wire_put_int(&head, n);
	wire_put_int(&head, counts->fresh);
	wire_put_int(&head, counts->unchanged);
	wire_put_int(&head, counts->stale);
	wire_put_int(&head, request->fence);
	request_answer(request, &head);
}

/* NULL: answered. */
static struct lease *lease_for(struct request *request)
{
	struct lease *lease;

	if (!wire_int(request->fields, 0, &request->fence) || request->fence < 1) {
		request->fence = 0;
		request_refuse(request, "malformed", -1, "field 1 is not a fence");
		return NULL;
	}
	lease = lease_of(request->hub, request->fence);
	if (!lease) {
		request_refuse(request, "fence", -1, NULL);
		return NULL;
	}
	lease->alive_ms = now_ms();
	return lease;
}

#define KNOWN_KEYS_MAX 200

struct key_list {
	const char *keys[KNOWN_KEYS_MAX];
	uint32_t count;
};

static void add_key(void *context, const char *key)
{
	struct key_list *list = context;

	if (list->count < KNOWN_KEYS_MAX) {
		list->keys[list->count++] = key;
	}
}

/* The first visit of a hub that knows nothing, where the destinations do. */
static enum status put_known(struct hub *hub, struct wire_head *head, const struct lease *lease,
			     struct known_window *window)
{
	struct text slug = text_of(strchr(lease->target, ':') + 1);
	struct key_list list = {.count = 0};

	*window = known_window(&hub->known, slug);
	known_open(&hub->known, slug, add_key, &list);
	wire_put_array(head, list.count);
	for (uint32_t i = 0; i < list.count; i++) {
		wire_put_string(head, list.keys[i]);
	}
	return OK;
}

static enum status put_keys(struct hub *hub, struct wire_head *head, const struct lease *lease,
			    struct text cursor, struct lease_options *options, struct err *err)
{
	enum status status;

	if (details_lease(lease)) {
		return details_put_keys(hub, head, lease, &options->backfill, err);
	}
	if (!cursor.at && hub->known.count > 0) {
		return put_known(hub, head, lease, &options->window);
	}
	status = due_keys_put(hub, head, lease, err);
	return status == OK && live_is(lease->target) ? live_anew(hub, lease, &options->anew, err) : status;
}

static void answer_lease(struct request *request, struct lease *lease, struct text cursor)
{
	struct hub *hub = request->hub;
	int64_t share = share_of(hub, lease);
	struct lease_options options = {.sync = hub->context->config.bus.sync, .window = {-1, INT_NULL}};
	struct wire_head head;
	struct err err;

	request->fence = lease->fence;
	wire_begin(&head, "lease", 7);
	wire_put_string(&head, lease->target);
	wire_put_int(&head, lease->fence);
	wire_put_bytes(&head, cursor);
	if (put_keys(hub, &head, lease, cursor, &options, &err) != OK) {
		batch_break(hub, &err);
	}
	lease_options_put(&head, &options);
	share < 0 ? wire_put_nil(&head) : wire_put_int(&head, share);
	wire_put_int(&head, hub->ttl_ms);
	request_answer(request, &head);
}

static void answer_idle(struct request *request, int64_t retry_ms)
{
	struct wire_head head;

	wire_begin(&head, "idle", 1);
	wire_put_int(&head, retry_ms);
	request_answer(request, &head);
}

static void on_claim(struct request *request)
{
	struct hub *hub = request->hub;
	struct text provider = {0}, worker = {0}, cursor;
	struct lease *lease;
	int64_t retry_ms;
	struct err err;

	if (!wire_text(request->fields, 0, &provider) || !name_ok(provider) ||
	    !wire_text(request->fields, 1, &worker) || !name_ok(worker)) {
		request_refuse(request, "malformed", -1,
			       "claim needs provider and worker, 1 to 512 bytes each");
		return;
	}
	if (hub->known_path && known_read(&hub->known, hub->known_path, &err) != OK) {
		request_fail(request, &err);
		return;
	}
	hub->known_path = NULL;
	if (!hub->taking) {
		request_refuse(request, "full", FULL_RETRY_MS, hub->not_taking);
	} else if (hub->released) {
		answer_idle(request, RELEASED_RETRY_MS);
	} else if (lease_grant(hub, provider, worker, &lease, &cursor, &retry_ms, &err) != OK) {
		request_fail(request, &err);
	} else if (lease) {
		answer_lease(request, lease, cursor);
	} else {
		answer_idle(request, retry_ms);
	}
}

static enum status commit_page(struct request *request, struct lease *lease, int64_t n, struct text cursor,
			       struct intake *counts, struct err *err)
{
	struct hub *hub = request->hub;
	enum status status = batch_begin(hub, err);

	for (size_t i = 0; status == OK && i < wire_body_count(&hub->in); i++) {
		status = intake_envelope(hub, lease, wire_body_at(&hub->in, i), counts, err);
	}
	if (status == OK && cursor.at) {
		status = db_run(&hub->db, SQL_TARGET_CURSOR, err, "bt", cursor, text_of(lease->target));
	}
	if (status == OK) {
		status = db_run(&hub->db, SQL_LEASE_LAST, err, "ii", n, lease->fence);
	}
	if (status != OK) {
		batch_break(hub, err);
		return status;
	}
	lease->last = n;
	/* Unchanged ones cost a row too: they count for the size of the batch. */
	hub->batch.records += (size_t)(counts->unchanged + counts->stale);
	return OK;
}

static void on_publish(struct request *request)
{
	struct hub *hub = request->hub;
	struct lease *lease = lease_for(request);
	struct intake counts = {0};
	struct text cursor = {0};
	struct err err = {0};
	int64_t n;

	if (!lease) {
		return;
	}
	if (!wire_int(request->fields, 1, &n) || n < 1 ||
	    (!wire_nil(request->fields, 2) && !wire_text(request->fields, 2, &cursor)) ||
	    cursor.size > CURSOR_MAX) {
		request_refuse(request, "malformed", -1,
			       "publish needs fence, n from 1, and a cursor of at most 64 KiB or nil");
		return;
	}
	if (n <= lease->last) {
		answer_ack(request, n, &counts);
		return;
	}
	if (n > lease->last + 1) {
		request_expect(request, lease->last + 1);
		return;
	}
	if (!hub->taking) {
		request_refuse(request, "full", FULL_RETRY_MS, hub->not_taking);
		return;
	}
	++*hub->counts.publishes;
	if (commit_page(request, lease, n, cursor, &counts, &err) != OK) {
		request_fail(request, &err);
		return;
	}
	lease->fresh += counts.fresh;
	lease->moved_ms = passed_ms();
	*hub->counts.changed += counts.fresh;
	*hub->counts.unchanged += counts.unchanged;
	*hub->counts.stale += counts.stale;
	answer_ack(request, n, &counts);
}

static bool is_discovery(const struct lease *lease)
{
	return lease->target[strlen(lease->target) - 1] == '*';
}

static void on_targets(struct request *request)
{
	struct hub *hub = request->hub;
	struct lease *lease = lease_for(request);
	const msgpack_object_array *slugs;
	struct found found = {0};
	struct intake counts = {0};
	struct err err = {0};
	enum status status;

	if (!lease) {
		return;
	}
	if (!wire_array(request->fields, 1, &slugs) || !is_discovery(lease) ||
	    !found_read(&found, slugs, &hub->in)) {
		found_fini(&found);
		request_refuse(request, "malformed", -1,
			       "targets needs the fence of a discovery and lists of slugs");
		return;
	}
	status = batch_begin(hub, &err);
	if (status == OK) {
		status = targets_found(hub, lease, &found, &counts, &err);
	}
	found_fini(&found);
	if (status != OK) {
		if (status != ERR_DATA) {
			batch_break(hub, &err);
		}
		request_fail(request, &err);
		return;
	}
	answer_ack(request, 0, &counts);
}

/* What is now its worker's part of the source's budget: said once, where it holds several leases of one. */
static void put_alive(struct hub *hub, struct wire_head *head, struct lease *const *alive, uint32_t at)
{
	bool said = false;
	int64_t share;

	for (uint32_t i = 0; !said && i < at; i++) {
		said = strcmp(alive[i]->source, alive[at]->source) == 0;
	}
	share = said ? -1 : share_of(hub, alive[at]);
	wire_put_array(head, share < 0 ? 2 : 3);
	wire_put_int(head, alive[at]->fence);
	wire_put_int(head, alive[at]->last);
	if (share >= 0) {
		wire_put_int(head, share);
	}
}

static void on_heartbeat(struct request *request)
{
	struct hub *hub = request->hub;
	const msgpack_object_array *fences;
	struct lease *alive[1024];
	uint32_t count = 0;
	struct wire_head head;

	if (!wire_array(request->fields, 0, &fences) || fences->size > 1024) {
		request_refuse(request, "malformed", -1, "heartbeat needs a list of at most 1024 fences");
		return;
	}
	for (uint32_t i = 0; i < fences->size; i++) {
		bool number = fences->ptr[i].type == MSGPACK_OBJECT_POSITIVE_INTEGER;
		struct lease *lease = number ? lease_of(hub, fences->ptr[i].via.i64) : NULL;
		if (lease) {
			lease->alive_ms = now_ms();
			alive[count++] = lease;
		}
	}
	wire_begin(&head, "alive", 1);
	wire_put_array(&head, count);
	for (uint32_t i = 0; i < count; i++) {
		put_alive(hub, &head, alive, i);
	}
	request_answer(request, &head);
}

static void note_budget(struct hub *hub, const struct lease *lease, const struct wire_fields *fields)
{
	int64_t remaining = -1, reset_ms = -1, per_min = -1;

	(void)wire_int(fields, 2, &remaining);
	(void)wire_int(fields, 3, &reset_ms);
	(void)wire_int(fields, 6, &per_min);
	share_learn(hub, lease, remaining, reset_ms, per_min);
}

/* Cut between characters. */
static void read_why(const struct wire_fields *fields, struct text *why)
{
	if (wire_text(fields, 4, why) && why->size > WHY_MAX) {
		for (why->size = WHY_MAX; why->size > 0 && (why->at[why->size] & 0xc0) == 0x80; why->size--) {
		}
	}
}

static void on_done(struct request *request)
{
	struct hub *hub = request->hub;
	struct lease *lease = lease_for(request);
	struct intake none = {0};
	struct err err = {0};
	struct ending ending = {0};
	int64_t last;
	enum status status;

	if (!lease) {
		return;
	}
	read_why(request->fields, &ending.why);
	ending.settled = wire_true(request->fields, 5) && !ending.why.at;
	if (!wire_int(request->fields, 1, &ending.next_due_ms) || ending.next_due_ms < 0 ||
	    ending.next_due_ms > 7 * 86400000LL) {
		request_refuse(request, "malformed", -1, "done needs a fence and next_due_ms of 0 to 7 days");
		return;
	}
	last = lease->last;
	note_budget(hub, lease, request->fields);
	status = batch_begin(hub, &err);
	if (status == OK) {
		status = lease_end(hub, lease, &ending, &err);
	}
	if (status != OK) {
		batch_break(hub, &err);
		request_fail(request, &err);
		return;
	}
	answer_ack(request, last, &none);
}

static const struct command commands[] = {
	{"publish", on_publish}, {"claim", on_claim},     {"heartbeat", on_heartbeat},
	{"done", on_done},       {"targets", on_targets}, {.name = NULL},
};

int on_ingest(zloop_t *loop, zsock_t *socket, void *arg)
{
	(void)loop, (void)socket;
	port_drain(arg, PORT_INGEST, commands);
	return 0;
}

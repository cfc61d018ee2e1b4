/* Pages of the ingest client: filled with envelopes, cut into numbered publishes, kept until acknowledged. */
/* SPDX-License-Identifier: MIT */
#include "common/ingest_private.h"

#include <stdlib.h>
#include <string.h>

static struct lease *lease_of(struct ingest_lease *open)
{
	return (struct lease *)open;
}

static void bodies_close(struct publish *publish)
{
	for (size_t i = 0; i < publish->count; i++) {
		zmq_msg_close(&publish->bodies[i]);
	}
	free(publish->bodies);
}

void publish_free(struct ingest_client *client, struct publish *publish)
{
	if (!publish) {
		return;
	}
	client->bytes -= publish->bytes;
	bodies_close(publish);
	free(publish->cursor);
	free(publish);
}

void lease_acked(struct lease *lease, int64_t n)
{
	while (lease->first && lease->first->n <= n) {
		struct publish *publish = lease->first;

		lease->first = publish->next;
		lease->acked_n = publish->n;
		publish_free(lease->client, publish);
	}
	if (!lease->first) {
		lease->last = NULL;
	}
	if (lease->sent_n < lease->acked_n) {
		lease->sent_n = lease->acked_n;
	}
	if (lease->acked_n >= lease->rewound_to) {
		lease->rewound_to = 0;
	}
}

bool ingest_room(const struct ingest_lease *open)
{
	const struct lease *lease = (const struct lease *)open;
	int64_t waiting = lease->last_n - lease->acked_n;

	return waiting == 0 || (waiting < INGEST_WINDOW && lease->client->bytes < INGEST_BYTES_MAX);
}

static enum status page_begin(struct lease *lease, struct err *err)
{
	if (!lease->page) {
		lease->page = calloc(1, sizeof *lease->page);
		lease->page_capacity = 0;
	}
	return lease->page ? OK : err_set(err, ERR_SYS, "out of memory for a page");
}

static enum status page_grow(struct lease *lease, struct err *err)
{
	size_t capacity = lease->page_capacity ? lease->page_capacity * 2 : 16;
	zmq_msg_t *bodies;

	if (lease->page->count < lease->page_capacity) {
		return OK;
	}
	/* A zmq_msg_t may be moved in memory while nobody uses its old place. */
	bodies = realloc(lease->page->bodies, capacity * sizeof *bodies);
	if (!bodies) {
		return err_set(err, ERR_SYS, "out of memory for a page of %zu builds", lease->page->count);
	}
	lease->page->bodies = bodies;
	lease->page_capacity = capacity;
	return OK;
}

static void free_body(void *bytes, void *hint)
{
	(void)hint;
	free(bytes);
}

/* Takes packed's memory. */
static enum status page_append(struct lease *lease, msgpack_sbuffer *packed, struct err *err)
{
	struct publish *page = lease->page;
	size_t size = packed->size;
	char *buffer = msgpack_sbuffer_release(packed), *bytes = realloc(buffer, size);

	bytes = bytes ? bytes : buffer;
	if (zmq_msg_init_data(&page->bodies[page->count], bytes, size, free_body, NULL) != 0) {
		free(bytes);
		return err_set(err, ERR_SYS, "out of memory for a build");
	}
	page->count++;
	page->bytes += size;
	lease->client->bytes += size;
	return OK;
}

static void number(struct lease *lease)
{
	struct publish *page = lease->page;

	lease->page = NULL;
	page->n = ++lease->last_n;
	if (lease->last) {
		lease->last->next = page;
	} else {
		lease->first = page;
	}
	lease->last = page;
}

/* A build over the protocol's bound can't travel: its key still does, so that it can be found in the dead
 * letters. */
static void pack_bounded(const struct raw *raw, msgpack_sbuffer *out)
{
	struct raw bare = *raw;

	msgpack_sbuffer_init(out);
	raw_pack(raw, out);
	if (out->size > WIRE_BODY_MAX) {
		bare.kind = RAW_OVERSIZE;
		bare.body = (struct text){0};
		msgpack_sbuffer_destroy(out);
		msgpack_sbuffer_init(out);
		raw_pack(&bare, out);
	}
}

enum status ingest_add(struct ingest_lease *open, const struct raw *raw, struct err *err)
{
	struct lease *lease = lease_of(open);
	msgpack_sbuffer packed;
	enum status status;

	pack_bounded(raw, &packed);
	if (lease->page && lease->page->count > 0 &&
	    (lease->page->bytes + packed.size > INGEST_PAGE_BYTES || lease->page->count == WIRE_BODIES_MAX)) {
		number(lease);
	}
	status = page_begin(lease, err);
	if (status == OK) {
		status = page_grow(lease, err);
	}
	if (status == OK) {
		status = page_append(lease, &packed, err);
	}
	msgpack_sbuffer_destroy(&packed);
	return status;
}

enum status ingest_cut(struct ingest_lease *open, struct text cursor, struct err *err)
{
	struct lease *lease = lease_of(open);
	enum status status;

	if (!cursor.at && !lease->page) {
		return OK;
	}
	status = page_begin(lease, err);
	if (status != OK) {
		return status;
	}
	if (cursor.at) {
		lease->page->cursor = malloc(cursor.size + 1);
		if (!lease->page->cursor) {
			return err_set(err, ERR_SYS, "out of memory for a cursor");
		}
		memcpy(lease->page->cursor, cursor.at, cursor.size);
		lease->page->cursor_size = cursor.size;
	}
	number(lease);
	ingest_pump(lease->client);
	return OK;
}

static enum status halve(struct publish *publish, struct publish **rest)
{
	size_t keep = publish->count / 2, moved = publish->count - keep;
	struct publish *half = calloc(1, sizeof *half);

	if (half) {
		half->bodies = calloc(moved, sizeof *half->bodies);
	}
	if (!half || !half->bodies) {
		free(half);
		return ERR_SYS;
	}
	memcpy(half->bodies, publish->bodies + keep, moved * sizeof *half->bodies);
	half->count = moved;
	for (size_t i = 0; i < moved; i++) {
		half->bytes += zmq_msg_size(&half->bodies[i]);
	}
	half->cursor = publish->cursor;
	half->cursor_size = publish->cursor_size;
	half->next = publish->next;
	publish->cursor = NULL;
	publish->count = keep;
	publish->bytes -= half->bytes;
	publish->next = half;
	*rest = half;
	return OK;
}

/* The body is read back from its envelope: the only place where the client looks into one. */
static enum status replace_by_oversize(struct ingest_client *client, struct publish *publish, struct err *err)
{
	zmq_msg_t *body = &publish->bodies[0];
	struct raw raw;
	msgpack_sbuffer packed;
	enum status status;

	schema_init(raw_fields, &raw);
	status = raw_unpack(zmq_msg_data(body), zmq_msg_size(body), &raw, err);
	if (status != OK) {
		return status;
	}
	raw.kind = RAW_OVERSIZE;
	raw.body = (struct text){0};
	msgpack_sbuffer_init(&packed);
	raw_pack(&raw, &packed);
	client->bytes -= publish->bytes;
	zmq_msg_close(body);
	status = zmq_msg_init_size(body, packed.size) == 0 ? OK : err_set(err, ERR_SYS, "out of memory");
	if (status == OK) {
		memcpy(zmq_msg_data(body), packed.data, packed.size);
	} else {
		publish->count = 0;
	}
	publish->bytes = status == OK ? packed.size : 0;
	client->bytes += publish->bytes;
	msgpack_sbuffer_destroy(&packed);
	return status;
}

enum status lease_split(struct lease *lease, struct err *err)
{
	struct publish *publish = lease->first, *rest;

	if (!publish || publish->count == 0) {
		return err_set(err, ERR_DATA, "the hub finds a message without builds too big");
	}
	lease->sent_n = publish->n - 1;
	lease->rewound_to = publish->n; /* the refusals of what followed it are about old numbers */
	if (publish->count == 1) {
		return replace_by_oversize(lease->client, publish, err);
	}
	if (halve(publish, &rest) != OK) {
		return err_set(err, ERR_SYS, "out of memory to halve a page");
	}
	if (lease->last == publish) {
		lease->last = rest;
	}
	/* None of the later ones was committed: a gap is refused. So their numbers may move. */
	for (struct publish *p = rest; p; p = p->next) {
		p->n = p == rest ? publish->n + 1 : p->n + 1;
	}
	lease->last_n++;
	return OK;
}

/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/fake_hub.h"
#include "common/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK_MS 2

static int on_message(zloop_t *loop, zmq_pollitem_t *item, void *arg);

void fake_hub_init(struct fake_hub *hub, zloop_t *loop)
{
	char folder[] = "/tmp/buildbus-hub-XXXXXX";

	memset(hub, 0, sizeof *hub);
	hub->loop = loop;
	hub->epoch = 7001;
	hub->next_session = 41;
	zmq_msg_init(&hub->peer);
	if (!mkdtemp(folder)) {
		abort();
	}
	snprintf(hub->endpoint, sizeof hub->endpoint, "ipc://%s/feed.ipc", folder);
}

void fake_hub_bind(struct fake_hub *hub)
{
	zmq_pollitem_t item = {.events = ZMQ_POLLIN};

	hub->router = zsock_new(ZMQ_ROUTER);
	zsock_set_linger(hub->router, 0);
	item.socket = zsock_resolve(hub->router);
	if (zmq_bind(item.socket, hub->endpoint) != 0) {
		abort();
	}
	zloop_poller(hub->loop, &item, on_message, hub);
	zloop_poller_set_tolerant(hub->loop, &item);
}

void fake_hub_kill(struct fake_hub *hub)
{
	zmq_pollitem_t item = {.socket = hub->router ? zsock_resolve(hub->router) : NULL};

	if (hub->router) {
		zloop_poller_end(hub->loop, &item);
		zsock_destroy(&hub->router);
	}
	fake_hub_forget(hub);
}

void fake_hub_fini(struct fake_hub *hub)
{
	char *slash;

	fake_hub_kill(hub);
	zmq_msg_close(&hub->peer);
	for (int64_t i = 0; i < hub->head; i++) {
		free((char *)(uintptr_t)hub->log[i].at);
	}
	unlink(hub->endpoint + strlen("ipc://"));
	slash = strrchr(hub->endpoint, '/');
	*slash = '\0';
	rmdir(hub->endpoint + strlen("ipc://"));
}

void fake_hub_forget(struct fake_hub *hub)
{
	hub->session = 0;
	hub->credit = 0;
}

static void reply(struct fake_hub *hub, const zmq_msg_t *to, struct wire_head *head)
{
	struct wire_message message = {0};
	struct err err;

	if (wire_end(head, &message) != OK ||
	    wire_send(zsock_resolve(hub->router), to, &message, &err) != OK) {
		wire_clear(&message);
	}
	wire_fini(&message);
}

static void reply_int(struct fake_hub *hub, const zmq_msg_t *to, const char *command, int64_t a, int64_t b)
{
	struct wire_head head;

	wire_begin(&head, command, 2);
	wire_put_int(&head, a);
	wire_put_int(&head, b);
	reply(hub, to, &head);
}

static void reply_error(struct fake_hub *hub, const zmq_msg_t *to, const char *code)
{
	struct wire_head head;

	wire_begin(&head, "error", 3);
	wire_put_string(&head, code);
	if (strcmp(code, "no_session") == 0 || strcmp(code, "full") == 0) {
		wire_put_int(&head, strcmp(code, "full") == 0 ? 30 : 0);
	} else {
		wire_put_nil(&head);
	}
	wire_put_string(&head, "as the test asked");
	reply(hub, to, &head);
}

static void on_attach(struct fake_hub *hub, zmq_msg_t *from, const struct wire_fields *fields)
{
	struct wire_head head;
	struct position wanted = {.epoch = 1};
	int64_t old = 0;

	wire_int(fields, 1, &old);
	hub->attach_sessions[hub->attach_count++ % FAKE_ATTACH_MAX] = old;
	if (hub->refuse) {
		reply_error(hub, from, hub->refuse);
		return;
	}
	if (hub->woke) {
		reply_int(hub, from, "busy", 0, 0);
	}
	if (hub->busy > 0) {
		hub->busy--;
		reply_int(hub, from, "busy", 5, 0);
		return;
	}
	if (wire_position(fields, 2, &wanted) && wanted.epoch == 0) {
		hub->position = 0;
	}
	zmq_msg_copy(&hub->peer, from);
	hub->session = hub->next_session++;
	hub->sent = hub->position;
	hub->credit = 0;
	wire_begin(&head, "attached", 4);
	wire_put_int(&head, hub->session);
	wire_put_position(&head, (struct position){hub->epoch, hub->position});
	wire_put_bytes(&head, hub->note[0] ? text_of(hub->note) : (struct text){0});
	wire_put_position(&head, (struct position){hub->epoch, hub->head});
	reply(hub, from, &head);
}

static void on_ack(struct fake_hub *hub, zmq_msg_t *from, const struct wire_fields *fields)
{
	struct position position = {0};
	struct text note = {0};

	wire_position(fields, 1, &position);
	wire_text(fields, 2, &note);
	if (position.epoch != hub->epoch || position.seq > hub->sent) {
		reply_error(hub, from, "malformed");
		return;
	}
	hub->acks++;
	if (position.seq > hub->position) {
		hub->position = position.seq;
	} else if (position.seq == hub->position && note.at) {
		snprintf(hub->note, sizeof hub->note, "%.*s", TEXT_FMT(note));
		hub->notes++;
		reply_int(hub, from, "alive", hub->session, hub->sent);
	}
}

void fake_hub_probe(struct fake_hub *hub)
{
	struct wire_head head;

	wire_begin(&head, "alive", 3);
	wire_put_int(&head, hub->session);
	wire_put_int(&head, hub->sent);
	wire_put_bool(&head, true);
	reply(hub, &hub->peer, &head);
}

static void on_reject(struct fake_hub *hub, zmq_msg_t *from, const struct wire_fields *fields)
{
	struct fake_dead *dead = &hub->dead[hub->dead_count < FAKE_DEAD_MAX ? hub->dead_count++ : 0];
	struct text reason = {0};

	wire_int(fields, 1, &dead->seq);
	wire_text(fields, 2, &reason);
	snprintf(dead->reason, sizeof dead->reason, "%.*s", TEXT_FMT(reason));
	if (!hub->quiet_rejects) {
		reply_int(hub, from, "alive", hub->session, hub->sent);
	}
}

static void on_session_command(struct fake_hub *hub, zmq_msg_t *from, const struct wire_fields *fields)
{
	int64_t session = 0, records = 0;

	wire_int(fields, 0, &session);
	if (session == 0 || session != hub->session) {
		reply_error(hub, from, "no_session");
	} else if (text_is(fields->command, "credit")) {
		wire_int(fields, 1, &records);
		hub->credit += records;
	} else if (hub->full > 0 && !text_is(fields->command, "heartbeat")) {
		hub->full--;
		reply_error(hub, from, "full");
	} else if (text_is(fields->command, "ack")) {
		on_ack(hub, from, fields);
	} else if (text_is(fields->command, "reject")) {
		on_reject(hub, from, fields);
	} else if (text_is(fields->command, "heartbeat")) {
		hub->heartbeats++;
		reply_int(hub, from, "alive", hub->session, hub->sent);
	} else if (text_is(fields->command, "detach")) {
		hub->byes++;
		reply_int(hub, from, "bye", hub->session, 0);
		fake_hub_forget(hub);
	} else {
		reply_error(hub, from, "command");
	}
}

static int on_message(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
	struct fake_hub *hub = arg;
	struct wire_message message = {0};
	struct wire_fields fields;
	struct err err;
	int64_t version;
	zmq_msg_t from;

	(void)loop;
	zmq_msg_init(&from);
	while (wire_receive(item->socket, &from, &message, &err) == OK) {
		if (wire_read(&message, &fields, &version, &err) != OK) {
			abort(); /* the reader sent garbage */
		}
		if (!hub->deaf) {
			text_is(fields.command, "attach") ? on_attach(hub, &from, &fields)
							  : on_session_command(hub, &from, &fields);
		}
		wire_fields_fini(&fields);
	}
	wire_fini(&message);
	zmq_msg_close(&from);
	fake_hub_pump(hub);
	return 0;
}

/* One range of at most `limit` records; what is compacted is covered by it. */
static void send_range(struct fake_hub *hub, int64_t limit)
{
	struct wire_message message = {0}, bodies = {0};
	int64_t first = hub->sent + 1, last = hub->sent, seqs[4096];
	uint32_t count = 0;
	struct wire_head head;
	struct err err;

	while (last < hub->head && count < limit) {
		const struct text *record = &hub->log[last++];
		if (record->at) {
			seqs[count++] = last;
		}
	}
	wire_begin(&head, "records", 4);
	wire_put_int(&head, hub->session);
	wire_put_int(&head, first);
	wire_put_int(&head, last);
	wire_put_array(&head, count);
	for (uint32_t i = 0; i < count; i++) {
		wire_put_int(&head, seqs[i]);
	}
	hub->sent = last;
	hub->credit -= count;
	if (wire_end(&head, &message) != OK) {
		abort();
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct text *record = &hub->log[seqs[i] - 1];
		if (wire_body_copy(&message, record->at, record->size) != OK) {
			abort();
		}
	}
	if (!hub->skip_range && !hub->drop_last &&
	    wire_send(zsock_resolve(hub->router), &hub->peer, &message, &err) != OK) {
		abort();
	}
	hub->skip_range = hub->drop_last = false;
	wire_fini(&message);
	wire_fini(&bodies);
}

void fake_hub_pump(struct fake_hub *hub)
{
	int64_t max = hub->range_max ? hub->range_max : 256;

	while (hub->router && hub->session && !hub->deaf && hub->sent < hub->head && hub->credit > 0) {
		bool stop = hub->drop_last;
		send_range(hub, hub->credit < max ? hub->credit : max);
		if (hub->sent - hub->position > hub->most_ahead) {
			hub->most_ahead = hub->sent - hub->position;
		}
		if (stop) {
			return;
		}
	}
}

int64_t fake_hub_add(struct fake_hub *hub, const void *bytes, size_t size)
{
	char *copy = bytes ? malloc(size ? size : 1) : NULL;

	if (copy) {
		memcpy(copy, bytes, size);
	}
	hub->log[hub->head++] = (struct text){copy, size};
	fake_hub_pump(hub);
	return hub->head;
}

void fake_hub_trim(struct fake_hub *hub, int64_t seq)
{
	struct text *record = &hub->log[seq - 1];

	free((char *)(uintptr_t)record->at);
	record->at = NULL;
}

int64_t fake_hub_add_build(struct fake_hub *hub, const struct build *build)
{
	msgpack_sbuffer buffer;
	int64_t seq;

	msgpack_sbuffer_init(&buffer);
	build_pack(build, &buffer, NULL);
	seq = fake_hub_add(hub, buffer.data, buffer.size);
	msgpack_sbuffer_destroy(&buffer);
	return seq;
}

int64_t fake_hub_add_number(struct fake_hub *hub, int64_t number, int64_t version)
{
	struct build build;
	struct job job;
	char id[64];

	build_init(&build);
	job_init(&job);
	snprintf(id, sizeof id, "buildkite/acme/web/%lld", (long long)number);
	build.id = text_of(id);
	build.provider = TEXT("buildkite");
	build.organization = TEXT("acme");
	build.pipeline = TEXT("web");
	build.number = number;
	build.version = version;
	build.origin = ORIGIN_LIVE;
	build.state = STATE_FINISHED;
	build.result = RESULT_SUCCESS;
	build.created_at = 1795219200000 + number * 1000;
	job.id = TEXT("job-1");
	job.name = TEXT("test");
	build.jobs = (struct field_list){&job, 1};
	return fake_hub_add_build(hub, &build);
}

struct waiting {
	bool (*done)(void *arg);
	void *arg;
	int64_t until_ms;
	bool result;
};

static int on_check(zloop_t *loop, int timer, void *arg)
{
	struct waiting *waiting = arg;

	(void)loop, (void)timer;
	waiting->result = waiting->done(waiting->arg);
	return waiting->result || now_ms() >= waiting->until_ms ? -1 : 0;
}

bool run_until(zloop_t *loop, bool (*done)(void *arg), void *arg, int ms)
{
	struct waiting waiting = {done, arg, now_ms() + ms, false};
	int timer = zloop_timer(loop, CHECK_MS, 0, on_check, &waiting);

	zloop_start(loop);
	zloop_timer_end(loop, timer);
	return waiting.result;
}

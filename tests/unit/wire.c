/* Frames and heads over real sockets. */
/* SPDX-License-Identifier: MIT */
#include "common/wire.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

static void *context, *router, *dealer;
static struct wire_message message;
static zmq_msg_t identity;

static void set_up(void)
{
	context = zmq_ctx_new();
	router = zmq_socket(context, ZMQ_ROUTER);
	dealer = zmq_socket(context, ZMQ_DEALER);
	zmq_setsockopt(router, ZMQ_ROUTER_MANDATORY, &(int){1}, sizeof(int));
	zmq_setsockopt(router, ZMQ_LINGER, &(int){0}, sizeof(int));
	zmq_setsockopt(dealer, ZMQ_LINGER, &(int){0}, sizeof(int));
	zmq_msg_init(&identity);
	cr_assert(zmq_bind(router, "inproc://wire") == 0 && zmq_connect(dealer, "inproc://wire") == 0);
}

static void tear_down(void)
{
	zmq_msg_close(&identity);
	wire_fini(&message);
	zmq_close(dealer);
	zmq_close(router);
	zmq_ctx_term(context);
}

TestSuite(wire, .init = set_up, .fini = tear_down, .timeout = 30);

static void wait_for(void *socket)
{
	zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};

	cr_assert(zmq_poll(&item, 1, 10000) == 1, "nothing came");
}

static void send_head(const char *command, uint32_t fields)
{
	struct wire_head head;
	struct err err;

	wire_begin(&head, command, fields);
	for (uint32_t i = 0; i < fields; i++) {
		wire_put_int(&head, i);
	}
	cr_assert(wire_end(&head, &message) == OK);
	cr_assert(wire_send(dealer, NULL, &message, &err) == OK);
}

static enum status receive(struct err *err)
{
	wait_for(router);
	return wire_receive(router, &identity, &message, err);
}

static void put_everything(struct wire_head *head)
{
	wire_begin(head, "test", 9);
	wire_put_int(head, INT64_MIN);
	wire_put_nil(head);
	wire_put_text(head, TEXT("a\0b"));
	wire_put_string(head, NULL);
	wire_put_bytes(head, TEXT("\xff"));
	wire_put_array(head, 2);
	wire_put_int(head, 1);
	wire_put_string(head, "x");
	wire_put_map(head, 1);
	wire_put_string(head, "k");
	wire_put_int(head, 2);
	wire_put_position(head, (struct position){INT64_MAX, 3});
	wire_put_text(head, TEXT(""));
}

Test(wire, a_head_comes_back)
{
	const msgpack_object_array *array;
	const msgpack_object_map *map;
	struct position position;
	struct wire_fields fields;
	struct wire_head head;
	struct text text;
	int64_t version, n;
	struct err err;

	put_everything(&head);
	cr_assert(wire_end(&head, &message) == OK);
	cr_assert(wire_read(&message, &fields, &version, &err) == OK, "%s", err.text);
	cr_expect(version == WIRE_VERSION && text_is(fields.command, "test") && fields.count == 9);
	cr_expect(wire_int(&fields, 0, &n) && n == INT64_MIN);
	cr_expect(wire_nil(&fields, 1) && wire_nil(&fields, 3) && wire_nil(&fields, 9) &&
		  !wire_nil(&fields, 0));
	cr_expect(wire_text(&fields, 2, &text) && text_same(text, TEXT("a\0b")));
	cr_expect(wire_text(&fields, 4, &text) && text_is(text, "\xff"));
	cr_expect(wire_array(&fields, 5, &array) && array->size == 2);
	cr_expect(wire_map(&fields, 6, &map) && map->size == 1);
	cr_expect(wire_position(&fields, 7, &position) && position.epoch == INT64_MAX && position.seq == 3);
	cr_expect(wire_text(&fields, 8, &text) && text.at && text.size == 0);
	wire_fields_fini(&fields);
}

Test(wire, a_field_of_another_type_is_not_there)
{
	const msgpack_object_array *array;
	const msgpack_object_map *map;
	struct position position;
	struct wire_fields fields;
	struct wire_head head;
	struct text text;
	int64_t version, n;
	struct err err;

	put_everything(&head);
	cr_assert(wire_end(&head, &message) == OK);
	cr_assert(wire_read(&message, &fields, &version, &err) == OK);
	cr_expect(!wire_int(&fields, 1, &n) && !wire_int(&fields, 2, &n) && !wire_int(&fields, 9, &n));
	n = -1; /* what the caller takes where there is nothing */
	cr_expect(!wire_int(&fields, 1, &n) && !wire_int(&fields, 2, &n) && n == -1);
	cr_expect(!wire_int(&fields, UINT32_MAX, &n) && !wire_text(&fields, UINT32_MAX, &text));
	cr_expect(!wire_text(&fields, 0, &text) && !wire_text(&fields, 1, &text) &&
		  !wire_text(&fields, 9, &text));
	cr_expect(!wire_array(&fields, 6, &array) && !wire_array(&fields, 9, &array));
	cr_expect(!wire_map(&fields, 5, &map) && !wire_map(&fields, 9, &map));
	cr_expect(!wire_position(&fields, 5, &position), "[1, \"x\"] is no position");
	cr_expect(!wire_position(&fields, 0, &position) && !wire_position(&fields, 9, &position));
	wire_fields_fini(&fields);
}

struct bad_head {
	const char *name;
	struct text bytes;
	int64_t version;
};

Test(wire, what_is_no_head_is_refused)
{
	static const struct bad_head rows[] = {
		{"text", TEXT("hello"), 0},
		{"nil", TEXT("\xc0"), 0},
		{"map", TEXT("\x81\x01\x02"), 0},
		{"no fields", TEXT("\x90"), 0},
		{"version alone", TEXT("\x91\x01"), 0},
		{"version is text",
		 TEXT("\x92\xa1v\xa1"
		      "c"),
		 0},
		{"command is int", TEXT("\x92\x01\x02"), 1},
		{"another version keeps its number", TEXT("\x92\x07\xc0"), 7},
		{"huge array", TEXT("\xdd\x7f\xff\xff\xff\x01"), 0},
		{"version over 63 bits",
		 TEXT("\x92\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa1"
		      "c"),
		 0},
		{"too deep",
		 TEXT("\x93\x01\xa1"
		      "c\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01"),
		 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire_fields fields;
		int64_t version = -1;
		struct err err;

		wire_clear(&message);
		cr_assert(wire_body_copy(&message, rows[i].bytes.at, rows[i].bytes.size) == OK);
		cr_expect(wire_read(&message, &fields, &version, &err) == ERR_DATA, "%s", rows[i].name);
		cr_expect(version == rows[i].version, "%s: version %d", rows[i].name, (int)version);
		wire_fields_fini(&fields);
	}
}

Test(wire, a_message_without_frames_is_no_head)
{
	struct wire_message empty = {0};
	struct wire_fields fields;
	int64_t version;
	struct err err;

	cr_expect(wire_read(&empty, &fields, &version, &err) == ERR_DATA);
	wire_fields_fini(&fields);
	wire_clear(&empty);
	wire_fini(&empty);
	cr_expect(wire_body_count(&empty) == 0);
}

static void add_body(size_t size, char fill)
{
	msgpack_sbuffer bytes;
	char *block = malloc(size);

	memset(block, fill, size);
	msgpack_sbuffer_init(&bytes);
	msgpack_sbuffer_write(&bytes, block, size);
	cr_assert(wire_body(&message, &bytes) == OK);
	cr_expect(bytes.size == 0, "the bytes are still the caller's");
	msgpack_sbuffer_destroy(&bytes);
	free(block);
}

Test(wire, bodies_travel)
{
	static const size_t sizes[] = {1, 255, 256, 257, 100000};
	struct wire_head head;
	zmq_msg_t shared;
	struct err err;

	wire_begin(&head, "records", 0);
	cr_assert(wire_end(&head, &message) == OK);
	for (size_t i = 0; i < 5; i++) {
		add_body(sizes[i], (char)('a' + i));
	}
	cr_assert(wire_body_copy(&message, "copy", 4) == OK);
	zmq_msg_init_size(&shared, 50000);
	memset(zmq_msg_data(&shared), 's', 50000);
	cr_assert(wire_body_share(&message, &shared) == OK);
	zmq_msg_close(&shared);
	cr_assert(wire_send(dealer, NULL, &message, &err) == OK);
	cr_expect(message.count == 0);
	cr_assert(receive(&err) == OK);
	cr_assert(wire_body_count(&message) == 7);
	for (size_t i = 0; i < 5; i++) {
		struct text body = wire_body_at(&message, i);
		cr_expect(body.size == sizes[i] && body.at[0] == (char)('a' + i) &&
			  body.at[body.size - 1] == body.at[0]);
	}
	cr_expect(text_is(wire_body_at(&message, 5), "copy"));
	cr_expect(wire_body_at(&message, 6).size == 50000 && wire_body_at(&message, 6).at[49999] == 's');
}

Test(wire, answers_go_to_who_asked)
{
	struct wire_head head;
	struct err err;

	send_head("claim", 0);
	cr_assert(receive(&err) == OK);
	wire_begin(&head, "lease", 0);
	cr_assert(wire_end(&head, &message) == OK);
	cr_assert(wire_send(router, &identity, &message, &err) == OK);
	wait_for(dealer);
	cr_assert(wire_receive(dealer, NULL, &message, &err) == OK);
	cr_expect(message.count == 1);
}

Test(wire, who_is_gone_gets_nothing_and_the_message_stays_whole)
{
	struct wire_head head;
	struct err err;

	zmq_msg_close(&identity);
	zmq_msg_init_size(&identity, 5);
	memcpy(zmq_msg_data(&identity), "\0gone", 5);
	wire_begin(&head, "lease", 0);
	cr_assert(wire_end(&head, &message) == OK);
	cr_assert(wire_body_copy(&message, "body", 4) == OK);
	cr_expect(wire_send(router, &identity, &message, &err) == ERR_REMOTE);
	cr_expect(message.count == 2 && text_is(wire_body_at(&message, 0), "body"));
	send_head("still", 0);
	cr_expect(receive(&err) == OK, "others aren't disturbed");
}

Test(wire, a_full_queue_leaves_the_message_whole)
{
	void *alone = zmq_socket(context, ZMQ_DEALER);
	size_t sent = 0;
	enum status status = OK;
	struct err err;

	zmq_setsockopt(alone, ZMQ_LINGER, &(int){0}, sizeof(int));
	zmq_setsockopt(alone, ZMQ_SNDHWM, &(int){3}, sizeof(int));
	cr_assert(zmq_connect(alone, "ipc:///tmp/buildbus-nobody-listens") == 0);
	while (status == OK && sent < 10) {
		wire_clear(&message);
		for (int i = 0; i < 3; i++) {
			cr_assert(wire_body_copy(&message, "frame", 5) == OK);
		}
		status = wire_send(alone, NULL, &message, &err);
		sent += status == OK;
	}
	cr_expect(status == ERR_AGAIN && sent == 3, "%zu", sent);
	cr_expect(message.count == 3 && text_is(wire_body_at(&message, 1), "frame"));
	zmq_close(alone);
}

Test(wire, nothing_there_is_no_error)
{
	struct err err;

	cr_expect(wire_receive(router, &identity, &message, &err) == ERR_AGAIN);
	cr_expect(wire_receive(dealer, NULL, &message, &err) == ERR_AGAIN);
	cr_expect(message.count == 0);
}

static void send_frames(size_t count, size_t head_size, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		zmq_msg_t frame;
		zmq_msg_init_size(&frame, i == 0 ? head_size : size);
		memset(zmq_msg_data(&frame), 0, zmq_msg_size(&frame));
		cr_assert(zmq_msg_send(&frame, dealer, i + 1 < count ? ZMQ_SNDMORE : 0) >= 0);
	}
}

struct bound {
	const char *name;
	size_t count, head, body;
	enum status want;
};

Test(wire, a_message_over_a_bound_is_dropped_whole)
{
	static const struct bound rows[] = {
		{"bodies at the bound", 1 + WIRE_BODIES_MAX, 1, 1, OK},
		{"bodies over it", 2 + WIRE_BODIES_MAX, 1, 1, ERR_DATA},
		{"many bodies over it", 3000 + WIRE_BODIES_MAX, 1, 1, ERR_DATA},
		{"head at the bound", 2, WIRE_HEAD_MAX, 1, OK},
		{"head over it", 2, WIRE_HEAD_MAX + 1, 1, ERR_DATA},
		{"lone head over it", 1, WIRE_HEAD_MAX + 1, 0, ERR_DATA},
		{"body at the bound", 2, 1, WIRE_BODY_MAX, OK},
		{"body over it", 3, 1, WIRE_BODY_MAX + 1, ERR_DATA},
		{"message over it", 10, 1, WIRE_BODY_MAX, ERR_DATA},
		{"no head", 1, 0, 0, OK},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire_fields fields;
		int64_t version;
		struct err err = {0};

		send_frames(rows[i].count, rows[i].head, rows[i].body);
		send_head("next", 1);
		cr_expect(receive(&err) == rows[i].want, "%s: %s", rows[i].name, err.text);
		cr_expect(message.count == (rows[i].want == OK ? rows[i].count : 0), "%s", rows[i].name);
		cr_expect(zmq_msg_size(&identity) > 0, "%s: from whom?", rows[i].name);
		cr_assert(receive(&err) == OK);
		cr_assert(wire_read(&message, &fields, &version, &err) == OK,
			  "%s: the next message is spoilt", rows[i].name);
		cr_expect(text_is(fields.command, "next"));
		wire_fields_fini(&fields);
	}
}

Test(wire, a_new_head_replaces_the_message)
{
	send_head("first", 0);
	cr_assert(wire_body_copy(&message, "left over", 9) == OK);
	send_head("second", 1);
	cr_expect(receive(&(struct err){0}) == OK && message.count == 1);
	cr_expect(receive(&(struct err){0}) == OK && message.count == 1);
}

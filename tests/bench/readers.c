/* SPDX-License-Identifier: MIT */
#include "tests/bench/readers.h"
#include "common/arena.h"
#include "common/record.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READER_CREDIT 2000

struct board *board;

void open_board(void)
{
	board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void reader_ack(void *socket, int64_t session, struct position position, size_t taken)
{
	struct wire_message message = {0};
	struct wire_head head;

	wire_begin(&head, "credit", 2);
	wire_put_int(&head, session);
	wire_put_int(&head, (int64_t)taken);
	if (taken && wire_end(&head, &message) == OK) {
		peer_send(socket, &message);
	}

	wire_begin(&head, "ack", 2);
	wire_put_int(&head, session);
	wire_put_position(&head, position);
	if (wire_end(&head, &message) == OK) {
		peer_send(socket, &message);
	}
	wire_begin(&head, "heartbeat", 1); /* its answer is the proof that the ack is durable */
	wire_put_int(&head, session);
	if (wire_end(&head, &message) == OK) {
		peer_send(socket, &message);
	}
	wire_fini(&message);
}

static void reader_take(const struct wire_message *message, struct arena *arena, int timed)
{
	for (size_t i = 0; i < wire_body_count(message); i++) {
		struct text body = wire_body_at(message, i);
		struct build build;
		struct err err;

		arena_reset(arena);
		if (build_unpack(body.at, body.size, arena, &build, &err) != OK) {
			fail(err.text);
		}
		if (timed) {
			board->got[build.number & 0xffff] = seconds();
		}
	}
}

static int64_t reader_attach(void *socket, const char *name, int credit, struct position *position)
{
	struct wire_message message = {0};
	struct wire_fields fields;
	struct wire_head head;
	int64_t session = 0;

	wire_begin(&head, "attach", 3);
	wire_put_string(&head, name);
	wire_put_nil(&head);
	wire_put_nil(&head);
	if (wire_end(&head, &message) == OK) {
		peer_send(socket, &message);
	}
	peer_receive(socket, &message, &fields);
	wire_int(&fields, 0, &session);
	wire_position(&fields, 1, position);
	wire_fields_fini(&fields);
	wire_begin(&head, "credit", 2);
	wire_put_int(&head, session);
	wire_put_int(&head, credit);
	if (wire_end(&head, &message) == OK) {
		peer_send(socket, &message);
	}
	wire_fini(&message);
	return session;
}

/* One sink: unpacks each record, acknowledges each range, ends when all are confirmed. */
static void reader(const struct hub_process *hub, const char *name, int builds, int timed)
{
	void *context = zmq_ctx_new(), *socket = peer_connect(context, hub, "feed");
	struct wire_message message = {0};
	struct arena arena;
	struct position position;
	int64_t session = reader_attach(socket, name, READER_CREDIT, &position);
	int taken = 0, acks = 0;

	arena_init(&arena, 1 << 20);
	__atomic_add_fetch(&board->attached, 1, __ATOMIC_SEQ_CST);
	while (taken < builds || acks > 0) {
		struct wire_fields fields;
		peer_receive(socket, &message, &fields);
		if (text_is(fields.command, "records")) {
			wire_int(&fields, 2, &position.seq);
			reader_take(&message, &arena, timed);
			taken += (int)wire_body_count(&message);
			reader_ack(socket, session, position, wire_body_count(&message));
			acks++;
		} else if (text_is(fields.command, "alive")) {
			acks--;
		}
		wire_fields_fini(&fields);
	}
	arena_fini(&arena);
	wire_fini(&message);
	zmq_close(socket);
	zmq_ctx_term(context);
}

void start_readers(const struct hub_process *hub, int builds, int timed, int pids[READERS])
{
	board->attached = 0;
	for (int i = 0; i < READERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			char name[16];
			snprintf(name, sizeof name, "sink%d", i);
			reader(hub, name, builds, timed && i == 0);
			_exit(0);
		}
	}
	while (__atomic_load_n(&board->attached, __ATOMIC_SEQ_CST) < READERS) {
		struct timespec turn = {.tv_nsec = 1000000};
		nanosleep(&turn, NULL);
	}
}

void end_readers(const int pids[READERS])
{
	for (int i = 0; i < READERS; i++) {
		int status;
		if (waitpid(pids[i], &status, 0) != pids[i] || status != 0) {
			fail("a reader failed");
		}
	}
}

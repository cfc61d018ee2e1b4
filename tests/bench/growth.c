/* bench-growth: the same work on a hub.db that holds 10,000 builds and on one that holds a million, in turns.
 * Prints a Markdown table of medians (docs/performance.md). */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"

#include <getopt.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TURNS      51 /* of each question */
#define PUBLISHED  16000
#define PER_PAGE   16
#define IN_FLIGHT  64
#define NUMBER_MIN 10000000 /* of the builds that are there */
#define ROUNDS_MAX 9

enum { READY_MS, STATUS_MS, CLAIM_MS, ATTACH_MS, NEW_RATE, CHANGED_RATE, FIGURES };

static const char *const names[FIGURES] = {
	"start to ready, ms",       "status, ms",           "claim and done, ms",
	"attach of a new sink, ms", "new builds, builds/s", "builds that were there and changed, builds/s",
};

static const char fill_log[] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
			       " INSERT INTO log(seq, at, id, record) SELECT i, unixepoch() * 1000, "
			       "'buildkite/acme/bench/' || (?2 + i),"
			       " randomblob(700) FROM n";
static const char fill_build[] =
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)"
	" INSERT INTO build(id, uid, seq, version, observed_at, attempt, finished, hash, target, key, due_at)"
	" SELECT 'buildkite/acme/bench/' || (?2 + i), NULL, i, 1000, 1000, 1, 1, i, 'buildkite:acme/bench',"
	" ?2 + i, 0 FROM n";

static void run_sql(sqlite3 *db, const char *sql, int64_t count)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
		fail(sqlite3_errmsg(db));
	}
	sqlite3_bind_int64(statement, 1, count);
	sqlite3_bind_int64(statement, 2, NUMBER_MIN);
	if (sqlite3_step(statement) != SQLITE_DONE) {
		fail(sqlite3_errmsg(db));
	}
	sqlite3_finalize(statement);
}

static void fill(const struct hub_process *hub, int64_t count)
{
	char path[400];
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/hub.db", hub->dir);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
		fail(path);
	}
	sqlite3_exec(db, "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN", NULL, NULL, NULL);
	run_sql(db, fill_log, count);
	run_sql(db, fill_build, count);
	sqlite3_exec(db, "COMMIT; UPDATE meta SET value = (SELECT count(*) FROM build) WHERE key = 'builds'",
		     NULL, NULL, NULL);
	sqlite3_close(db);
}

/* One question without bodies; the answer's command must be that. */
static void ask(void *socket, struct wire_head *head, const char *answer, int64_t *number)
{
	struct wire_message message = {0};
	struct wire_fields fields;

	if (wire_end(head, &message) != OK) {
		fail("head");
	}
	peer_send(socket, &message);
	peer_receive(socket, &message, &fields);
	if (!text_is(fields.command, answer)) {
		fail(answer);
	}
	if (number) {
		wire_int(&fields, 1, number);
	}
	wire_fields_fini(&fields);
	wire_fini(&message);
}

static void ask_status(void *ingest, void *feed, int turn)
{
	struct wire_head head;

	(void)ingest, (void)turn;
	wire_begin(&head, "status", 0);
	ask(feed, &head, "status", NULL);
}

static void ask_attach(void *ingest, void *feed, int turn)
{
	struct wire_head head;
	char name[32];

	(void)ingest;
	snprintf(name, sizeof name, "sink%d", turn);
	wire_begin(&head, "attach", 3);
	wire_put_string(&head, name);
	wire_put_nil(&head);
	wire_put_nil(&head);
	ask(feed, &head, "attached", NULL);
}

static void ask_claim(void *ingest, void *feed, int turn)
{
	struct wire_head head;
	int64_t fence = peer_lease(ingest);

	(void)feed, (void)turn;
	wire_begin(&head, "done", 2);
	wire_put_int(&head, fence);
	wire_put_int(&head, 0);
	ask(ingest, &head, "ack", NULL);
}

static double time_of(void (*question)(void *, void *, int), void *ingest, void *feed)
{
	double times[TURNS];

	for (int i = 0; i < TURNS; i++) {
		double start = seconds();

		question(ingest, feed, i);
		times[i] = (seconds() - start) * 1e3;
	}
	return median(times, TURNS);
}

static void add_page(struct wire_message *message, int first, int step, int64_t range)
{
	for (int i = 0; i < PER_PAGE; i++) {
		int64_t n = (int64_t)(first + i) * step;
		msgpack_sbuffer body;

		msgpack_sbuffer_init(&body);
		payload_pack((int)(range ? NUMBER_MIN + 1 + n % range : n), &body);
		if (wire_body(message, &body) != OK) {
			fail("body");
		}
	}
}

/* New builds, or (range: how many are there) some of those that are, far from each other. */
static double publish(void *ingest, int step, int64_t range)
{
	struct wire_message message = {0};
	struct wire_fields fields;
	int64_t fence = peer_lease(ingest);
	int pages = PUBLISHED / PER_PAGE, sent = 0, acked = 0;
	double start = seconds();
	struct wire_head head;

	while (acked < pages) {
		while (sent < pages && sent - acked < IN_FLIGHT) {
			peer_publish_head(&message, fence, sent + 1);
			add_page(&message, 1 + sent++ * PER_PAGE, step, range);
			peer_send(ingest, &message);
		}
		peer_receive(ingest, &message, &fields);
		if (!text_is(fields.command, "ack")) {
			fail("ack");
		}
		wire_fields_fini(&fields);
		acked++;
	}
	start = PUBLISHED / (seconds() - start);
	wire_fini(&message);
	wire_begin(&head, "done", 2);
	wire_put_int(&head, fence);
	wire_put_int(&head, 0);
	ask(ingest, &head, "ack", NULL);
	return start;
}

static void round_of(const struct bench *bench, int64_t count, double figures[FIGURES])
{
	struct hub_process hub = {0};
	void *context = zmq_ctx_new(), *ingest, *feed;
	double cpu;
	long peak;

	hub_start(bench, &hub, 1, &figures[READY_MS]);
	daemon_end(hub.pid, &cpu);
	fill(&hub, count);
	daemon_start(bench->bin, "buildbus-normalizer", hub.config, &hub.pid, &figures[READY_MS]);
	ingest = peer_connect(context, &hub, "ingest");
	feed = peer_connect(context, &hub, "feed");
	figures[STATUS_MS] = time_of(ask_status, ingest, feed);
	figures[CLAIM_MS] = time_of(ask_claim, ingest, feed);
	figures[ATTACH_MS] = time_of(ask_attach, ingest, feed);
	figures[NEW_RATE] = publish(ingest, 1, 0);
	figures[CHANGED_RATE] = publish(ingest, 7919, count);
	zmq_close(ingest);
	zmq_close(feed);
	zmq_ctx_term(context);
	hub_stop(&hub, &peak, &cpu);
}

static void report(const struct bench *bench, int64_t few, int64_t many)
{
	double all[2][FIGURES][ROUNDS_MAX], figures[FIGURES];
	const int64_t counts[2] = {few, many};

	for (int round = 0; round < bench->rounds; round++) {
		for (int side = 0; side < 2; side++) {
			round_of(bench, counts[side], figures);
			for (int i = 0; i < FIGURES; i++) {
				all[side][i][round] = figures[i];
			}
		}
	}
	printf("| | %lld builds | %lld builds | ratio |\n|---|---|---|---|\n", (long long)few,
	       (long long)many);
	for (int i = 0; i < FIGURES; i++) {
		double a = median(all[0][i], bench->rounds), b = median(all[1][i], bench->rounds);

		printf("| %s | %.2f | %.2f | %.2f |\n", names[i], a, b, b / a);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"builds", required_argument, NULL, 'b'}, {"rounds", required_argument, NULL, 'r'}, {0}};
	struct bench bench = {.rounds = 3};
	int64_t many = 1000000;
	char bin[512];
	ssize_t size;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'b') {
			many = strtoll(optarg, NULL, 10);
		} else if (option == 'r') {
			bench.rounds = (int)strtol(optarg, NULL, 10);
		}
	}
	if (many < 10000 || bench.rounds < 1 || bench.rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: bench-growth [--builds N] [--rounds 1 to %d], N from 10000\n",
			ROUNDS_MAX);
		return 2;
	}
	size = readlink("/proc/self/exe", bin, sizeof bin - 1);
	bin[size > 0 ? size : 0] = '\0';
	*strrchr(bin, '/') = '\0';
	bench.bin = bin;
	report(&bench, 10000, many);
	return 0;
}

/* The raw archive: what was added comes back from its frames. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/replay.h"

#include <criterion/criterion.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#define FRAME_MAX (2 << 20)

static char folder[] = "/tmp/buildbus-test-XXXXXX";
static struct db db = {.lock_fd = -1};
static struct archive archive;
static struct err err;

static void set_up(void)
{
	cr_assert(mkdtemp(folder));
	cr_assert(db_open(&db, folder, &err) == OK, "%s", err.text);
	cr_assert(archive_init(&archive, &err) == OK);
}

static void tear_down(void)
{
	char command[64];

	archive_fini(&archive);
	db_close(&db);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(archive, .init = set_up, .fini = tear_down);

static void add(int64_t seq, size_t size)
{
	char *envelope = malloc(size + 1);

	memset(envelope, 'a' + (int)(seq % 26), size);
	cr_assert(archive_add(&archive, &db, TEXT("buildkite/acme/web"), seq, (struct text){envelope, size},
			      &err) == OK);
	free(envelope);
}

static int64_t number_of(const char *sql)
{
	sqlite3_stmt *row;
	int64_t value;

	cr_assert_eq(sqlite3_prepare_v2(db.read, sql, -1, &row, NULL), SQLITE_OK);
	cr_assert_eq(sqlite3_step(row), SQLITE_ROW);
	value = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return value;
}

/* The frame that has seq, unpacked. */
static size_t frame_of(int64_t seq, char *out)
{
	sqlite3_stmt *row;
	size_t size;

	cr_assert_eq(sqlite3_prepare_v2(db.read, "SELECT frame FROM raw WHERE seq >= ? ORDER BY seq LIMIT 1",
					-1, &row, NULL),
		     SQLITE_OK);
	sqlite3_bind_int64(row, 1, seq);
	cr_assert_eq(sqlite3_step(row), SQLITE_ROW);
	size = ZSTD_decompress(out, FRAME_MAX, sqlite3_column_blob(row, 0),
			       (size_t)sqlite3_column_bytes(row, 0));
	cr_assert(!ZSTD_isError(size), "%s", ZSTD_getErrorName(size));
	sqlite3_finalize(row);
	return size;
}

static void expect_archived(int64_t seq, size_t size)
{
	char *frame = malloc(FRAME_MAX);
	size_t frame_size = frame_of(seq, frame), at = 0;
	msgpack_unpacked entry;
	bool found = false;

	msgpack_unpacked_init(&entry);
	while (!found && msgpack_unpack_next(&entry, frame, frame_size, &at) == MSGPACK_UNPACK_SUCCESS) {
		const msgpack_object *fields = entry.data.via.array.ptr;
		cr_assert_eq(entry.data.via.array.size, 3);
		found = fields[1].via.i64 == seq && fields[2].via.bin.size == size &&
			(size == 0 || fields[2].via.bin.ptr[size - 1] == 'a' + (char)(seq % 26)) &&
			fields[0].via.str.size == strlen("buildkite/acme/web");
	}
	cr_expect(found, "%lld", (long long)seq);
	msgpack_unpacked_destroy(&entry);
	free(frame);
}

Test(archive, what_one_transaction_brings_is_one_row)
{
	add(3, 9000);
	add(4, 0);
	add(7, 100000);
	cr_assert_eq(number_of("SELECT count(*) FROM raw"), 0);
	cr_assert(archive_flush(&archive, &db, &err) == OK);
	cr_assert(archive_flush(&archive, &db, &err) == OK, "nothing more");
	add(8, 20);
	cr_assert(archive_flush(&archive, &db, &err) == OK);
	cr_assert_eq(number_of("SELECT count(*) FROM raw"), 2);
	expect_archived(3, 9000);
	expect_archived(4, 0);
	expect_archived(7, 100000);
	expect_archived(8, 20);
}

Test(archive, a_frame_stays_small_enough_to_be_read_for_one_build)
{
	for (int64_t seq = 1; seq <= 300; seq++) {
		add(seq, 9000);
	}
	cr_assert(archive_flush(&archive, &db, &err) == OK);
	cr_assert_eq(number_of("SELECT count(*) FROM raw"), 3);
	expect_archived(1, 9000);
	expect_archived(150, 9000);
	expect_archived(300, 9000);
}

Test(archive, nothing_stays_of_a_transaction_that_is_rolled_back)
{
	add(1, 50000);
	archive_drop(&archive);
	cr_assert(archive_flush(&archive, &db, &err) == OK);
	cr_assert_eq(number_of("SELECT count(*) FROM raw"), 0);
	add(1, 70);
	cr_assert(archive_flush(&archive, &db, &err) == OK);
	expect_archived(1, 70);
}

static void begin(void)
{
	cr_assert(db_run(&db, SQL_BEGIN, &err, "") == OK);
}

static void commit(void)
{
	cr_assert(archive_flush(&archive, &db, &err) == OK);
	cr_assert(db_run(&db, SQL_COMMIT, &err, "") == OK);
}

/* Reads all frames after that seq; counts entries. */
static int read_back(int64_t after, int64_t until, int64_t *last)
{
	struct archive_frame frame = {0};
	struct archived entry;
	int count = 0;

	while (archive_frame_load(&frame, &db, after, until, &err) == OK && frame.seq) {
		while (archive_frame_next(&frame, &entry)) {
			cr_assert(text_is(entry.target, "buildkite/acme/web"));
			cr_assert_eq(entry.envelope.at[0], 'a' + (int)(entry.seq % 26));
			cr_assert_eq(entry.envelope.at[entry.envelope.size - 1], entry.envelope.at[0]);
			cr_assert_gt(entry.seq, *last);
			*last = entry.seq;
			count++;
		}
		cr_assert_eq(frame.seq, *last);
		after = frame.seq;
	}
	archive_frame_fini(&frame);
	return count;
}

Test(archive, a_reader_gets_every_envelope_in_order)
{
	int64_t last = 0;

	begin();
	for (int64_t seq = 1; seq <= 300; seq++) {
		add(seq, seq == 150 ? (8 << 20) - 100 : 9000);
	}
	commit();
	begin();
	add(301, 5);
	commit();
	cr_expect_eq(read_back(0, 301, &last), 301);
	last = 300;
	cr_expect_eq(read_back(300, 301, &last), 1);
	cr_expect_eq(read_back(301, 301, &last), 0);
}

Test(archive, a_damaged_frame_is_told_and_passed_over)
{
	struct archive_frame frame = {0};

	begin();
	add(1, 9000);
	commit();
	cr_assert_eq(sqlite3_exec(db.write, "UPDATE raw SET frame = substr(frame, 1, length(frame) - 9)",
				  NULL, NULL, NULL),
		     SQLITE_OK);
	cr_expect(archive_frame_load(&frame, &db, 0, 9, &err) == ERR_DATA);
	cr_expect_eq(frame.seq, 1);
	cr_assert_eq(sqlite3_exec(db.write, "UPDATE raw SET frame = x'28b52ffd00'", NULL, NULL, NULL),
		     SQLITE_OK);
	cr_expect(archive_frame_load(&frame, &db, 0, 9, &err) == ERR_DATA);
	cr_assert_eq(sqlite3_exec(db.write, "UPDATE raw SET frame = x''", NULL, NULL, NULL), SQLITE_OK);
	cr_expect(archive_frame_load(&frame, &db, 0, 9, &err) == ERR_DATA);
	archive_frame_fini(&frame);
}

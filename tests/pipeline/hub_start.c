/* What keeps a hub from starting: one clear sentence, exit code 100, and nothing changed on disk. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_hub *hub;

static void open_hub(void)
{
	hub = hub_new(.idle = true);
}

static void close_hub(void)
{
	hub_free(&hub);
}

TestSuite(hub_start, .timeout = 120, .init = open_hub, .fini = close_hub);

/* Whatever is at state/hub.db: the hub says sentence, exits 100 and leaves the bytes as they are. */
static void refuses_database(const char *sentence)
{
	size_t before_size, after_size;
	char *before = place_read(hub->place, "state/hub.db", &before_size), *after;

	cr_assert_eq(hub_refuses(hub), 100);
	cr_assert(child_said(hub->child, sentence), "it should say: %s", sentence);
	after = place_read(hub->place, "state/hub.db", &after_size);
	cr_assert_eq(after_size, before_size);
	cr_assert_eq(memcmp(before, after, before_size), 0, "hub.db was changed");
	cr_assert_eq(access(place_path(hub->place, "state/ingest.ipc"), F_OK), -1, "a socket was bound");
	free(before);
	free(after);
}

Test(hub_start, a_second_hub_on_the_same_state)
{
	struct test_hub second;
	struct peer *sink;
	char pid[32];

	hub_start(hub);
	second = *hub;
	second.child = NULL;
	cr_assert_eq(hub_refuses(&second), 100);
	snprintf(pid, sizeof pid, "pid %d", (int)child_pid(hub->child));
	cr_assert(child_said(second.child, "another normalizer"));
	cr_assert(child_said(second.child, pid));
	child_free(&second.child);
	sink = reader_of(hub); /* the first one is still there */
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached ...");
	peer_free(&sink);
}

Test(hub_start, a_hub_db_of_garbage)
{
	cr_assert_eq(mkdir(hub->place->state, 0700), 0);
	place_write(
		hub->place, "state/hub.db", "%s",
		"this is not a database, however long one looks at it, not even with a longer header of a "
		"hundred bytes and more");
	refuses_database("is damaged");
}

Test(hub_start, a_hub_db_cut_short)
{
	struct stat info;

	hub_start(hub);
	hub_stop(hub);
	cr_assert_eq(stat(place_path(hub->place, "state/hub.db"), &info), 0);
	cr_assert_eq(truncate(place_path(hub->place, "state/hub.db"), info.st_size / 2), 0);
	unlink(place_path(hub->place, "state/ingest.ipc"));
	refuses_database("is damaged");
}

Test(hub_start, a_database_of_another_program)
{
	cr_assert_eq(mkdir(hub->place->state, 0700), 0);
	place_write(hub->place, "state/hub.db", "%s", "");
	hub_sql(hub, "CREATE TABLE photos(name)");
	refuses_database("is not a hub database");
}

Test(hub_start, a_hub_db_of_a_newer_version)
{
	hub_start(hub);
	hub_stop(hub);
	hub_sql(hub, "PRAGMA user_version = 99");
	unlink(place_path(hub->place, "state/ingest.ipc"));
	refuses_database("newer version");
}

Test(hub_start, takes_over_a_hub_db_of_the_first_version)
{
	static const char *const later[] = {
		"DROP INDEX dead_retry",
		"ALTER TABLE dead DROP COLUMN retry_at",
		"ALTER TABLE dead DROP COLUMN asked",
		"ALTER TABLE target DROP COLUMN why",
		"DROP TABLE pipeline",
		"DROP TABLE owed",
		"ALTER TABLE build DROP COLUMN owed_for",
		"ALTER TABLE build DROP COLUMN detailed_for",
		"ALTER TABLE target DROP COLUMN news_at",
		"ALTER TABLE target DROP COLUMN settled_from",
		"ALTER TABLE target DROP COLUMN net_at",
		"DROP INDEX dead_resent",
		"ALTER TABLE dead DROP COLUMN resent",
		"ALTER TABLE build DROP COLUMN raw_seq",
		"DROP TABLE resend",
		"DROP TABLE replay",
		"ALTER TABLE sink DROP COLUMN added_at",
		"ALTER TABLE sink DROP COLUMN missed",
		"DROP TABLE chain",
		"ALTER TABLE build DROP COLUMN state",
	};

	hub_start(hub);
	hub_stop(hub);
	hub_sql(hub, "INSERT INTO build(id, seq, version, observed_at, attempt, finished, hash, target, key, "
		     "due_at)"
		     " VALUES('buildkite/acme/web/9~ab', 7, 1, 1, 1, 1, 1, '', '', 0),"
		     " ('buildkite/acme/web/17', 5, 1, 1, 1, 1, 1, '', '', 0),"
		     " ('buildkite/acme/web2/1', 6, 1, 1, 1, 1, 1, '', '', 0)");
	for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
		hub_sql(hub, later[i]);
	}
	hub_sql(hub,
		"INSERT INTO dead(at, stage, target, key, reason) VALUES(1, 'normalize', 't', 'k', 'why')");
	hub_sql(hub, "PRAGMA user_version = 1");
	hub_start(hub);
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM target WHERE why IS NULL AND net_at IS NULL"), 1);
	cr_expect_eq(hub_sql(hub, "SELECT number = 1 AND reason = 'why' AND resent IS NULL FROM dead"), 1);
	cr_expect_eq(hub_sql(hub, "SELECT seq FROM chain WHERE pipeline = 'buildkite/acme/web/'"), 7);
	cr_expect_eq(hub_sql(hub, "SELECT seq FROM chain WHERE pipeline = 'buildkite/acme/web2/'"), 6);
	hub_stop(hub);
}

Test(hub_start, a_newer_hub_db_whose_last_changes_are_in_its_wal)
{
	struct stat wal;

	hub_start(hub);
	hub_sql(hub, "PRAGMA user_version = 99");
	hub_kill(hub);
	cr_assert_eq(stat(place_path(hub->place, "state/hub.db-wal"), &wal), 0);
	cr_assert_gt(wal.st_size, 0);
	unlink(place_path(hub->place, "state/ingest.ipc"));
	refuses_database("newer version");
}

/* Nothing reads that table before a sink attaches: the hub must not go on answering `internal` for ever. */
Test(hub_start, a_page_that_rots_while_nobody_looks)
{
	struct peer *sink;
	int64_t page, size;
	FILE *file;
	int code;

	hub_start(hub);
	hub_stop(hub);
	page = hub_sql(hub, "SELECT rootpage FROM sqlite_master WHERE name = 'sink'");
	size = hub_sql(hub, "SELECT page_size FROM pragma_page_size");
	file = fopen(place_path(hub->place, "state/hub.db"), "r+e");
	cr_assert_eq(fseek(file, (long)((page - 1) * size), SEEK_SET), 0);
	for (int64_t i = 0; i < size; i++) {
		fputc(0xee, file);
	}
	fclose(file);
	hub_start(hub);
	sink = reader_of(hub);
	say(sink, "attach 'store' nil nil");
	code = child_end(hub->child);
	cr_assert_eq(code, 100);
	cr_assert(child_said(hub->child, "is damaged"));
	peer_free(&sink);
}

Test(hub_start, a_state_dir_that_can_not_be)
{
	place_write(hub->place, "file", "%s", "");
	place_write(hub->place, "buildbus.yml", "bus: {state_dir: %s}\nsources: []\n",
		    place_path(hub->place, "file/state"));
	cr_assert_eq(hub_refuses(hub), 100);
	cr_assert(child_said(hub->child, "state_dir"));
	cr_assert(child_said(hub->child, "file/state"));
}

Test(hub_start, a_state_dir_that_may_not_be_written)
{
	if (geteuid() == 0) {
		cr_skip_test("root may write everywhere");
	}
	cr_assert_eq(mkdir(hub->place->state, 0500), 0);
	cr_assert_eq(hub_refuses(hub), 100);
	cr_assert(child_said(hub->child, "can't be written"));
}

static int listen_on(int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	cr_assert_eq(listen(fd, 1), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

Test(hub_start, a_port_in_use)
{
	char bus[128], where[64];
	int port, fd = listen_on(&port);

	snprintf(bus, sizeof bus, "  feed: tcp://127.0.0.1:%d\n", port);
	snprintf(where, sizeof where, "tcp://127.0.0.1:%d can't be bound", port);
	hub_configure(hub, &(struct hub_setup){.bus = bus});
	cr_assert_eq(hub_refuses(hub), 100);
	cr_assert(child_said(hub->child, where));
	cr_assert(child_said(hub->child, "bus.feed"));
	close(fd);
}

/* libzmq by itself would take the path away from the first one, which would hear nothing any more. */
Test(hub_start, a_socket_of_another_hub_that_lives)
{
	struct test_hub *other = hub_new(.pipelines = "web");
	struct peer *sink = reader_of(other);
	char bus[300];

	snprintf(bus, sizeof bus, "  feed: %s\n", other->feed);
	hub_configure(hub, &(struct hub_setup){.bus = bus});
	cr_assert_eq(hub_refuses(hub), 100);
	cr_assert(child_said(hub->child, "bus.feed"));
	cr_assert(child_said(hub->child, "in use"));
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached ...");
	peer_free(&sink);
	hub_kill(other); /* what it leaves behind is nobody's */
	hub_start(hub);
	hub_free(&other);
}

Test(hub_start, tcp_is_served_like_ipc)
{
	int port = free_port();
	struct peer *worker;
	char bus[128];

	snprintf(bus, sizeof bus, "  ingest: tcp://127.0.0.1:%d\n", port);
	hub_configure(hub, &(struct hub_setup){.bus = bus});
	hub_start(hub);
	snprintf(hub->ingest, sizeof hub->ingest, "tcp://127.0.0.1:%d", port);
	worker = worker_of(hub);
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease ...");
	peer_free(&worker);
}

Test(hub_start, a_state_dir_too_deep_for_sockets_uses_a_private_folder_for_them)
{
	char deep[256];
	size_t used = (size_t)snprintf(deep, sizeof deep, "%s/", hub->place->folder);

	memset(deep + used, 'd', 120);
	deep[used + 120] = '\0';
	place_write(hub->place, "buildbus.yml", "bus: {state_dir: %s}\nsources: []\n", deep);
	hub_start(hub);
	hub_stop(hub);
}

Test(hub_start, a_configuration_that_can_not_be_used_makes_no_state)
{
	place_write(hub->place, "buildbus.yml", "bus: {state_dir: %s, sttate: 1}\nsources: []\n",
		    hub->place->state);
	cr_assert_eq(hub_refuses(hub), 100);
	cr_assert(child_said(hub->child, "sttate"));
	cr_assert_eq(access(hub->place->state, F_OK), -1);
}

#if defined(__SANITIZE_ADDRESS__)
#define INSTRUMENTED true
#else
#define INSTRUMENTED false
#endif

/* Else everything would be sent again after a power failure. */
Test(hub_start, its_beat_and_the_place_of_it_are_on_the_disk_before_it_is_ready)
{
	char *synced, place[512];
	size_t size;
	char *paths;

	if (INSTRUMENTED) {
		cr_skip_test("a sanitizer wants to be loaded first");
	}
	cr_assert(asprintf(&synced, "BUILDBUS_SYNCED=%s", place_path(hub->place, "synced")) > 0);
	hub->env[0] = strdup("LD_PRELOAD=" BUILDBUS_BIN_DIR "/../tests/synced.so");
	hub->env[1] = synced;
	hub_start(hub);
	paths = place_read(hub->place, "synced", &size);
	cr_assert(paths);
	snprintf(place, sizeof place, "%s/hub.beat\n%s\n", hub->place->state, hub->place->state);
	cr_expect(strstr(paths, place), "%s", paths);
	free(paths);
}

/* A disk that really fills and is freed again, under live traffic: in a mount namespace of the test. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/trio.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOUR INT64_C(3600000)

/* 32 MiB of their own for the state. False: that can't be had here. */
static bool mount_state(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mkdir(hub->place->state, 0700) == 0 &&
	       mount("tmpfs", hub->place->state, "tmpfs", 0, "size=32m,mode=0700") == 0;
}

static void open_small_disk(void)
{
	hub = hub_new(.idle = true, .bus = "  log_retention: 1h\n  raw_retention: 1h\n");
	if (!mount_state()) {
		hub_free(&hub);
		cr_skip_test("needs root and a mount namespace");
	}
	hub_start(hub);
	trio_connect();
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $fence ...");
	store_reads();
}

static void close_small_disk(void)
{
	if (!hub) {
		return;
	}
	umount2(hub->place->state, MNT_DETACH); /* the folder below is removed with the place */
	trio_close();
}

TestSuite(disk_full, .timeout = 120, .init = open_small_disk, .fini = close_small_disk);

static const char *filler(void)
{
	static char path[300];

	snprintf(path, sizeof path, "%s/filler", hub->place->state);
	return path;
}

/* Somebody else's file takes all that is left but so many bytes. */
static void fill(int64_t leave)
{
	static char block[65536];
	int fd = open(filler(), O_WRONLY | O_CREAT | O_APPEND, 0600);
	off_t size;

	cr_assert_geq(fd, 0);
	while (write(fd, block, sizeof block) > 0) {
	}
	cr_assert_eq(errno, ENOSPC);
	size = lseek(fd, 0, SEEK_END);
	cr_assert(size > leave && ftruncate(fd, size - leave) == 0);
	close(fd);
}

static void send_page(int n, int number, const char *branch)
{
	with(worker, .number = number, .pad = 6000, .branch = branch, .observed_at = T0 + n * 1000);
	say(worker, "publish $fence %d nil", n);
}

static void expect_first_line(const char *words)
{
	struct said said = command_run(hub->place, "buildbus", ARGS("status", "-c", hub->place->config));

	cr_assert_eq(said.code, 0);
	said.out[strcspn(said.out, "\n")] = '\0';
	expect_words(HERE, said.out, words);
	said_free(&said);
}

/* Commits that failed a moment ago may still be told. */
static void expect_nothing_stuck(void)
{
	struct said said = command_run(hub->place, "buildbus", ARGS("status", "-c", hub->place->config));

	cr_assert_eq(said.code, 0);
	cr_assert_not(strstr(said.out, "STUCK"), "%s", said.out);
	said_free(&said);
}

Test(disk_full, nothing_is_lost_and_it_goes_on_by_itself_when_there_is_room)
{
	int n = 1;

	for (; n <= 50; n++) {
		send_page(n, n, "a");
		hear(worker, "ack %d 1 0 0 $fence", n);
		hear(sink, "records $session %d %d [%d]", n, n, n);
	}
	fill(0); /* not even min_free is left: it refuses when it looks, or when the next page does not fit */
	for (;; n++) {
		send_page(n, n, "a");
		cr_assert(n < 2000 && peer_wait(HERE, worker, patience_ms()));
		if (heard_is(worker, "error")) {
			break;
		}
		hear(sink, "records $session %d %d [%d]", n, n, n);
	}
	cr_assert(heard_matches(HERE, worker, "error 'full' _ _ $fence"));
	child_event(hub->child, "hub.full", NULL, NULL);
	say(sink, "heartbeat $session");
	hear(sink, "alive $session %d", n - 1);
	say(worker, "heartbeat [$fence]");
	hear(worker, "alive [[$fence %d]]", n - 1);
	expect_first_line("STUCK   hub|bus.min_free|nothing is lost, fetchers wait");
	unlink(filler());
	child_event(hub->child, "hub.taking", NULL, NULL);
	for (int end = n + 50; n < end; n++) {
		send_page(n, n, "a");
		hear(worker, "ack %d 1 0 0 $fence", n);
		hear(sink, "records $session %d %d [%d]", n, n, n);
	}
	expect_nothing_stuck();
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM log"), n - 1);
}

Test(disk_full, a_sink_in_the_way_lapses_and_what_it_held_back_makes_room)
{
	struct peer *gone = reader_of(hub);
	int n = 1;

	attach(gone, "gone", "gone");
	say(gone, "detach $gone");
	hear(gone, "bye $gone");
	for (; n <= 800; n++) { /* 5 MiB of versions that nobody needs but `gone` */
		send_page(n, 1 + n % 2, n / 2 % 2 ? "a" : "b");
		hear(worker, "ack %d 1 0 0 $fence", n);
		hear(sink, "records $session %d %d [%d]", n, n, n);
	}
	say(sink, "ack $session [$epoch %d] b'all'", n - 1);
	hear(sink, "alive ...");
	hub->clock->passed_ms += 2 * HOUR; /* all that is superseded could go now */
	peer_wait(HERE, worker, 1500);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM log"), n - 1, "it waits for `gone`");
	fill(512 << 10);
	child_event(hub->child, "hub.full", NULL, NULL);
	hub->clock->passed_ms += HOUR / 60; /* it stays full: no moment of it */
	child_event(hub->child, "hub.sink_lapsed", "sink", "gone");
	child_event(hub->child, "hub.taking", NULL, NULL);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM sink WHERE name = 'store' AND lapsed_at IS NULL"), 1);
	send_page(n, 1, "c");
	hear(worker, "ack %d 1 0 0 $fence", n);
	hear(sink, "records $session %d %d [%d]", n, n, n);
	peer_free(&gone);
}

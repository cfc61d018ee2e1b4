/* Strangers at the hub's door: real traffic goes on, memory and descriptors stay bounded. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/siege.h"
#include "tests/support/trio.h"
#include "tests/support/wallet.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 2
#define RATIO  0.1 /* of its pace at least: attacker, test and hub share the cores; mostly it is above 0.7 */
#ifdef __SANITIZE_ADDRESS__
#define SPARE_KB 400000 /* what is freed stays for a while */
#else
#define SPARE_KB 65536
#endif

static char bus[512], hub_key[41];
static int port, number;

static void open_hub(void)
{
	struct keyring keys;

	port = free_port();
	snprintf(bus, sizeof bus, "  ingest: tcp://127.0.0.1:%d\n%s", port, wallet_bus);
	hub = hub_new(.bus = bus, .idle = true);
	snprintf(hub->ingest, sizeof hub->ingest, "tcp://127.0.0.1:%d", port);
	wallet_open(hub->place);
	wallet_hub_key(hub->place, hub_key);
	keys = wallet_add(hub->place, "fetch", "fetch");
	hub_start(hub);
	worker = wallet_peer(hub->place, hub->ingest, &keys);
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $fence ...");
}

static void close_hub(void)
{
	peer_free(&worker);
	hub_free(&hub);
}

TestSuite(curve_siege, .timeout = 300, .init = open_hub, .fini = close_hub);

/* Publishes one build after the other, each when the last one is acknowledged; how many in ms. */
static int publish_for(int64_t ms)
{
	int64_t until_ms = test_now_ms() + ms;
	int done = 0;

	while (test_now_ms() < until_ms) {
		value_set("n", ++number);
		with(worker, .number = number);
		say(worker, "publish $fence $n nil");
		hear(worker, "ack $n 1 0 0 $fence");
		done++;
	}
	return done;
}

static long status_kb(const char *key)
{
	char path[64], line[256];
	long value = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)child_pid(hub->child));
	file = fopen(path, "re");
	cr_assert_not_null(file);
	while (fgets(line, sizeof line, file)) {
		if (strncmp(line, key, strlen(key)) == 0) {
			value = strtol(line + strlen(key) + 1, NULL, 10);
		}
	}
	fclose(file);
	return value;
}

static int open_files(void)
{
	char path[64];
	DIR *folder;
	int count = 0;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)child_pid(hub->child));
	folder = opendir(path);
	cr_assert_not_null(folder);
	while (readdir(folder)) {
		count++;
	}
	closedir(folder);
	return count;
}

/* Quiet and besieged by turns, so that whatever else the machine does is on both sides. */
static void withstand(enum siege_kind kind)
{
	const char *size = getenv("BUILDBUS_TEST_SIEGE");
	int most = size ? (int)strtol(size, NULL, 10) : 2000, quiet = 0, besieged = 0, made = 0, files = 0;
	long before_kb = status_kb("VmRSS:"), slice_ms = size ? 1000 : 150, grown_kb;
	bool few = kind == SIEGE_GARBAGE || kind == SIEGE_HUGE;

	for (int i = 0; i < ROUNDS; i++) {
		struct siege *siege;

		quiet += publish_for(slice_ms);
		siege = siege_begin(kind, port, few ? 32 : most, hub_key);
		besieged += publish_for(slice_ms);
		files = open_files() > files ? open_files() : files;
		made += siege_end(&siege);
	}
	grown_kb = status_kb("VmHWM:") - before_kb;
	fprintf(stderr, "%s: %d strangers; %d builds besieged, %d quiet; %d files, %ld KiB more\n",
		siege_names[kind], made, besieged, quiet, files, grown_kb);
	cr_expect_gt(made, 10);
	cr_expect_geq(besieged, quiet * RATIO);
	cr_expect_lt(files, 400);
	cr_expect_lt(grown_kb, SPARE_KB);
}

Test(curve_siege, takes_little_from_those_who_have_a_key)
{
	for (int kind = 0; kind < SIEGE_KINDS; kind++) {
		withstand((enum siege_kind)kind);
	}
}

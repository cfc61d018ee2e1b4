/* `bus:`: defaults, addresses, and what may not be. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/config_case.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(config_bus, .init = case_open, .fini = case_close);

static struct loaded loaded;

static const struct bus_config *load_bus(const char *text)
{
	load(&loaded, text);
	cr_assert(loaded.status == OK, "%s", loaded.problems);
	return &loaded.config.bus;
}

static void expect_here(const char *text, const char *format)
{
	char here[PATH_MAX], expected[PATH_MAX + 64];
	const char *mark = strstr(format, "HERE");

	cr_assert_not_null(getcwd(here, sizeof here));
	snprintf(expected, sizeof expected, "%.*s%s%s", (int)(mark - format), format, here, mark + 4);
	cr_expect_str_eq(text, expected);
}

Test(config_bus, has_defaults)
{
	const struct bus_config *bus = load_bus("sources: []\n");

	expect_here(bus->state_dir, "HERE/state");
	expect_here(bus->ingest, "ipc://HERE/state/ingest.ipc");
	expect_here(bus->feed, "ipc://HERE/state/feed.ipc");
	expect_here(bus->tap, "ipc://HERE/state/tap.ipc");
	cr_expect(!bus->insecure);
	cr_expect(bus->log_retention_ms == INT64_C(7) * 86400000);
	cr_expect(bus->raw_retention_ms == INT64_C(30) * 86400000);
	cr_expect(bus->absent_max_ms == INT64_C(7) * 86400000);
	cr_expect(bus->min_free_bytes == INT64_C(1) << 30);
	config_fini(&loaded.config);
}

Test(config_bus, is_relative_to_the_file_and_not_to_the_process)
{
	struct config config;
	struct err err;

	cr_assert(mkdir("sub", 0700) == 0);
	write_file("sub/b.yml", "bus: {state_dir: ../data, tap: \"ipc://tap\"}\n");
	cr_assert(config_load(&config, "sub/b.yml", &err) == OK, "%s", err.text);
	expect_here(config.bus.state_dir, "HERE/data");
	expect_here(config.bus.ingest, "ipc://HERE/data/ingest.ipc");
	expect_here(config.bus.tap, "ipc://HERE/sub/tap");
	config_fini(&config);
	write_file("sub/b.yml", "sources: []\n");
	setenv("BUILDBUS_STATE_DIR", "shell", 1);
	cr_assert(config_load(&config, "sub/b.yml", &err) == OK, "%s", err.text);
	expect_here(config.bus.state_dir, "HERE/shell");
	config_fini(&config);
}

Test(config_bus, takes_the_state_folder_from_the_environment_where_the_file_names_none)
{
	setenv("BUILDBUS_STATE_DIR", "from-env", 1);
	expect_here(load_bus("sources: []\n")->state_dir, "HERE/from-env");
	config_fini(&loaded.config);
	setenv("BUILDBUS_STATE_DIR", "/abs", 1);
	cr_expect_str_eq(load_bus("sources: []\n")->feed, "ipc:///abs/feed.ipc");
	config_fini(&loaded.config);
	expect_here(load_bus("bus: {state_dir: named}\n")->state_dir, "HERE/named");
	config_fini(&loaded.config);
}

Test(config_bus, takes_every_key_from_the_environment_where_the_file_names_none)
{
	setenv("BUILDBUS_INGEST", "tcp://hub:5550", 1);
	setenv("BUILDBUS_CURVE_CERTIFICATE", "certs", 1);
	cr_expect_str_eq(load_bus("sources: []\n")->ingest, "tcp://hub:5550");
	expect_here(loaded.config.bus.certificate, "HERE/certs");
	config_fini(&loaded.config);
	cr_expect_str_eq(load_bus("bus: {ingest: \"tcp://other:1\"}\n")->ingest, "tcp://other:1");
	config_fini(&loaded.config);
}

Test(config_bus, expands_variables)
{
	setenv("WHERE", "/there", 1);
	cr_expect_str_eq(load_bus("bus: {state_dir: \"${WHERE}/x\"}\n")->ingest, "ipc:///there/x/ingest.ipc");
	config_fini(&loaded.config);
}

/* sockaddr_un takes 107 bytes; state_dir is filled so that the longest socket is just in and just over. */
Test(config_bus, falls_back_when_a_path_is_too_long_for_a_socket)
{
	char text[256], name[128] = "", first[256];

	memset(name, 'x', 107 - strlen("/") - strlen("/ingest.ipc"));
	snprintf(text, sizeof text, "bus: {state_dir: /%s}\n", name);
	cr_expect(strlen(load_bus(text)->ingest) == strlen("ipc://") + 107);
	cr_expect(strncmp(loaded.config.bus.ingest, "ipc:///x", 8) == 0);
	config_fini(&loaded.config);

	snprintf(text, sizeof text, "bus: {state_dir: /%sx}\n", name);
	snprintf(first, sizeof first, "ipc:///tmp/buildbus-%lu-", (unsigned long)getuid());
	cr_expect(strncmp(load_bus(text)->tap, first, strlen(first)) == 0, "%s", loaded.config.bus.tap);
	snprintf(first, sizeof first, "%s", loaded.config.bus.tap);
	config_fini(&loaded.config);
	cr_expect_str_eq(load_bus(text)->tap, first, "another folder the second time");
	config_fini(&loaded.config);

	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	cr_expect(strncmp(load_bus(text)->tap, "ipc:///run/user/7/buildbus-", 27) == 0);
	config_fini(&loaded.config);

	snprintf(text, sizeof text, "bus: {state_dir: /%sy}\n", name);
	unsetenv("XDG_RUNTIME_DIR");
	cr_expect_str_neq(load_bus(text)->tap, first, "the folder of another state");
	config_fini(&loaded.config);
}

Test(config_bus, refuses_an_address_that_is_too_long_for_a_socket)
{
	char text[256], name[128] = "";

	memset(name, 'x', 106);
	snprintf(text, sizeof text, "bus: {tap: \"ipc:///%s\"}\n", name);
	cr_expect(strlen(load_bus(text)->tap) == strlen("ipc://") + 107);
	config_fini(&loaded.config);
	snprintf(text, sizeof text, "bus: {tap: \"ipc:///%sx\"}\n", name);
	load(&loaded, text);
	cr_expect_str_eq(loaded.problems,
			 "buildbus.yml:1: bus.tap: the path of an ipc address has at most 107 bytes\n");
	config_fini(&loaded.config);
}

Test(config_bus, takes_loopback_and_what_the_operator_allows)
{
	static const char *const good[] = {
		"tcp://127.0.0.1:5550", "tcp://127.8.9.1:1", "tcp://localhost:65535",
		"tcp://[::1]:5550",     "ipc:///x/y",
	};
	char text[128];

	for (size_t i = 0; i < COUNT(good); i++) {
		snprintf(text, sizeof text, "bus: {ingest: \"%s\"}\n", good[i]);
		cr_expect_str_eq(load_bus(text)->ingest, good[i]);
		config_fini(&loaded.config);
	}
	cr_expect_str_eq(load_bus("bus: {feed: \"tcp://hub:5551\", insecure: true}\n")->feed,
			 "tcp://hub:5551");
	config_fini(&loaded.config);
	cr_expect_str_eq(load_bus("bus: {feed: \"tcp://*:5551\", insecure: true}\n")->feed, "tcp://*:5551");
	config_fini(&loaded.config);
	cr_expect_str_eq(load_bus("bus: {feed: \"tcp://*:5551\", curve: {certificate: a}}\n")->feed,
			 "tcp://*:5551");
	config_fini(&loaded.config);
}

#define OFF_LOOPBACK                                                                                         \
	"plain TCP off loopback can be read and written by anybody in between; give each process a "         \
	"certificate (bus.curve), keep the bus on ipc or loopback, or set bus.insecure: true on a private "  \
	"network\n"

Test(config_bus, says_what_may_not_be)
{
	static const struct {
		const char *text, *problem;
	} rows[] = {
		{"bus:\n  feed: tcp://10.0.0.1:5551\n", "buildbus.yml:2: bus.feed: " OFF_LOOPBACK},
		{"bus:\n  tap: tcp://*:5551\n", "buildbus.yml:2: bus.tap: " OFF_LOOPBACK},
		{"bus:\n  tap: tcp://127.0.0.1.evil.example:5551\n",
		 "buildbus.yml:2: bus.tap: " OFF_LOOPBACK},
		{"bus:\n  tap: tcp://0.0.0.0:5551\n", "buildbus.yml:2: bus.tap: " OFF_LOOPBACK},
		{"bus:\n  tap: tcp://127.0.0.1\n",
		 "buildbus.yml:2: bus.tap: must be tcp://HOST:PORT with a port from 1 to 65535\n"},
		{"bus:\n  tap: tcp://127.0.0.1:0\n",
		 "buildbus.yml:2: bus.tap: must be tcp://HOST:PORT with a port from 1 to 65535\n"},
		{"bus:\n  tap: tcp://127.0.0.1:65536\n",
		 "buildbus.yml:2: bus.tap: must be tcp://HOST:PORT with a port from 1 to 65535\n"},
		{"bus:\n  tap: tcp://:5\n",
		 "buildbus.yml:2: bus.tap: must be tcp://HOST:PORT with a port from 1 to 65535\n"},
		{"bus:\n  tap: 127.0.0.1:5552\n",
		 "buildbus.yml:2: bus.tap: must be tcp://HOST:PORT or ipc://PATH\n"},
		{"bus:\n  tap: \"ipc://\"\n",
		 "buildbus.yml:2: bus.tap: must be tcp://HOST:PORT or ipc://PATH\n"},
		{"bus:\n  curve: {clients_dir: b}\n",
		 "buildbus.yml:2: bus.curve.certificate: missing: this process's secret certificate, or a "
		 "folder of them (`buildbus keys new` makes one)\n"},
		{"bus:\n  curve: {certificate: a, server_key: abc}\n",
		 "buildbus.yml:2: bus.curve.server_key: must be the 40 characters of the hub's public key "
		 "between single quotes; or write server_key_file: hub.cert\n"},
		{"bus:\n  curve: {certificat: a}\n",
		 "buildbus.yml:2: bus.curve.certificat: unknown key, did you mean certificate?\n"},
		{"bus:\n  state_dir: $UNSET_HERE\n",
		 "buildbus.yml:2: bus.state_dir: the variable UNSET_HERE is not set; "
		 "set it, or write ${UNSET_HERE:-default}\n"},
		{"bus:\n  name: x\n",
		 "buildbus.yml:2: bus.name: unknown key (has: state_dir, ingest, feed, tap, insecure, curve, "
		 "log_retention, raw_retention, absent_max, min_free)\n"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		load(&loaded, rows[i].text);
		cr_expect(loaded.status == ERR_CONFIG, "accepted: %s", rows[i].text);
		cr_expect_str_eq(loaded.problems, rows[i].problem);
		config_fini(&loaded.config);
	}
}

/* `bus:` and the addresses that follow from it. */
/* SPDX-License-Identifier: MIT */
#include "common/config_file.h"
#include "common/config_private.h"
#include "common/listen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define IPC_PATH_MAX                                                                                         \
	107 /* sockaddr_un.sun_path without the NUL; libzmq fails with a misleading errno beyond */

#define ROW(name, kind, member, ...)                                                                         \
	{                                                                                                    \
		.key = (name), .type = (kind), .offset = offsetof(struct bus_config, member), __VA_ARGS__    \
	}

const struct config_row bus_config_rows[] = {
	ROW("state_dir", CONFIG_PATH, state_dir, .fallback = "./state",
	    .help = "folder of hub.db, store.db and the sockets"),
	ROW("ingest", CONFIG_TEXT, ingest, .help = "ZeroMQ address for fetchers; default ipc in state_dir"),
	ROW("feed", CONFIG_TEXT, feed,
	    .help = "ZeroMQ address for sinks and the command; default ipc in state_dir"),
	ROW("tap", CONFIG_TEXT, tap,
	    .help = "ZeroMQ address for whoever listens (`buildbus tap`); default ipc in state_dir"),
	ROW("insecure", CONFIG_BOOL, insecure, .fallback = "false",
	    .help = "allow plain TCP off loopback, on a private network"),
	ROW("curve.certificate", CONFIG_PATH, certificate,
	    .help = "this process's secret certificate, or a folder where it is `NAME.cert_secret`"),
	ROW("curve.server_key", CONFIG_TEXT, server_key,
	    .help = "of clients: the public key of the hub; default that of `hub.cert` beside the "
		    "certificate"),
	ROW("curve.clients_dir", CONFIG_PATH, clients_dir,
	    .help = "of the hub: folder of the clients' public certificates"),
	ROW("log_retention", CONFIG_DURATION, log_retention_ms, .fallback = "7d",
	    .help = "superseded versions stay in the log this long; the newest of each build stays for ever"),
	ROW("raw_retention", CONFIG_DURATION, raw_retention_ms, .fallback = "30d",
	    .help = "the providers' own answers stay this long, to make records anew"),
	ROW("absent_max", CONFIG_DURATION, absent_max_ms, .fallback = "7d",
	    .help = "the log waits this long for a sink that is away"),
	ROW("min_free", CONFIG_SIZE, min_free_bytes, .fallback = "1GiB",
	    .help = "with less free disk than this the hub takes nothing in"),
	CONFIG_END,
};

struct endpoint {
	const char *key;
	size_t offset;
};

static const struct endpoint endpoints[] = {
	{"ingest", offsetof(struct bus_config, ingest)},
	{"feed", offsetof(struct bus_config, feed)},
	{"tap", offsetof(struct bus_config, tap)},
};

static char **address_of(struct bus_config *bus, const struct endpoint *endpoint)
{
	return (char **)((char *)bus + endpoint->offset);
}

static bool is_loopback(const char *host, size_t len)
{
	return (len == 9 && memcmp(host, "localhost", 9) == 0) ||
	       (len == 5 && memcmp(host, "[::1]", 5) == 0) ||
	       (len > 4 && memcmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") >= len);
}

/* The sentence about a tcp:// address that can't be used, NULL for a good one. */
static const char *tcp_fault(const char *address, const struct bus_config *bus)
{
	const char *host = address + strlen("tcp://"), *colon = strrchr(host, ':');

	if (!colon || colon == host || port_read(colon + 1, strlen(colon + 1)) < 1) {
		return "must be tcp://HOST:PORT with a port from 1 to 65535";
	}
	if (!bus->insecure && !bus->certificate && !is_loopback(host, (size_t)(colon - host))) {
		return "plain TCP off loopback can be read and written by anybody in between; give each "
		       "process a certificate (bus.curve), keep the bus on ipc or loopback, or set "
		       "bus.insecure: true on a private network";
	}
	return NULL;
}

/* Makes the path of an ipc:// address absolute; the sentence of a fault as above. */
static const char *settle_ipc(const char *folder, char **address)
{
	char *path = path_resolve(folder, *address + strlen("ipc://"));
	char *settled = NULL;
	const char *fault = NULL;

	if (!path || asprintf(&settled, "ipc://%s", path) < 0) {
		fault = "out of memory";
	} else if (strlen(path) > IPC_PATH_MAX) {
		fault = "the path of an ipc address has at most 107 bytes";
		free(settled);
	} else {
		free(*address);
		*address = settled;
	}
	free(path);
	return fault;
}

static const char *settle(const struct config_doc *doc, const struct bus_config *bus, char **address)
{
	if (strncmp(*address, "tcp://", 6) == 0) {
		return tcp_fault(*address, bus);
	}
	if (strncmp(*address, "ipc://", 6) == 0 && (*address)[6] != '\0' && (*address)[6] != '@') {
		return settle_ipc(doc->folder, address);
	}
	return "must be tcp://HOST:PORT or ipc://PATH";
}

/* Every process must find the same folder without asking, so it follows from hub_dir alone. heap; NULL: no
 * memory. */
static char *socket_folder(const char *hub_dir)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	unsigned long long hash = XXH3_64bits(hub_dir, strlen(hub_dir));
	char *folder = NULL;

	if (strlen(hub_dir) + strlen("/ingest.ipc") <= IPC_PATH_MAX) {
		return strdup(hub_dir);
	}
	if (!runtime || runtime[0] != '/' || strlen(runtime) > 40) {
		runtime = "/tmp";
	}
	if (asprintf(&folder, "%s/buildbus-%lu-%016llx", runtime, (unsigned long)getuid(), hash) < 0) {
		return NULL;
	}
	return folder;
}

/* *place becomes the value of the variable; false: no memory, or the variable isn't set. */
static bool replace(char **place, const char *variable)
{
	const char *value = getenv(variable);
	char *copy = value && *value ? strdup(value) : NULL;

	if (copy) {
		free(*place);
		*place = copy;
	}
	return copy != NULL;
}

/* `buildbus sync` works in a folder of its own, whatever the file says; its processes learn of it here. What
 * a temporary hub keeps is gone with the run, so that it needs neither an archive nor much room. */
static void settle_folders(struct bus_config *bus)
{
	bus->sync = getenv("BUILDBUS_SYNC") != NULL;
	bus->dry_run = getenv("BUILDBUS_SYNC_DRY_RUN") != NULL;
	replace(&bus->state_dir, "BUILDBUS_SYNC_STATE_DIR");
	if (!replace(&bus->hub_dir, "BUILDBUS_SYNC_HUB_DIR")) {
		bus->hub_dir = strdup(bus->state_dir);
		return;
	}
	bus->brief = true;
	for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
		char **address = address_of(bus, &endpoints[i]);

		free(*address);
		*address = NULL;
	}
	bus->temporary = strcmp(bus->hub_dir, bus->state_dir) != 0;
	if (bus->temporary) {
		bus->raw_retention_ms = bus->min_free_bytes = 0;
	}
}

static bool default_addresses(struct bus_config *bus)
{
	char *folder = bus->hub_dir ? socket_folder(bus->hub_dir) : NULL;
	bool good = folder != NULL;

	for (size_t i = 0; good && i < sizeof endpoints / sizeof endpoints[0]; i++) {
		char **address = address_of(bus, &endpoints[i]);

		if (!*address && asprintf(address, "ipc://%s/%s.ipc", folder, endpoints[i].key) < 0) {
			*address = NULL;
			good = false;
		}
	}
	free(folder);
	return good;
}

static void check_addresses(const struct config *config, struct bus_config *bus, int map,
			    struct config_problems *problems)
{
	struct config_doc *doc = config->document;

	for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
		char **address = address_of(bus, &endpoints[i]), where[32];
		const char *fault = *address ? settle(doc, bus, address) : NULL;

		if (fault) {
			snprintf(where, sizeof where, "bus.%s", endpoints[i].key);
			problem_add(problems, doc_line(doc, doc_get(doc, map, endpoints[i].key)), where, "%s",
				    fault);
		}
	}
}

void config_bus(struct config *config, struct config_problems *problems)
{
	struct config_doc *doc = config->document;
	int map = doc_get(doc, doc_root(doc), "bus");
	struct config_options options = {.doc = doc, .map = map, .line = doc_line(doc, map), .where = "bus"};

	if (!doc_is_map(doc, map) && !doc_is_null(doc, map)) {
		problem_add(problems, options.line, "bus", "must be a map of options");
		options.map = 0;
	}
	config_options_read(&options, bus_config_rows, &config->bus, problems);
	if (config->bus.state_dir) {
		settle_folders(&config->bus);
	}
	config_curve(config, &config->bus, map, problems);
	check_addresses(config, &config->bus, map, problems);
	if (config->bus.state_dir && !default_addresses(&config->bus)) {
		problem_no_memory(problems);
	}
}

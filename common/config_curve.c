/* `bus.curve:`: which of its keys belong together, and what the hub's key may look like. */
/* SPDX-License-Identifier: MIT */
#include "common/certificate.h"
#include "common/config_private.h"

#include <stdlib.h>
#include <string.h>

/* server_key_file may name the hub's public certificate: the key is in it. */
static bool settle_server_key(struct bus_config *bus)
{
	struct certificate hub;
	struct err err;
	char *key;

	if (!bus->server_key || key_is_valid(bus->server_key)) {
		return true;
	}
	if (cert_parse(bus->server_key, "bus.curve.server_key", &hub, &err) != OK ||
	    !(key = strdup(hub.public_key))) {
		return false;
	}
	free(bus->server_key);
	bus->server_key = key;
	return true;
}

/* The sockets of a `buildbus sync` are in a folder that nobody else can enter. */
static void forget(struct bus_config *bus)
{
	free(bus->certificate);
	free(bus->server_key);
	free(bus->clients_dir);
	bus->certificate = bus->server_key = bus->clients_dir = NULL;
}

void config_curve(const struct config *config, struct bus_config *bus, int map,
		  struct config_problems *problems)
{
	struct config_doc *doc = config->document;
	int line = doc_line(doc, doc_get(doc, map, "curve"));

	if (!bus->certificate && (bus->server_key || bus->clients_dir)) {
		problem_add(problems, line, "bus.curve.certificate",
			    "missing: this process's secret certificate, or a folder of them "
			    "(`buildbus keys new` makes one)");
	}
	if (!settle_server_key(bus)) {
		problem_add(problems, line, "bus.curve.server_key",
			    "must be the 40 characters of the hub's public key between single quotes; or "
			    "write server_key_file: hub.cert");
	}
	if (bus->sync) {
		forget(bus);
	}
}

/* SPDX-License-Identifier: MIT */
#include "tests/support/wallet.h"

#include <czmq.h>
#include <stdio.h>
#include <sys/stat.h>

const char wallet_bus[] = "  curve: {certificate: certs, clients_dir: clients}\n";

static struct keyring write_pair(const struct place *place, const char *name, const char *role)
{
	zcert_t *cert = zcert_new();
	struct keyring keys;
	char file[128];

	snprintf(keys.public_key, sizeof keys.public_key, "%s", zcert_public_txt(cert));
	snprintf(keys.secret_key, sizeof keys.secret_key, "%s", zcert_secret_txt(cert));
	zcert_set_meta(cert, "role", "%s", role);
	snprintf(file, sizeof file, "certs/%s.cert", name);
	cr_assert_eq(zcert_save(cert, place_path(place, file)), 0);
	zcert_destroy(&cert);
	return keys;
}

void wallet_open(const struct place *place)
{
	mkdir(place_path(place, "certs"), 0700);
	mkdir(place_path(place, "clients"), 0700);
	write_pair(place, "hub", "hub");
}

void wallet_admit(const struct place *place, const char *name)
{
	char from[128], to[128], *text;
	size_t size;

	snprintf(from, sizeof from, "certs/%s.cert", name);
	snprintf(to, sizeof to, "clients/%s.cert", name);
	text = place_read(place, from, &size);
	cr_assert_not_null(text, "%s", from);
	place_write(place, to, "%s", text);
	free(text);
}

struct keyring wallet_add(const struct place *place, const char *name, const char *role)
{
	struct keyring keys = write_pair(place, name, role);

	wallet_admit(place, name);
	return keys;
}

void wallet_revoke(const struct place *place, const char *name)
{
	char file[128];

	snprintf(file, sizeof file, "clients/%s.cert", name);
	cr_assert_eq(unlink(place_path(place, file)), 0, "%s", file);
}

void wallet_reread(struct test_hub *of)
{
	child_signal(of->child, SIGHUP);
	child_event(of->child, "proc.reloaded", NULL, NULL);
}

void wallet_hub_key(const struct place *place, char key[static 41])
{
	zcert_t *hub = zcert_load(place_path(place, "certs/hub.cert"));

	cr_assert_not_null(hub);
	snprintf(key, 41, "%s", zcert_public_txt(hub));
	zcert_destroy(&hub);
}

struct peer *wallet_peer(const struct place *place, const char *endpoint, const struct keyring *keys)
{
	char hub_key[41];

	wallet_hub_key(place, hub_key);
	return peer_new_curve(endpoint, hub_key, keys->public_key, keys->secret_key);
}

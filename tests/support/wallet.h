/* Certificates of one test, as CZMQ itself writes them, and the folder of those that the hub admits. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/hub.h"

struct keyring {
	char public_key[41], secret_key[41];
};

/* Makes place/certs with the hub's certificate, and place/clients. What bus: says for it: wallet_bus. */
void wallet_open(const struct place *place);
/* The lines of bus: that use it, with all certificates in one folder. */
extern const char wallet_bus[];
/* Makes certs/NAME.cert_secret and admits it: the role goes into clients/NAME.cert at the next SIGHUP. */
struct keyring wallet_add(const struct place *place, const char *name, const char *role);
/* Takes clients/NAME.cert away, or puts it back. */
void wallet_revoke(const struct place *place, const char *name);
void wallet_admit(const struct place *place, const char *name);
/* The hub's public key, Z85. */
void wallet_hub_key(const struct place *place, char key[static 41]);
/* SIGHUP, and waits until the hub has read them. */
void wallet_reread(struct test_hub *hub);

/* A peer that speaks CURVE with these keys to the hub of place. */
struct peer *wallet_peer(const struct place *place, const char *endpoint, const struct keyring *keys);

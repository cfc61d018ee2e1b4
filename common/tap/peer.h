/* Sockets of a tapper. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdint.h>

/* How to reach the hub and who we are. */
struct tap_peer {
	void *context; /* of libzmq */
	char *tap, *feed;
	char public_key[41], secret_key[41], server_key[41]; /* Z85; "": no encryption */
};

/* Copies what options name; reads the certificate. */
struct buildbus_tap_options;
enum status peer_init(struct tap_peer *peer, const struct buildbus_tap_options *options,
		      struct err *err) MUST_CHECK;
/* Accepts zeroed and half-made. */
void peer_fini(struct tap_peer *peer);
/* A socket of that type with the options that all have, not connected. NULL: *err says why. */
void *peer_socket(const struct tap_peer *peer, int type, struct err *err);
enum status peer_connect(void *socket, const char *key, const char *endpoint, struct err *err) MUST_CHECK;
/* Monotonic clock. */
int64_t peer_now_ms(void);

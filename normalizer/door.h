/* Who may come in, and what they may say, where the bus uses CURVE. libzmq asks at each handshake (ZAP, RFC
 * 27); the hub asks itself at each message, because a key may be revoked while its connection lives. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "normalizer/crowd.h"
#include "normalizer/keys.h"

#include <czmq.h>

struct hub;
struct request;
struct session;

#define DOOR_SOCKETS 3

struct door {
	bool curve;   /* false: everybody may say everything */
	zsock_t *zap; /* libzmq asks here */
	char *secret_key;
	struct keys keys;
	zloop_t *loop;
	struct crowd crowds[DOOR_SOCKETS]; /* of sockets on TCP */
	int64_t told_ms;                   /* when a refusal was logged last */
	int64_t told_since;                /* refusals since */
};

/* Before any socket of the hub is bound. */
enum status door_open(struct hub *hub, const struct bus_config *bus, struct err *err) MUST_CHECK;
void door_close(struct door *door);
/* Prepares a socket before it is bound to endpoint; name: "ingest", "feed", "tap". */
enum status door_dress(struct door *door, zsock_t *socket, const char *name, const char *endpoint,
		       struct err *err) MUST_CHECK;
/* Before it is destroyed. */
void door_undress(struct door *door, zsock_t *socket);
/* Reads the keys anew and ends the sessions of those that were revoked. On failure the old ones stay. */
void door_reload(struct hub *hub, const struct bus_config *fresh);

/* Whether request may be made; if not it is answered with `denied`. */
bool door_admits(struct request *request);
/* Whether the role allows the command that request has; likewise. */
bool door_allows(struct request *request);
/* Whether request may attach under that name (at NULL: unnamed); likewise. */
bool door_allows_name(struct request *request, struct text name);
/* Whether it comes from the one to whom session was given. */
bool door_owns(const struct request *request, const struct session *session);

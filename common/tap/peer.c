/* SPDX-License-Identifier: MIT */
#include "common/tap/peer.h"
#include "common/tap/buildbus-tap.h"
#include "common/tap/certificate.h"
#include "common/tcp.h"
#include "common/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECONNECT_MS     20 /* first; doubles */
#define RECONNECT_MAX_MS 1000
#define PING_MS          2000 /* ZMTP heartbeats: a host that vanished sends no FIN */
#define PING_WAIT_MS     6000

int64_t peer_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum status read_keys(struct tap_peer *peer, const struct buildbus_tap_options *options,
			     struct err *err)
{
	if (!options->certificate != !options->server_key) {
		return err_set(err, ERR_CONFIG, "a certificate and the hub's public key belong together");
	}
	if (!options->certificate) {
		return OK;
	}
	if (strlen(options->server_key) != sizeof peer->server_key - 1) {
		return err_set(err, ERR_CONFIG, "the hub's public key must have 40 characters");
	}
	memcpy(peer->server_key, options->server_key, sizeof peer->server_key);
	return certificate_read(options->certificate, peer->public_key, peer->secret_key, err);
}

enum status peer_init(struct tap_peer *peer, const struct buildbus_tap_options *options, struct err *err)
{
	peer->tap = strdup(options->tap);
	peer->feed = options->feed ? strdup(options->feed) : NULL;
	peer->context = zmq_ctx_new();
	if (!peer->tap || (options->feed && !peer->feed) || !peer->context) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	return read_keys(peer, options, err);
}

void peer_fini(struct tap_peer *peer)
{
	free(peer->tap);
	free(peer->feed);
	if (peer->context) {
		zmq_ctx_term(peer->context);
	}
	memset(peer, 0, sizeof *peer);
}

static void set_int(void *socket, int option, int value)
{
	zmq_setsockopt(socket, option, &value, sizeof value);
}

static bool set_keys(void *socket, const struct tap_peer *peer)
{
	return !*peer->server_key ||
	       (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, peer->server_key, 41) == 0 &&
		zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, peer->public_key, 41) == 0 &&
		zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, peer->secret_key, 41) == 0);
}

void *peer_socket(const struct tap_peer *peer, int type, struct err *err)
{
	int64_t most = WIRE_MESSAGE_MAX;
	void *socket = zmq_socket(peer->context, type);

	if (!socket) {
		err_sys(err, "no socket");
		return NULL;
	}
	set_int(socket, ZMQ_LINGER, 100);
	set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
	set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
	set_int(socket, ZMQ_HEARTBEAT_IVL, PING_MS);
	set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, PING_WAIT_MS);
	tcp_set_patience(socket);
	zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof most);
	if (!set_keys(socket, peer)) {
		err_set(err, ERR_CONFIG, "a key can't be used: %s", zmq_strerror(errno));
		zmq_close(socket);
		return NULL;
	}
	return socket;
}

enum status peer_connect(void *socket, const char *key, const char *endpoint, struct err *err)
{
	return zmq_connect(socket, endpoint) == 0
		       ? OK
		       : err_set(err, ERR_CONFIG, "%s %s: %s", key, endpoint, zmq_strerror(errno));
}

/* What TCP is told of a bus that leaves the machine, where hosts vanish without a word and names move to
 * other addresses. On ipc only the limit of a handshake has an effect. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <zmq.h>

/* A call that nobody answers: the name is looked up again for the next one. The kernel's own patience is two
 * minutes. */
#define TCP_CONNECT_MS 4000
/* Without an acknowledgement for what was sent. libzmq's heartbeats wait behind what can't be sent, so that
 * they alone would not end such a connection, and the kernel's own patience is a quarter of an hour. */
#define TCP_UNHEARD_MS 8000
/* A peer that takes the call and says nothing: another one that has the hub's name, or a hub that stands
 * still. Heartbeats begin after the handshake only; libzmq's own patience is half a minute. */
#define TCP_HANDSHAKE_MS 8000

static inline void tcp_set_patience(void *socket)
{
	zmq_setsockopt(socket, ZMQ_CONNECT_TIMEOUT, &(int){TCP_CONNECT_MS}, sizeof(int));
	zmq_setsockopt(socket, ZMQ_TCP_MAXRT, &(int){TCP_UNHEARD_MS}, sizeof(int));
	zmq_setsockopt(socket, ZMQ_HANDSHAKE_IVL, &(int){TCP_HANDSHAKE_MS}, sizeof(int));
}

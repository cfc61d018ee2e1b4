/* The listening socket: records as they pass, what the hub says of itself, and whether it is there. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/tap/peer.h"
#include "common/tap/topics.h"
#include "common/wire.h"

#include <stdbool.h>

enum live_kind {
	LIVE_NOTHING,
	LIVE_RECORD,
	LIVE_HELLO, /* everything up to seq was sent before; nothing after it is missed */
	LIVE_AWAY,  /* the connection ended */
	LIVE_REFUSED,
};

struct live {
	void *socket, *monitor;
	char hello[32]; /* the topic under which the hub answers us */
	int64_t asked_ms;
	bool asked, connected;
	struct wire_message message;
};

/* What came; lives until the next call. */
struct live_news {
	int64_t epoch, seq, prev, published_at;
	struct text topic, record;
};

enum status live_open(struct live *live, const struct tap_peer *peer, const struct topics *topics,
		      struct err *err) MUST_CHECK;
/* Accepts zeroed and half-opened. */
void live_close(struct live *live);
/* Never waits. */
enum live_kind live_next(struct live *live, struct live_news *news);
/* Asks the hub where it is: a LIVE_HELLO follows. */
void live_ask(struct live *live);

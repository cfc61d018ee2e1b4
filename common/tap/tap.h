/* Private to the library: what a tap is made of. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/tap/buildbus-tap.h"
#include "common/tap/live.h"
#include "common/tap/past.h"
#include "common/tap/seen.h"

struct buildbus_tap {
	struct tap_peer peer;
	struct topics topics;
	struct live live;
	struct past past; /* while it has a socket nothing is read live */
	struct seen seen;
	int64_t from_seq, from_time_ms;
	int64_t epoch;             /* 0: the hub has not answered yet */
	int64_t fetch_to;          /* the log is to be read up to it; 0: it isn't */
	int64_t answered;          /* where the hub was at its last answer */
	int64_t came, came_before; /* records since then, and between it and the one before */
	int64_t reopen_ms;         /* the socket is made anew then; 0: it is good */
	struct live_news news;
	bool held; /* news waits for what is missing before it */
	bool away, failed;
	char *topic; /* of the event at hand */
	struct err err;
};

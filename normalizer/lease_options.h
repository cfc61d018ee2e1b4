/* What a lease says beyond its target: docs/protocol.md section 2, `options`. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/wire.h"
#include "normalizer/known.h"

struct lease_options {
	bool sync, backfill, anew;
	struct known_window window;
};

void lease_options_put(struct wire_head *head, const struct lease_options *options);

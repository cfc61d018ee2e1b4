/* Which processes a configuration needs on one machine. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "compose/child.h"
#include "compose/command.h"

struct fleet {
	struct child *children; /* the hub, then the sinks, then the fetchers */
	size_t count, capacity;
};

struct fleet_options {
	const struct option_list *replicas; /* "fetch-buildkite=3" each */
	bool verbose;                       /* -v for every process */
};

/* One hub, one sink a destination, one fetcher a kind of source (or as many as the replicas say). ERR_CONFIG:
 * replicas that can't be read or name no process of this configuration. ERR_SYS: an executable is missing. */
enum status fleet_init(struct fleet *fleet, const struct config *config, const struct fleet_options *options,
		       struct err *err) MUST_CHECK;
/* Accepts zeroed and half-built. */
void fleet_fini(struct fleet *fleet);

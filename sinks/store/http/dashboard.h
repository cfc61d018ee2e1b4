/* The page and its API over store.db: libmicrohttpd's own threads read, the sink's loop writes and never
 * waits for them. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/record.h"
#include "sinks/store/config.h"

#include <czmq.h>

struct dashboard;

/* All of it lives until dashboard_free. */
struct dashboard_options {
	const struct store_config *config;
	const struct bus_config *bus;
	zloop_t *loop;
	const char *path; /* of store.db, which is there */
};

/* Listens and answers once this returns. ERR_CONFIG: an operator must act. */
enum status dashboard_new(struct dashboard **out, const struct dashboard_options *options,
			  struct err *err) MUST_CHECK;
/* "127.0.0.1:8080", with the port that it got. */
const char *dashboard_address(const struct dashboard *dashboard);
/* From the loop's thread, after the commit: this build is in the file. Accepts NULL. */
void dashboard_stored(struct dashboard *dashboard, const struct build *build);
/* The end of such a series. */
void dashboard_wake(struct dashboard *dashboard);
/* Accepts NULL; nulls the pointer. */
void dashboard_free(struct dashboard **dashboard);

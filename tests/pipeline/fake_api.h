/* A small Buildkite API in the test's own process, for answers that no simulator gives: broken, too large,
 * refused, held back. Builds 1..count of one pipeline, one a minute. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define API_BASE_MS                                                                                          \
	INT64_C(1577836800000) /* build N was created N minutes after that; far from any clock               \
				*/
#define API_ASKED_MAX 512

struct fake_api {
	struct MHD_Daemon *daemon; /* NULL: not started */
	int port;
	char url[64];
	/* Set before requests come. */
	int count;              /* builds */
	int64_t now;            /* what Date says */
	size_t pad;             /* bytes more in each build */
	bool pipelines_in_turn; /* build N is of docs, web, api: N % 3 = 2, 0, 1; false: all of web */
	int open_from;          /* builds from that number on are running; 0: none */
	int tied_from, tied_to; /* builds created in one millisecond; 0: none */
	int page_max;           /* lists of more builds a page are answered with 504; 0: none */
	int unreadable;         /* number of a build that is answered with 422; 0: none */
	const char *token;      /* NULL: any */
	int remaining;          /* RateLimit-Remaining of 100, reset in 30 s; 0: no such headers */
	/* Changed while it runs through fake_api_set only. */
	int broken;     /* so many lists are cut in the middle */
	int wrong;      /* so many lists are an object */
	int limited;    /* so many answers are 429, Retry-After: 1 */
	int failing;    /* so many are 503 */
	int missing;    /* pipeline and builds: 404 if true */
	int held_after; /* lists after so many wait until it is raised; 0: none */
	/* read */
	int lists, gets, pipelines, refused;
	char *asked[API_ASKED_MAX]; /* path and query of each request */
	int asked_count;
	int64_t asked_ms[API_ASKED_MAX];
};

void fake_api_start(struct fake_api *api);
void fake_api_stop(struct fake_api *api);
/* *field = value, where field is one of api's. */
void fake_api_set(struct fake_api *api, int *field, int value);

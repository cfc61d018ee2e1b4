/* A client that expects no fault, and shows what it got. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/simulator.h"

#include <curl/curl.h>

#define WEB "/v2/organizations/acme/pipelines/web/builds"

extern struct place *place;
extern struct simulator *sim;
extern CURL *curl;

/* The last answer. */
extern struct got {
	CURLcode code;
	long status, connects, os_error;
	char headers[8192], *body;
	size_t size, kept; /* only the first bytes of a body are kept */
	int64_t took_ms;
} got;

void open_sim(void);
void close_sim(void);

#define order(json) simulator_do(sim, "faults", json)
void get(const char *path);
bool has_header(const char *name);
bool body_is(const char *first);
bool is_json(void);

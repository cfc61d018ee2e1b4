/* The provider of bench-fetch and the client that its back-fill is compared with. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <curl/curl.h>
#include <stddef.h>

/* Reads so many builds of acme/web from the simulator at `sim` and serves them from a process of its own;
 * base gets its address, *requests counts what it is asked, in shared memory. Returns its pid. */
int provider_start(CURL *curl, const char *sim, int builds, int latency_ms, char *base, size_t size,
		   int **requests);

struct answer {
	char *bytes;
	size_t size;
};
/* Fails the benchmark unless the answer comes. bytes grow as needed; free them at the end. */
void answer_get(CURL *curl, const char *url, struct answer *answer);

/* One page after the other over one connection until a page is not full; each is parsed and its builds stored
 * by id in a SQLite file below dir, a durable transaction a page. Returns the seconds that it took. */
double naive_walk(CURL *curl, const char *base, const char *dir, int per_page);

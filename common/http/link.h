/* The Link header (RFC 8288), as far as paging needs it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* The addresses themselves are not used: they may carry an API key (as in an example of Buildkite). */
struct http_link {
	bool next;         /* one of the links has the relation `next` */
	int64_t last_page; /* `page=` in the address of the relation `last`; 0: not given */
};

struct http_link http_link_read(const char *value);

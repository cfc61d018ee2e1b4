/* The Link header (RFC 8288), as far as paging needs it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>

/* True when one of the links in value has the relation `next`. The address itself is not used: it may carry
 * an API key (as in an example of Buildkite), and walks don't page by number. */
bool http_link_has_next(const char *value);

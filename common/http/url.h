/* Where a redirect leads, and whether one may go there. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>

/* location as a whole URL, as seen from base. Heap. NULL: not an http(s) URL, one with a user name in it, or
 * out of memory. */
char *http_url_join(const char *base, const char *location);
/* Whether what an API at api_url redirects to may be asked for: by https only, and not on this machine;
 * unless the API itself is here (tests, a tunnel). */
bool http_url_may_follow(const char *api_url, const char *url);
/* Whether scheme, host and port are the same. False too where one is no URL. */
bool http_url_same_origin(const char *a, const char *b);
/* Whether url is of a host of domain ("example.com": it, and all below it), by https and its own port. */
bool http_url_within(const char *url, const char *domain);
/* A numeric address that is never a file server's: link-local ones, where clouds serve the machine's own
 * credentials. */
bool http_address_is_private_to_host(const char *address);

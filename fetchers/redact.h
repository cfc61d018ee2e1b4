/* Takes what must not be stored out of a provider's JSON before it leaves the fetcher: the values of `env`
 * and `webhook_url`, the settings of a repository provider, and the queries and passwords of URLs; and what
 * the paths of a `redact:` key name (fetchers/redact_path.h). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/err.h"
#include "common/text.h"

#include <yyjson.h>

/* Copies value, a build, into doc without the redacted parts. paths: further ones, or NULL. NULL: out of
 * memory (doc's allocator). */
yyjson_mut_val *redact_copy(yyjson_mut_doc *doc, yyjson_val *value, const struct config_list *paths);
/* Cuts a text in place if all of it is one http(s) URL: no user, no password, no query, no fragment. Returns
 * the new length. */
size_t redact_url(char *text, size_t size);

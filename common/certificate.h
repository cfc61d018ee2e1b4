/* A CURVE certificate as CZMQ writes it: two keys, and the role of who holds it (docs/operations.md). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "common/text.h"

#include <stdbool.h>

#define KEY_TEXT_SIZE 41  /* 32 bytes in Z85, and a NUL */
#define ROLE_TEXT_MAX 520 /* "sink:" and a name of at most 512 bytes */

enum role {
	ROLE_NONE = 0,
	ROLE_FETCH = 1,
	ROLE_SINK = 2, /* of one name */
	ROLE_TAP = 4,
	ROLE_ADMIN = 8,
	ROLE_HUB = 16, /* of the hub itself: nobody is admitted with it */
};

struct certificate {
	char public_key[KEY_TEXT_SIZE];
	char secret_key[KEY_TEXT_SIZE]; /* "" in a public one */
	enum role role;
	char role_text[ROLE_TEXT_MAX + 1]; /* as written; "": it has none */
};

/* ERR_DATA: this file is no certificate, or its role is unknown. ERR_CONFIG: it can't be read. err names it.
 */
enum status cert_read(const char *path, struct certificate *certificate, struct err *err) MUST_CHECK;
/* The same of a file's text, which must be whole; path is for err. */
enum status cert_parse(const char *text, const char *path, struct certificate *certificate,
		       struct err *err) MUST_CHECK;
/* A new pair of keys. */
enum status cert_draw(struct certificate *certificate, struct err *err) MUST_CHECK;
/* Writes the public half to path and all of it to path_secret, mode 0600, never over a file that is there. */
enum status cert_write(const struct certificate *certificate, const char *path, struct err *err) MUST_CHECK;
/* Writes the public half alone to path, in place of what is there: whoever reads sees the old or the new one.
 */
enum status cert_publish(const struct certificate *certificate, const char *path, struct err *err) MUST_CHECK;
/* *name: of a sink, points into text; else "". ERR_DATA with the roles that there are. */
enum status role_read(const char *text, enum role *role, const char **name, struct err *err) MUST_CHECK;
/* The name in a role sink:NAME. */
const char *cert_sink(const struct certificate *certificate);
bool key_is_valid(const char *text);

/* Passwords as hashes that can stand in a configuration: scrypt-<log2 N>-<r>-<p>-<salt>-<hash>, both in hex.
 * No
 * `$` and no `:`, which YAML and the configuration's variables would take for something else. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdbool.h>

enum { PASSWORD_MAX = 1024, PASSWORD_HASH_SIZE = 160 };

/* ERR_SYS: no memory, no randomness. */
enum status password_hash(const char *password, char out[static PASSWORD_HASH_SIZE],
			  struct err *err) MUST_CHECK;
/* Takes some 0.2 s and 16 MiB. A hash that is none fits nothing. */
bool password_fits(const char *password, const char *hash);
bool password_is_hash(const char *text);

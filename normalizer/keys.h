/* The certificates that the hub admits: a folder of public ones, read at the start and at SIGHUP. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/certificate.h"

#include <stddef.h>

struct key {
	char public_key[KEY_TEXT_SIZE];
	enum role role;
	char *role_text; /* as written: "sink:store" */
	char *file;      /* name in the folder */
};

/* Zeroed is empty. */
struct keys {
	struct key *items; /* by public_key */
	size_t count;
};

/* Reads each file of the folder; what is no certificate with a role is logged and passed over. ERR_CONFIG:
 * the folder can't be read. On failure keys is empty. */
enum status keys_load(struct keys *keys, const char *folder, struct err *err) MUST_CHECK;
void keys_fini(struct keys *keys);
/* NULL: not admitted. */
const struct key *keys_find(const struct keys *keys, const char *public_key);
/* The NAME of role sink:NAME, else "". */
const char *key_sink(const struct key *key);

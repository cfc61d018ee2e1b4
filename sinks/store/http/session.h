/* Who is logged in, in a cookie that only this server can have made: nothing is kept here. It ends after its
 * time, and when the user's password is changed or the user is removed. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

#include <stdbool.h>
#include <stdint.h>

enum { SESSION_KEY_SIZE = 32, SESSION_SIZE = 512, SESSION_S = 30 * 86400 };

struct session_key {
	unsigned char bytes[SESSION_KEY_SIZE];
};

/* From the file at path, which is made (mode 0600) where there is none. */
enum status session_key_load(struct session_key *key, const char *path, struct err *err) MUST_CHECK;
/* "<user in hex>.<end>.<mac>" */
void session_make(const struct session_key *key, const char *user, const char *hash, int64_t now_ms,
		  char out[static SESSION_SIZE]);
/* The user's index in users; -1: it is none of ours, or over. */
int session_user(const struct session_key *key, const struct config_map *users, const char *session,
		 int64_t now_ms);

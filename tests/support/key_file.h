/* Key files of service accounts, as Google's console hands them out. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/place.h"

/* Writes folder/account.json with a new key; returns the public key as PEM, heap. */
char *key_file_write(struct place *place, const char *type, const char *email, const char *token_uri);

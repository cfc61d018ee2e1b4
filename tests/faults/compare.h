/* What must hold of the log whatever was killed: each version of each build is there once, in order. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>

/* How many records of hub.db's log have a version out of order or equal the one before of their build. *what
 * gets the first few, one a line; the caller frees it. */
size_t compare_log(const char *path, char **what);

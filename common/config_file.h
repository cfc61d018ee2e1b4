/* Files and paths as the configuration names them. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stddef.h>

/* Reads the whole file, with a NUL behind its end, into *out (the caller frees it). The sentence of an error
 * doesn't hold the path: the caller says what the file is. */
enum status file_read(const char *path, size_t max, char **out, size_t *out_size, struct err *err) MUST_CHECK;
/* The absolute folder of an existing file; heap, NULL with errno. */
char *file_folder(const char *path);
/* path seen from folder, with `.`, `..` and doubled slashes resolved by their spelling; heap, NULL: no
 * memory. */
char *path_resolve(const char *folder, const char *path);

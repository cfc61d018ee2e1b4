/* The certificate of the page and its key, before a server is asked to use them. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

/* Both are PEM files that can be read, and the key is that of the first certificate. Blocks for files. */
enum status pair_check(const char *certificate_path, const char *key_path, struct err *err) MUST_CHECK;

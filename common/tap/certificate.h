/* Certificates as CZMQ's zcert writes them, without CZMQ. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

/* Reads both keys of a secret certificate. */
enum status certificate_read(const char *path, char public_key[static 41], char secret_key[static 41],
			     struct err *err) MUST_CHECK;

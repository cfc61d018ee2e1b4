/* The service account of the machine itself, on Google Cloud: its metadata server hands out tokens. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/google/token.h"

struct google_machine {
	const char *scope;
};

/* GCE_METADATA_HOST: HOST[:PORT] instead of Google's own address. */
extern const struct google_way google_machine_way; /* identity: struct google_machine */

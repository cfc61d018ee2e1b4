/* The kinds of sources and destinations that a file may name. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

struct config_kind {
	enum section_kind side;
	const char *kind;
	bool available; /* this build has its process */
};

/* Ends with a kind of NULL. */
extern const struct config_kind config_kinds[];

/* Between the files that read one value. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config_gather.h"

/* One value on its way from a node to the row's type. */
struct slot {
	struct reader *reader;
	const struct config_row *row;
	void *target;
	const char *folder; /* what a relative path is relative to */
	int line;
	struct where where;
};

void slot_problem(const struct slot *slot, const struct err *err);
/* What a row wants of a value beyond its type. */
void slot_check(const struct slot *slot);

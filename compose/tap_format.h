/* How `buildbus tap` prints a record. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "common/tap/buildbus-tap.h"

#include <stdio.h>

#define TAP_FORMATS "json, pretty, cdevents"

struct build;
struct tap_format {
	const char *name;
	enum status (*print)(const struct buildbus_tap_event *event, const struct build *build, FILE *out,
			     struct err *err);
};

/* NULL: the one that fits stdout. Returns NULL: there is none of that name. */
const struct tap_format *tap_format_named(const char *name);
/* ERR_DATA: the record can't be read; nothing was printed. */
enum status tap_format_print(const struct tap_format *format, const struct buildbus_tap_event *event,
			     FILE *out, struct err *err) MUST_CHECK;

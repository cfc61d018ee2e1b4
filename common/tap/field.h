/* Values of a packed record. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/tap/buildbus-tap.h"

/* The topic of the event's record, heap; NULL: it isn't a record of a build. */
char *field_topic(const struct buildbus_tap_event *event);

/* The hub's status, shown anew every two seconds until the process is ended, also while no hub answers. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

/* json: an object a line. Returns the exit code. */
int status_live(const struct bus_config *bus, bool json);

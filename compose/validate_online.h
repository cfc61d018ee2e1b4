/* `buildbus validate --online`: every process of the configuration asks whoever it depends on. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

/* Starts them one after the other with --check; their lines go where ours go. Returns the exit code. */
int validate_online(const struct config *config);

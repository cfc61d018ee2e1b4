/* `--check`: can store.db be written? */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/sink.h"

extern const struct sink_checker store_checker;

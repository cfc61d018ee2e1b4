/* The project's normalizer behind texts, for test_oracle.c: its types have the names of the simulator's. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* The record as JSON that a build's JSON is normalized to, heap; NULL with the reason in error. */
char *normalized_json(const char *body, size_t size, char *error, size_t error_room);

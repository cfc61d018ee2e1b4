/* A temporary folder for one test: configuration, state, sockets. It is removed with place_free and stays
 * when the test fails. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/fail.h"

struct place {
	char *folder; /* absolute, short enough for ipc paths */
	char *state;  /* folder/state: not made */
	char *config; /* folder/buildbus.yml: not written */
};

struct place *place_new(void);
void place_free(struct place **place);
/* Writes folder/name anew. */
void place_write(const struct place *place, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* folder/name, in a buffer that the next call but seven uses again. */
const char *place_path(const struct place *place, const char *name);
/* The bytes of folder/name, heap; NULL: no such file. */
char *place_read(const struct place *place, const char *name, size_t *size);
/* Runs a shell command in the folder; what it prints is in folder/said. What system() returns. */
int place_sh(const struct place *place, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A TCP port of 127.0.0.1 that is free now. */
int free_port(void);

/* The folder of a process's own files. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

/* Like mkdir -p: only what is missing is made, for nobody else to read. ERR_CONFIG: an operator must act. */
enum status folder_make(const char *path, struct err *err) MUST_CHECK;

/* $NAME, ${NAME}, ${NAME:-default} and $$ in the text of one value; any other `$` stands for itself, and what
 * comes out is not expanded again. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#define CONFIG_VALUE_MAX (64 * 1024)

/* *out is heap. The default of `:-` counts where the variable is unset or empty, as in a shell. A variable
 * that is unset without default, or a text over CONFIG_VALUE_MAX, is ERR_CONFIG; the sentence holds no value.
 */
enum status config_expand(const char *text, char **out, struct err *err) MUST_CHECK;

/* One value: text to the type of its row, with the sentence that says what it should have been. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

/* Sets *target (zeroed) from text. folder: what relative paths are relative to. shown is the text for the
 * sentence of an error, NULL when it must not be printed. Not for LIST, MAP, ITEMS. */
enum status config_value_set(const struct config_row *row, const char *folder, const char *text,
			     const char *shown, void *target, struct err *err) MUST_CHECK;
/* Frees what *target holds and zeroes it; any type. */
void config_value_free(const struct config_row *row, void *target);

/* `duration`, `text`, `list` … for messages and docs. */
const char *config_type_name(enum config_type type);
/* The limits of a row as people write them: `1s..1d`, `at least 1s`; "" when there are none. */
void config_range_text(const struct config_row *row, char *out, size_t size);
/* The value as YAML would have it, `***` for a secret, "" for none; cut at size. */
void config_value_text(const struct config_row *row, const void *target, char *out, size_t size);
/* Of one item of ITEMS what differs from the defaults: `pipeline web; channel #web`; "" when nothing does. */
void config_item_text(const struct config_row *rows, const void *item, char *out, size_t size);

/* Records as RFC 4180 CSV. Pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdio.h>
#include <yyjson.h>

/* The names of the columns: the scalar keys of docs/record.md, author.name as author_name. */
void csv_put_header(FILE *out);
/* The record, as JSON has it. A text that a spreadsheet would take for a formula (it begins with = + - @, a
 * tab, a line end, or their full-width forms) gets a ' before it. */
void csv_put_record(FILE *out, yyjson_mut_val *record);

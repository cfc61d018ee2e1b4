/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/csv.h"
#include "common/record.h"

#include <string.h>

/* Spreadsheets read full-width signs as their plain ones. */
static bool is_formula(const char *text)
{
	static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};

	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
		if (strncmp(text, wide[i], 3) == 0) {
			return true;
		}
	}
	return *text && strchr("=+-@\t\r\n", *text);
}

static void put_text(FILE *out, const char *text, size_t size)
{
	fputc('"', out);
	if (is_formula(text)) {
		fputc('\'', out);
	}
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"') {
			fputc('"', out);
		}
		fputc(text[i], out);
	}
	fputc('"', out);
}

static void put_value(FILE *out, yyjson_mut_val *value)
{
	if (yyjson_mut_is_str(value)) {
		put_text(out, yyjson_mut_get_str(value), yyjson_mut_get_len(value));
	} else if (yyjson_mut_is_bool(value)) {
		fputs(yyjson_mut_get_bool(value) ? "true" : "false", out);
	} else if (yyjson_mut_is_int(value)) {
		fprintf(out, "%lld", (long long)yyjson_mut_get_sint(value));
	} else if (yyjson_mut_is_real(value)) {
		fprintf(out, "%.15g", yyjson_mut_get_real(value));
	}
}

struct line {
	FILE *out;
	bool header; /* names instead of values */
	bool begun;
};

static void put_name(FILE *out, const char *group, const char *key)
{
	fprintf(out, "%s%s%s", group ? group : "", group ? "_" : "", key);
}

static void put_fields(struct line *line, const struct field *fields, const char *group,
		       yyjson_mut_val *record)
{
	for (const struct field *field = fields; field->key; field++) {
		yyjson_mut_val *value = yyjson_mut_obj_get(record, field->key);

		if (field->type == FIELD_GROUP) {
			put_fields(line, field->members, field->key, value);
			continue;
		}
		if (field->type == FIELD_LIST) {
			continue;
		}
		fputs(line->begun ? "," : "", line->out);
		line->begun = true;
		if (line->header) {
			put_name(line->out, group, field->key);
		} else {
			put_value(line->out, value);
		}
	}
}

static void put_line(FILE *out, bool header, yyjson_mut_val *record)
{
	struct line line = {out, header, false};

	put_fields(&line, build_fields, NULL, record);
	fputs("\r\n", out);
}

void csv_put_header(FILE *out)
{
	put_line(out, true, NULL);
}

void csv_put_record(FILE *out, yyjson_mut_val *record)
{
	put_line(out, false, record);
}

/* SPDX-License-Identifier: MIT */
#include "common/config_expand.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One `$…` of the text. */
struct variable {
	const char *name, *fallback;
	size_t name_len, fallback_len;
	const char *end; /* behind it */
};

struct output {
	char *text;
	size_t size, max;
	bool failed;
};

static void put(struct output *out, const char *text, size_t len)
{
	if (out->failed || len > out->max - out->size) {
		out->failed = true;
		return;
	}
	memcpy(out->text + out->size, text, len);
	out->size += len;
}

static size_t name_length(const char *text)
{
	size_t len = 0;

	if (isdigit((unsigned char)*text)) {
		return 0;
	}
	while (isalnum((unsigned char)text[len]) || text[len] == '_') {
		len++;
	}
	return len;
}

/* text stands behind the `$`. false: it is no variable. */
static bool find_variable(const char *text, struct variable *out)
{
	bool braced = *text == '{';
	const char *end;

	*out = (struct variable){.name = text + braced};
	out->name_len = name_length(out->name);
	end = out->name + out->name_len;
	if (out->name_len > 0 && braced && strncmp(end, ":-", 2) == 0) {
		out->fallback = end + 2;
		out->fallback_len = strcspn(out->fallback, "}");
		end = out->fallback + out->fallback_len;
	}
	out->end = end + braced;
	return out->name_len > 0 && (!braced || *end == '}');
}

static enum status put_variable(struct output *out, const struct variable *variable, struct err *err)
{
	char name[256];
	const char *value;

	if (variable->name_len >= sizeof name) {
		return err_set(err, ERR_CONFIG, "the name of a variable is too long");
	}
	snprintf(name, sizeof name, "%.*s", (int)variable->name_len, variable->name);
	value = getenv(name);
	if (variable->fallback && (!value || !*value)) {
		put(out, variable->fallback, variable->fallback_len);
		return OK;
	}
	if (!value) {
		return err_set(err, ERR_CONFIG, "the variable %s is not set; set it, or write ${%s:-default}",
			       name, name);
	}
	put(out, value, strlen(value));
	return OK;
}

static enum status expand_into(struct output *out, const char *text, struct err *err)
{
	struct variable variable;
	enum status status;

	while (*text) {
		size_t plain = strcspn(text, "$");

		put(out, text, plain);
		text += plain;
		if (!*text) {
			break;
		}
		if (text[1] == '$') {
			put(out, "$", 1);
			text += 2;
		} else if (find_variable(text + 1, &variable)) {
			status = put_variable(out, &variable, err);
			if (status) {
				return status;
			}
			text = variable.end;
		} else {
			put(out, "$", 1);
			text++;
		}
	}
	return out->failed ? err_set(err, ERR_CONFIG, "is longer than %d KiB", CONFIG_VALUE_MAX / 1024) : OK;
}

enum status config_expand(const char *text, char **out, struct err *err)
{
	struct output output = {.text = malloc(CONFIG_VALUE_MAX + 1), .max = CONFIG_VALUE_MAX};
	enum status status;
	char *exact;

	if (!output.text) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	status = expand_into(&output, text, err);
	if (status) {
		free(output.text);
		return status;
	}
	output.text[output.size] = '\0';
	exact = realloc(output.text, output.size + 1);
	*out = exact ? exact : output.text;
	return OK;
}

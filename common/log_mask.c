/* SPDX-License-Identifier: MIT */
#include "common/log_mask.h"
#include "common/err.h"
#include "common/log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Kept for the life of the process, longest first, so that a secret that contains another goes as a whole. */
static struct {
	char **values;
	size_t *sizes;
	size_t count;
} secrets;

static bool known(const char *value, size_t size)
{
	for (size_t i = 0; i < secrets.count; i++) {
		if (secrets.sizes[i] == size && memcmp(secrets.values[i], value, size) == 0) {
			return true;
		}
	}
	return false;
}

/* Out of memory here would mean printing a secret later: better not to run. */
static void keep(const char *value, size_t size)
{
	size_t at = secrets.count;

	if (known(value, size)) {
		return;
	}
	secrets.values = must_have(realloc(secrets.values, (secrets.count + 1) * sizeof *secrets.values));
	secrets.sizes = must_have(realloc(secrets.sizes, (secrets.count + 1) * sizeof *secrets.sizes));
	for (; at > 0 && secrets.sizes[at - 1] < size; at--) {
		secrets.values[at] = secrets.values[at - 1];
		secrets.sizes[at] = secrets.sizes[at - 1];
	}
	secrets.values[at] = must_have(strndup(value, size));
	secrets.sizes[at] = size;
	secrets.count++;
}

static void keep_encoded(const char *value, size_t size, const char *digits)
{
	char *encoded = must_have(malloc(3 * size + 1));
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)value[i];

		if (isalnum(c) || strchr("-._~", c)) {
			encoded[used++] = (char)c;
			continue;
		}
		encoded[used++] = '%';
		encoded[used++] = digits[c >> 4];
		encoded[used++] = digits[c & 15];
	}
	keep(encoded, used);
	free(encoded);
}

void log_secret(const char *value)
{
	size_t size = value ? strlen(value) : 0;

	if (size < LOG_SECRET_MIN) {
		return;
	}
	keep(value, size);
	keep_encoded(value, size, "0123456789ABCDEF");
	keep_encoded(value, size, "0123456789abcdef");
}

size_t mask_match(const char *text, size_t size)
{
	for (size_t i = 0; i < secrets.count; i++) {
		size_t whole = secrets.sizes[i];
		size_t here = whole < size ? whole : size;

		if ((here == whole || here >= MASK_CUT_MIN) && memcmp(secrets.values[i], text, here) == 0) {
			return here;
		}
	}
	return 0;
}

char *log_masked(const char *text)
{
	size_t left = strlen(text), used = 0;
	char *out = malloc(left + 1); /* no secret is shorter than its *** */

	while (out && left > 0) {
		size_t taken = mask_match(text, left);

		if (taken > 0) {
			memcpy(out + used, "***", 3);
			used += 3;
		} else {
			taken = 1;
			out[used++] = *text;
		}
		text += taken;
		left -= taken;
	}
	if (out) {
		out[used] = '\0';
	}
	return out;
}

/* SPDX-License-Identifier: MIT */
#include "common/config_problems.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 64 /* a longer word is no misspelling */

static void hide_controls(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f) {
			*text = '?';
		}
	}
}

static void add(struct config_problems *problems, int line, struct err *problem)
{
	problems->count++;
	hide_controls(problem->text);
	if (problems->report) {
		problems->report(problems->arg, line, problem->text);
	}
	if (problems->status) {
		return;
	}
	problems->status = problem->status;
	if (problems->first) {
		*problems->first = *problem;
	}
}

void problem_add(struct config_problems *problems, int line, const char *where, const char *format, ...)
{
	char sentence[sizeof((struct err *)0)->text - 160], place[16] = "";
	bool placed = where && *where;
	struct err problem;
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	if (line > 0) {
		snprintf(place, sizeof place, ":%d", line);
	}
	err_set(&problem, ERR_CONFIG, "%.160s%s: %s%s%s", problems->file, place, placed ? where : "",
		placed ? ": " : "", sentence);
	add(problems, line, &problem);
}

void problem_no_memory(struct config_problems *problems)
{
	struct err problem;

	err_set(&problem, ERR_SYS, "%.160s: out of memory", problems->file);
	add(problems, 0, &problem);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, with two swapped neighbours as one mistake: the commonest there is. */
static size_t distance(const char *a, const char *b, size_t b_len)
{
	unsigned char table[WORD_MAX + 1][WORD_MAX + 1];
	size_t a_len = strlen(a);

	if (a_len > WORD_MAX || b_len > WORD_MAX) {
		return WORD_MAX;
	}
	for (size_t i = 0; i <= a_len; i++) {
		for (size_t j = 0; j <= b_len; j++) {
			size_t best = i + j; /* right where i or j is 0 */

			if (i > 0 && j > 0) {
				best = least(table[i - 1][j] + 1u, table[i][j - 1] + 1u);
				best = least(best, table[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			}
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
				best = least(best, table[i - 2][j - 2] + 1u);
			}
			table[i][j] = (unsigned char)best;
		}
	}
	return table[a_len][b_len];
}

/* Is candidate the last of all already? Rows of one inner map follow each other and offer it once each. */
static bool is_last(const char *all, const char *candidate, size_t len)
{
	size_t used = strlen(all);

	return used >= len && memcmp(all + used - len, candidate, len) == 0 &&
	       (used == len || all[used - len - 1] == ' ');
}

void nearest_offer(struct nearest *nearest, const char *candidate, size_t len)
{
	size_t here = distance(nearest->word, candidate, len), used = strlen(nearest->all);

	if (is_last(nearest->all, candidate, len)) {
		return;
	}
	if (!nearest->best || here < nearest->distance) {
		nearest->best = candidate;
		nearest->best_len = len;
		nearest->distance = here;
	}
	snprintf(nearest->all + used, sizeof nearest->all - used, "%s%.*s", used ? ", " : "", (int)len,
		 candidate);
}

void problem_unknown(struct config_problems *problems, int line, const char *where, const char *what,
		     const struct nearest *nearest)
{
	bool near =
		nearest->best && (nearest->distance <= 2 || nearest->distance * 3 <= strlen(nearest->word));

	if (near && nearest->distance < nearest->best_len) {
		problem_add(problems, line, where, "%s, did you mean %.*s?", what, (int)nearest->best_len,
			    nearest->best);
	} else {
		problem_add(problems, line, where, "%s (has: %s)", what, nearest->all);
	}
}

/* SPDX-License-Identifier: MIT */
#include "sinks/bigquery/note.h"

#include <stdio.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define FORMAT "1 %lld %lld %lld %lld %31s %lld %lld"

size_t note_write(const struct note *note, char out[static NOTE_MAX])
{
	int size = snprintf(out, NOTE_MAX, "1 %lld %lld %lld %lld %s %lld %lld", (long long)note->epoch,
			    (long long)note->first, (long long)note->last, (long long)note->try,
			    *note->table ? note->table : "-", (long long)note->pace.spare,
			    (long long)note->pace.at_ms);

	return size > 0 ? (size_t)size : 0;
}

void note_read(struct text bytes, struct note *note)
{
	char text[NOTE_MAX];
	long long numbers[6];

	*note = (struct note){0};
	snprintf(text, sizeof text, "%.*s", bytes.at ? (int)bytes.size : 0, bytes.at ? bytes.at : "");
	if (sscanf(text, FORMAT, &numbers[0], &numbers[1], &numbers[2], &numbers[3], note->table, &numbers[4],
		   &numbers[5]) != 7) {
		*note = (struct note){0};
		return;
	}
	if (strcmp(note->table, "-") == 0) {
		note->table[0] = '\0';
	}
	note->epoch = numbers[0];
	note->first = numbers[1];
	note->last = numbers[2];
	note->try = numbers[3];
	note->pace.spare = numbers[4];
	note->pace.at_ms = numbers[5];
}

void note_job(const struct note *note, const char *table, char out[static JOB_ID_MAX])
{
	char text[2400];
	int size = snprintf(text, sizeof text, "%s/%s/%lld/%lld/%lld/%lld", table, note->table,
			    (long long)note->epoch, (long long)note->first, (long long)note->last,
			    (long long)note->try);
	XXH128_hash_t hash = XXH3_128bits(text, (size_t)size);

	snprintf(out, JOB_ID_MAX, "buildbus_%016llx%016llx", (unsigned long long)hash.high64,
		 (unsigned long long)hash.low64);
}

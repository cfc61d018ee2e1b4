/* SPDX-License-Identifier: MIT */
#include "normalizer/minute.h"

#include <stdio.h>
#include <string.h>

void minute_note(struct minute *minute, int64_t now_ms, const int64_t counters[static MINUTE_COUNTS])
{
	int last = (minute->next + MINUTE_SLOTS - 1) % MINUTE_SLOTS;

	if (minute->at_ms[last] > 0 && now_ms - minute->at_ms[last] < MINUTE_SLOT_MS) {
		return;
	}
	memcpy(minute->counters[minute->next], counters, sizeof minute->counters[0]);
	minute->at_ms[minute->next] = now_ms;
	minute->next = (minute->next + 1) % MINUTE_SLOTS;
}

void minute_growth(const struct minute *minute, int64_t now_ms, const int64_t counters[static MINUTE_COUNTS],
		   int64_t growth[static MINUTE_COUNTS])
{
	int oldest = -1;

	for (int i = 0; i < MINUTE_SLOTS; i++) {
		int64_t at = minute->at_ms[i];

		if (at > 0 && now_ms - at <= MINUTE_SLOTS * MINUTE_SLOT_MS &&
		    (oldest < 0 || at < minute->at_ms[oldest])) {
			oldest = i;
		}
	}
	for (int i = 0; i < MINUTE_COUNTS; i++) {
		growth[i] = counters[i] - (oldest < 0 ? 0 : minute->counters[oldest][i]);
	}
}

void refusals_note(struct refusals *refusals, const char *code, const char *detail, int64_t wall_ms)
{
	struct refusal *refusal;
	int i = 0;

	while (i < refusals->count && strcmp(refusals->list[i].code, code) != 0) {
		i++;
	}
	if (i == REFUSALS_MAX) {
		return;
	}
	refusal = &refusals->list[i];
	refusals->count += i == refusals->count;
	refusal->code = code;
	refusal->count++;
	refusal->at_ms = wall_ms;
	snprintf(refusal->detail, sizeof refusal->detail, "%s", detail ? detail : "");
}

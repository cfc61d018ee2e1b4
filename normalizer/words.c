/* SPDX-License-Identifier: MIT */
#include "normalizer/words.h"

const struct state_word *state_word_find(const struct state_word *words, struct text theirs)
{
	for (; words->theirs; words++) {
		if (text_is(theirs, words->theirs)) {
			return words;
		}
	}
	return NULL;
}

int word_find(const struct word *words, struct text theirs)
{
	for (; words->theirs; words++) {
		if (text_is(theirs, words->theirs)) {
			return words->ours;
		}
	}
	return 0;
}

int64_t span_ms(int64_t from, int64_t to)
{
	if (from == INT_NULL || to == INT_NULL) {
		return INT_NULL;
	}
	return to > from ? to - from : 0;
}

int state_of_times(int64_t started_at, int64_t finished_at)
{
	if (finished_at != INT_NULL) {
		return STATE_FINISHED;
	}
	return started_at != INT_NULL ? STATE_RUNNING : STATE_QUEUED;
}

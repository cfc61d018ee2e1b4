/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/times.h"

#include <stdlib.h>

#define VARINT_MAX 10

bool times_reserve(struct times *times, size_t more)
{
	size_t need = times->count + more, room = times->room ? times->room : 64;
	int64_t *bigger;

	if (need <= times->room) {
		return true;
	}
	while (room < need) {
		room *= 2;
	}
	bigger = reallocarray(times->ms, room, sizeof *bigger);
	if (bigger) {
		times->ms = bigger;
		times->room = room;
	}
	return bigger != NULL;
}

bool times_add(struct times *times, int64_t ms)
{
	if (!times_reserve(times, 1)) {
		return false;
	}
	times->ms[times->count++] = ms;
	return true;
}

void times_clear(struct times *times)
{
	times->count = 0;
}

void times_fini(struct times *times)
{
	free(times->ms);
	*times = (struct times){0};
}

static int64_t middle(int64_t a, int64_t b, int64_t c)
{
	int64_t low = a < b ? a : b, high = a < b ? b : a;

	return c < low ? low : c > high ? high : c;
}

/* Moves what is below pivot to the front of at[low..high], what is above to its end; *left and *right bound
 * what is neither. */
static void part(int64_t *at, size_t low, size_t high, int64_t pivot, size_t *left, size_t *right)
{
	size_t i = low, front = low, back = high;

	while (i <= back) {
		int64_t here = at[i];

		if (here < pivot) {
			at[i++] = at[front];
			at[front++] = here;
		} else if (here > pivot) {
			at[i] = at[back];
			at[back] = here;
			if (back-- == 0) {
				break;
			}
		} else {
			i++;
		}
	}
	*left = front;
	*right = back;
}

/* What sorting would put at rank. */
static int64_t ranked(int64_t *at, size_t count, size_t rank)
{
	size_t low = 0, high = count - 1;

	while (low < high) {
		size_t left, right;
		int64_t pivot = middle(at[low], at[low + (high - low) / 2], at[high]);

		part(at, low, high, pivot, &left, &right);
		if (rank < left) {
			high = left - 1;
		} else if (rank > right) {
			low = right + 1;
		} else {
			return pivot;
		}
	}
	return at[low];
}

/* From 0. */
static size_t rank_of(size_t count, int percent)
{
	size_t rank = (count * (size_t)percent + 99) / 100;

	return rank ? rank - 1 : 0;
}

int64_t times_percentile(struct times *times, int percent)
{
	return times->count ? ranked(times->ms, times->count, rank_of(times->count, percent)) : INT_NULL;
}

int64_t times_sorted_percentile(const struct times *times, int percent)
{
	return times->count ? times->ms[rank_of(times->count, percent)] : INT_NULL;
}

static int compare(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

size_t times_packed_max(size_t count)
{
	return count * VARINT_MAX;
}

size_t times_pack(struct times *times, unsigned char *out)
{
	unsigned char *at = out;
	int64_t before = 0;

	if (times->count > 1) {
		qsort(times->ms, times->count, sizeof *times->ms, compare);
	}
	for (size_t i = 0; i < times->count; i++) {
		uint64_t rest = (uint64_t)(times->ms[i] - before);

		for (; rest > 0x7f; rest >>= 7) {
			*at++ = (unsigned char)(rest | 0x80);
		}
		*at++ = (unsigned char)rest;
		before = times->ms[i];
	}
	return (size_t)(at - out);
}

bool times_unpack(struct times *times, const unsigned char *bytes, size_t size)
{
	uint64_t sum = 0, value = 0;
	int shift = 0;

	for (size_t i = 0; i < size; i++) {
		if (shift > 63) {
			return false;
		}
		value |= (uint64_t)(bytes[i] & 0x7f) << shift;
		shift += 7;
		if (!(bytes[i] & 0x80)) {
			sum += value;
			if (!times_add(times, (int64_t)sum)) {
				return false;
			}
			value = 0;
			shift = 0;
		}
	}
	return shift == 0;
}

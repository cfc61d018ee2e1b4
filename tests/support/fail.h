/* Failing with the place in the test, not in the library, and with what the children said last. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>

struct spot {
	const char *file;
	int line;
};
#define HERE ((struct spot){__FILE__, __LINE__})

/* Ends the test. */
void fail_at(struct spot spot, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));
/* From now on outside of the tests, in a hook before them: a failure ends the whole run. */
void fail_outside(bool is);
/* fail_at was called: what the test leaves behind is evidence. */
bool has_failed(void);
/* How long a wait may last before the test fails: 10 s, 30 s under a sanitizer. Never how long it does last.
 */
int64_t patience_ms(void);
/* So many times longer, for the rest of the test: it waits for a time that the product has. */
void be_patient(int times);
/* Monotonic clock. */
int64_t test_now_ms(void);

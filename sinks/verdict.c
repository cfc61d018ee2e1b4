/* What sinks say of records. */
/* SPDX-License-Identifier: MIT */
#include "sinks/engine.h"

#include <stdio.h>
#include <stdlib.h>

PRINTF(3, 0)
static void say(struct sink_record *record, enum verdict verdict, const char *format, va_list args)
{
	free(record->reason);
	if (vasprintf(&record->reason, format, args) < 0) {
		record->reason = NULL;
	}
	record->verdict = verdict;
	record->retry_ms = 0;
}

void sink_done(struct sink_record *record, enum effect effect)
{
	record->effect = effect;
	record->verdict = VERDICT_DONE;
}

void sink_retry(struct sink_record *record, int64_t after_ms, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(record, VERDICT_RETRY, format, args);
	va_end(args);
	record->retry_ms = after_ms;
}

void sink_wait(struct sink_record *record, int64_t after_ms)
{
	record->verdict = VERDICT_WAIT;
	record->retry_ms = after_ms;
}

void sink_reject(struct sink_record *record, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(record, VERDICT_REJECT, format, args);
	va_end(args);
}

void sink_suspect(struct sink_record *record, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(record, VERDICT_SUSPECT, format, args);
	va_end(args);
}

void sink_all_retry(struct sink_batch *batch, int64_t after_ms, const char *why)
{
	for (size_t i = 0; i < batch->count; i++) {
		sink_retry(&batch->records[i], after_ms, "%s", why);
	}
}

void sink_all_suspect(struct sink_batch *batch, const char *why)
{
	for (size_t i = 0; i < batch->count; i++) {
		sink_suspect(&batch->records[i], "%s", why);
	}
}

void sink_until(struct sink_context *context, int64_t seq)
{
	context->engine->until = seq;
}

void sink_not_before(struct sink_context *context, int64_t at_ms)
{
	context->engine->gate_ms = at_ms;
}

void sink_stop(struct sink_context *context, enum status status, const struct err *err)
{
	engine_end(context->engine, status, err);
}

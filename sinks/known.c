/* What `buildbus sync` asks of a sink beyond writing. It reads the answers from the log
 * (compose/sync_known.c).
 */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "sinks/engine.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

bool engine_asks(const struct sink *sink)
{
	return sink->known && getenv("BUILDBUS_SYNC_KNOWN");
}

void sink_known(struct sink_context *context, const char *pipeline, int64_t finished_to)
{
	if (finished_to == INT_NULL) {
		log_info("sink.known", STR("sink", context->name), STR("pipeline", pipeline ? pipeline : ""));
	} else {
		log_info("sink.known", STR("sink", context->name), STR("pipeline", pipeline ? pipeline : ""),
			 NUM("finished_to", finished_to));
	}
}

void sink_known_open(struct sink_context *context, const char *pipeline, const char *key)
{
	log_info("sink.known_open", STR("sink", context->name), STR("pipeline", pipeline ? pipeline : ""),
		 STR("key", key));
}

void sink_known_whole(struct sink_context *context, const char *pipeline, const char *key,
		      int64_t finished_at, double coverage)
{
	char text[32] = "";

	if (!isnan(coverage)) {
		snprintf(text, sizeof text, "%.17g", coverage);
	}
	log_info("sink.known_whole", STR("sink", context->name), STR("pipeline", pipeline ? pipeline : ""),
		 STR("key", key), NUM("finished_at", finished_at), STR("coverage", text));
}

void sink_known_end(struct sink_context *context)
{
	const struct engine_options *options = &context->engine->options;

	log_info("sink.known_end", STR("sink", context->name));
	options->ready(options->owner);
}

static bool is_marked(const struct bus_config *bus, const char *name)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", bus->hub_dir, name);
	return bus->sync && access(path, F_OK) == 0;
}

bool sync_is_complete(const struct bus_config *bus)
{
	return is_marked(bus, SYNC_COMPLETE);
}

bool sink_sync_is_fetched(const struct sink_context *context)
{
	return is_marked(context->bus, SYNC_FETCHED);
}

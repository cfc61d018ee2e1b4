/* A sink as a process: finds its part of the configuration and runs the engine. */
/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "sinks/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sink_process {
	struct process process; /* first: found from the context's */
	const struct sink *sink;
};

struct sink_state {
	struct process_context *context;
	const struct sink *sink;
	char who[80]; /* names its certificate */
	struct engine engine;
	void *config; /* the sink's section, read */
	struct sink_check check;
	void *checked; /* the checker's state; NULL: it is no check */
};

static const struct config_section *find_section(const struct config *config, const struct sink *sink,
						 const char *name)
{
	for (size_t i = 0; i < config->section_count; i++) {
		const struct config_section *section = &config->sections[i];
		if (section->side == SECTION_DESTINATION && strcmp(section->kind, sink->name) == 0 &&
		    (!name || strcmp(section->name, name) == 0)) {
			return section;
		}
	}
	return NULL;
}

static size_t count_sections(const struct config *config, const struct sink *sink)
{
	size_t count = 0;

	for (size_t i = 0; i < config->section_count; i++) {
		count += config->sections[i].side == SECTION_DESTINATION &&
			 strcmp(config->sections[i].kind, sink->name) == 0;
	}
	return count;
}

static enum status no_section(struct process_context *context, const struct sink *sink, const char *name,
			      struct err *err)
{
	if (count_sections(&context->config, sink) > 0) {
		return err_set(err, ERR_CONFIG,
			       "%s: no destination of kind %s is named %s: add `- %s: {name: %s}` to "
			       "destinations, or start this sink with --name and the name of its destination",
			       context->config.path, sink->name, name, sink->name, name);
	}
	context->unwanted = true;
	return err_set(err, ERR_CONFIG,
		       "%s: no `%s:` under `destinations:`; add one, or don't start this sink",
		       context->config.path, sink->name);
}

/* *out: which destination; without --name the one that is named like its kind, or the only one. */
static enum status read_section(struct sink_state *state, const struct config_section **out, struct err *err)
{
	struct process_context *context = state->context;
	const struct sink *sink = state->sink;
	const struct config_section *section;
	const char *name;
	bool named = strcmp(context->name, context->process->name) != 0;

	name = named ? context->name : sink->name;
	section = find_section(&context->config, sink, name);
	if (!section && !named && count_sections(&context->config, sink) == 1) {
		section = find_section(&context->config, sink, NULL);
	}
	if (!section) {
		return no_section(context, sink, name, err);
	}
	*out = section;
	snprintf(state->who, sizeof state->who, "sink-%s", section->name);
	state->context->config.bus.who = state->who;
	state->config = calloc(1, sink->config_size ? sink->config_size : 1);
	if (!state->config) {
		return err_sys(err, "memory for the configuration");
	}
	return config_read(&context->config, section, sink->rows, state->config, err);
}

static void on_ended(void *owner, enum status status, const struct err *err)
{
	struct sink_state *state = owner;

	process_stop(state->context, status, err);
}

static void on_sink_ready(void *owner)
{
	struct sink_state *state = owner;

	process_ready(state->context);
}

static enum status open_sink(void *arg, struct process_context *context, struct err *err)
{
	struct sink_state *state = arg;
	const struct config_section *section = NULL;
	struct engine_options options = {
		.loop = context->loop, .bus = &context->config.bus, .file = &context->config};
	enum status status;

	state->context = context;
	state->sink = ((const struct sink_process *)context->process)->sink;
	status = read_section(state, &section, err);
	options.name = section ? section->name : NULL;
	options.sink = state->sink;
	options.config = state->config;
	options.ended = on_ended;
	options.ready = on_sink_ready;
	context->ready_later = state->sink->ready_later || engine_asks(state->sink);
	options.owner = state;
	return status == OK ? engine_open(&state->engine, &options, err) : status;
}

void sink_tell(struct sink_check *check, enum check_word word, const char *format, ...)
{
	char sentence[1024];
	va_list values;

	va_start(values, format);
	vsnprintf(sentence, sizeof sentence, format, values);
	va_end(values);
	check->bad |= !check_say(word, check->place, "%s", sentence);
}

void sink_check_end(struct sink_check *check)
{
	process_stop(check->process, check->bad ? ERR_REMOTE : OK, NULL);
}

static enum status start_check(struct sink_state *state, struct err *err)
{
	const struct sink_checker *checker = state->sink->checker;

	if (!checker) {
		sink_tell(&state->check, CHECK_NOTE, "%s is not asked by this version", state->sink->name);
		sink_check_end(&state->check);
		return OK;
	}
	state->checked = calloc(1, checker->state_size + 1);
	return state->checked ? checker->start(state->checked, &state->check, state->config, err)
			      : err_sys(err, "memory for the check");
}

static enum status check_sink(void *arg, struct process_context *context, struct err *err)
{
	struct sink_state *state = arg;
	const struct config_section *section;
	struct err why;

	state->context = context;
	state->sink = ((const struct sink_process *)context->process)->sink;
	if (read_section(state, &section, err) != OK) {
		return err->status;
	}
	state->check = (struct sink_check){
		.context = {.name = section->name,
			    .loop = context->loop,
			    .bus = &context->config.bus,
			    .file = &context->config},
		.process = context,
	};
	check_place(section, state->check.place);
	if (start_check(state, &why) != OK) {
		sink_tell(&state->check, CHECK_BAD, "%s", why.text);
		sink_check_end(&state->check);
	}
	return OK;
}

static void drain_sink(void *arg)
{
	struct sink_state *state = arg;

	engine_drain(&state->engine);
}

static void close_sink(void *arg)
{
	struct sink_state *state = arg;

	if (!state->context || !state->context->checking) {
		engine_close(&state->engine);
	} else if (state->checked && state->sink->checker->stop) {
		state->sink->checker->stop(state->checked);
	}
	free(state->checked);
	if (state->config) {
		config_free(state->sink->rows, state->config);
		free(state->config);
	}
}

int sink_main(const struct sink *sink, int argc, char **argv)
{
	char name[64];
	struct sink_process process = {
		.process = {.name = name,
			    .summary = sink->summary,
			    .state_size = sizeof(struct sink_state),
			    .open = open_sink,
			    .check = check_sink,
			    .drain = drain_sink,
			    .close = close_sink},
		.sink = sink,
	};

	snprintf(name, sizeof name, "sink-%s", sink->name);
	return process_main(&process.process, argc, argv);
}

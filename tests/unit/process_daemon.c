/* A daemon that does what the test says in the environment. config_load is a stand-in: config has its own
 * tests. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/process.h"

#include <stdlib.h>
#include <string.h>

/* How something shall fail: TEST_… "operator" or "system"; unset: not at all. */
static enum status failure(const char *variable)
{
	const char *value = getenv(variable);

	return !value ? OK : strcmp(value, "operator") == 0 ? ERR_CONFIG : ERR_SYS;
}

struct state {
	struct process_context *context;
};

enum status config_load(struct config *config, const char *path, struct err *err)
{
	static int loads;
	const char *reload_error = getenv("TEST_RELOAD_ERROR");

	if (loads++ > 0 && reload_error) {
		return err_set(err, ERR_CONFIG, "%s", reload_error);
	}
	if (failure("TEST_CONFIG") != OK) {
		return err_set(err, failure("TEST_CONFIG"), "buildbus.yml:3: no such key");
	}
	config->path = strdup(path ? path : "default.yml");
	return OK;
}

void config_fini(struct config *config)
{
	free(config->path);
	*config = (struct config){0};
}

static int on_after(zloop_t *loop, int timer, void *arg)
{
	struct state *state = arg;
	struct err err = {0};

	(void)loop, (void)timer;
	process_stop(state->context, err_set(&err, failure("TEST_AFTER"), "the disk is gone"), &err);
	process_stop(state->context, ERR_CONFIG, NULL); /* what follows from it is not the reason */
	return 0;
}

static enum status test_open(void *arg, struct process_context *context, struct err *err)
{
	struct state *state = arg;

	state->context = context;
	log_info("test.open", STR("name", context->name));
	if (getenv("TEST_OPEN") && strcmp(getenv("TEST_OPEN"), "unwanted") == 0) {
		context->unwanted = true;
		return err_set(err, ERR_CONFIG, "no section");
	}
	if (failure("TEST_AFTER") != OK) {
		zloop_timer(context->loop, 1, 1, on_after, state);
	}
	return failure("TEST_OPEN") == OK ? OK : err_set(err, failure("TEST_OPEN"), "port 5550 is in use");
}

static void test_drain(void *arg)
{
	struct state *state = arg;

	log_info("test.drain", NUM("draining", state->context->draining));
	if (!getenv("TEST_NEVER_DRAINS")) {
		process_stop(state->context, OK, NULL);
	}
}

static void test_reload(void *arg, struct config *fresh)
{
	struct state *state = arg;

	log_info("test.reload", STR("path", fresh->path), NUM("same", fresh == &state->context->config));
}

static void test_close(void *arg)
{
	log_info("test.close", NUM("opened", ((struct state *)arg)->context != NULL));
}

static const struct process daemon_under_test = {
	.name = "test",
	.summary = "stands for a daemon",
	.state_size = sizeof(struct state),
	.open = test_open,
	.drain = test_drain,
	.reload = test_reload,
	.close = test_close,
};

int main(int argc, char **argv)
{
	return process_main(&daemon_under_test, argc, argv);
}

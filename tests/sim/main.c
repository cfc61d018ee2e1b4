/* buildbus-sim: a provider to test, measure and show Buildbus against. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/options.h"
#include "tests/sim/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum status print_config(const struct options *options, struct sim *sim)
{
	struct text yaml = {0};

	sim_set_base(sim, options->address, options->port);
	sim_config_add(&yaml, sim);
	fwrite(yaml.data, 1, yaml.size, stdout);
	text_fini(&yaml);
	return OK;
}

static enum status write_config(const char *path, const struct sim *sim, struct err *err)
{
	struct text yaml = {0};
	FILE *file = fopen(path, "w");
	bool written;

	if (!file) {
		return err_sys(err, "Can't write %s", path);
	}
	sim_config_add(&yaml, sim);
	written = fwrite(yaml.data, 1, yaml.size, file) == yaml.size;
	text_fini(&yaml);
	if (fclose(file) != 0 || !written) {
		return err_sys(err, "Can't write %s", path);
	}
	return OK;
}

static enum status announce(const struct options *options, const struct server *server, struct err *err)
{
	int port = server_port(server);

	if (options->ready_fd >= 0) {
		if (dprintf(options->ready_fd, "%d\n", port) < 0) {
			return err_sys(err, "Can't write to --ready-fd %d", options->ready_fd);
		}
		close(options->ready_fd);
		return OK;
	}
	printf("buildbus-sim: listening on http://%s:%d/v2 (token %s)\n", options->address, port,
	       options->sim.token);
	fflush(stdout);
	return OK;
}

/* Signals come to this thread alone, as a call that returns. */
static void *wait_for_signal(void *server)
{
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1); /* the server ended by itself */
	sigwait(&set, &got);
	server_stop(server);
	return NULL;
}

/* A PEM file, whole; NULL: none. */
static enum status read_pem(const char *path, char **out, struct err *err)
{
	enum { PEM_MAX = 1 << 20 };
	FILE *file = path ? fopen(path, "r") : NULL;

	*out = NULL;
	if (!path) {
		return OK;
	}
	if (!file) {
		return err_sys(err, "Can't read %s", path);
	}
	*out = must_malloc(PEM_MAX);
	(*out)[fread(*out, 1, PEM_MAX - 1, file)] = '\0';
	fclose(file);
	return OK;
}

static enum status listen_there(const struct options *options, struct sim *sim, struct server_tls *tls,
				struct server **out, struct err *err)
{
	enum status status = read_pem(options->certificate, &tls->certificate, err);

	status = status ? status : read_pem(options->key, &tls->key, err);
	return status ? status : server_new(out, sim, options->address, options->port, tls, err);
}

static enum status run(const struct options *options, struct sim *sim, struct server *server, struct err *err)
{
	enum status status = OK;
	pthread_t waiter;

	if (options->write_config) {
		status = write_config(options->write_config, sim, err);
	}
	if (options->warm) {
		sim_warm(sim);
	}
	status = status ? status : announce(options, server, err);
	if (!status) {
		pthread_create(&waiter, NULL, wait_for_signal, server);
		server_wait(server);
		pthread_kill(waiter, SIGUSR1);
		pthread_join(waiter, NULL);
	}
	return status;
}

static enum status serve(const struct options *options, struct sim *sim, struct err *err)
{
	struct server *server = NULL;
	struct server_tls tls = {NULL, NULL};
	enum status status = listen_there(options, sim, &tls, &server, err);

	if (!status) {
		status = run(options, sim, server, err);
	}
	server_free(&server);
	free(tls.certificate);
	free(tls.key);
	return status;
}

static void print_help(void)
{
	puts(options_help);
	puts("Kinds of faults");
	for (int i = 0; i < FAULT_WORDS; i++) {
		printf("  %-20s %s\n", fault_kinds[i].word, fault_kinds[i].help);
	}
}

static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
	struct options options;
	struct sim sim;
	struct err err;
	enum status status = options_parse(&options, argc, argv, &err);

	if (status) {
		fprintf(stderr, "buildbus-sim: %s\n", err.text);
		return 2;
	}
	if (options.help) {
		print_help();
		return 0;
	}
	if (options.version) {
		puts("buildbus-sim " BUILDBUS_VERSION);
		return 0;
	}
	block_signals();
	sim_init(&sim, &options.sim);
	status = options.print_config ? print_config(&options, &sim) : serve(&options, &sim, &err);
	sim_fini(&sim);
	if (status) {
		fprintf(stderr, "buildbus-sim: %s\n", err.text);
	}
	return status == OK ? 0 : status == ERR_CONFIG ? 2 : 1;
}

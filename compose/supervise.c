/* SPDX-License-Identifier: MIT */
#include "compose/supervise.h"
#include "common/log.h"
#include "common/process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	BACKOFF_FIRST_MS = 200,
	BACKOFF_MAX_MS = 30000,
	BACKOFF_FORGET_MS = 60000, /* who ran that long has recovered */
	DRAIN_MS = 10000,
	EXIT_OPERATOR = 100, /* a daemon's: restarting can't help */
	EXIT_NO_EXEC = 127,  /* the executable went away */
};

static int on_restart(zloop_t *loop, int timer, void *arg);
static int on_ready(zloop_t *loop, zmq_pollitem_t *item, void *arg);

static int on_log(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
	if (!child_relay(arg)) {
		zloop_poller_end(loop, item);
	}
	return 0;
}

/* A hang-up is an event like any other here: tolerant keeps zloop from dropping what was not read yet. */
static void watch(struct supervisor *all, int fd, zloop_fn *handler, void *arg)
{
	zmq_pollitem_t item = {.fd = fd, .events = ZMQ_POLLIN};

	zloop_poller(all->loop, &item, handler, arg);
	zloop_poller_set_tolerant(all->loop, &item);
}

static void unwatch(struct supervisor *all, int fd)
{
	zmq_pollitem_t item = {.fd = fd, .events = ZMQ_POLLIN};

	if (fd != -1) {
		zloop_poller_end(all->loop, &item);
	}
}

static void restart_later(struct supervisor *all, struct child *child)
{
	child->state = CHILD_WAITING;
	child->backoff_ms = child->backoff_ms ? child->backoff_ms * 2 : BACKOFF_FIRST_MS;
	child->backoff_ms = child->backoff_ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : child->backoff_ms;
	zloop_timer(all->loop, (size_t)child->backoff_ms, 1, on_restart, child);
}

static void start(struct supervisor *all, struct child *child)
{
	struct err err = {0};

	child->all = all;
	child->relay.watch = all->watch;
	if (child_start(child, &err) != OK) {
		restart_later(all, child);
		log_error("up.start_failed", STR("process", child->name), STR("why", err.text),
			  NUM("again_in_ms", child->backoff_ms));
		return;
	}
	watch(all, child->ready_fd, on_ready, child);
	watch(all, child->log_fd, on_log, child);
	log_debug("up.started", STR("process", child->name), NUM("pid", child->pid));
}

static int on_restart(zloop_t *loop, int timer, void *arg)
{
	struct child *child = arg;

	(void)loop, (void)timer;
	if (child->state == CHILD_WAITING) {
		start(child->all, child);
	}
	return 0;
}

static void log_end(const struct child *child, int status, bool again)
{
	const char *how = WIFSIGNALED(status) ? "signal" : "code";
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);

	if (again) {
		log_warn("up.died", STR("process", child->name), NUM(how, number),
			 NUM("again_in_ms", child->backoff_ms));
	} else {
		/* Its own proc.failed said why. */
		log_error("up.refused", STR("process", child->name), NUM(how, number));
	}
}

static void start_role(struct supervisor *all, enum child_role role)
{
	for (size_t i = 0; i < all->fleet.count; i++) {
		if (all->fleet.children[i].role == role && all->fleet.children[i].state == CHILD_WAITING &&
		    all->fleet.children[i].backoff_ms == 0) {
			start(all, &all->fleet.children[i]);
		}
	}
}

/* Nothing is fetched before each sink has said that it can write, or has shown that it can't for now. */
static bool sinks_have_spoken(const struct supervisor *all)
{
	for (size_t i = 0; i < all->fleet.count; i++) {
		const struct child *child = &all->fleet.children[i];
		if (child->role == ROLE_SINK && child->backoff_ms == 0 &&
		    (child->state == CHILD_WAITING || child->state == CHILD_STARTING)) {
			return false;
		}
	}
	return true;
}

static void start_fetchers(struct supervisor *all)
{
	if (!all->stopping && !all->hold_fetchers && all->fleet.children[0].state == CHILD_READY &&
	    sinks_have_spoken(all)) {
		start_role(all, ROLE_FETCHER);
	}
}

static size_t count_running(const struct supervisor *all, enum child_role role)
{
	size_t count = 0;

	for (size_t i = 0; i < all->fleet.count; i++) {
		count += all->fleet.children[i].role == role && all->fleet.children[i].pid > 0;
	}
	return count;
}

static void announce(struct supervisor *all)
{
	for (size_t i = 0; i < all->fleet.count; i++) {
		if (all->fleet.children[i].state != CHILD_READY) {
			return;
		}
	}
	if (!all->announced) {
		log_info("up.ready", NUM("processes", all->fleet.count));
		all->announced = true;
	}
}

static int on_ready(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
	struct child *child = arg;
	struct supervisor *all = child->all;
	char byte;
	ssize_t size = read(item->fd, &byte, 1);

	if (size == -1) {
		return 0;
	}
	zloop_poller_end(loop, item);
	if (size == 0 || all->stopping) {
		return 0; /* it died: SIGCHLD tells the rest */
	}
	child->state = CHILD_READY;
	child->relay.why[0] = '\0'; /* whatever it was, it is over */
	if (child->role == ROLE_HUB) {
		start_role(all, ROLE_SINK);
	}
	start_fetchers(all);
	announce(all);
	return 0;
}

void supervisor_fetch(struct supervisor *all)
{
	all->hold_fetchers = false;
	start_fetchers(all);
}

void supervisor_signal(struct supervisor *all, int number)
{
	for (size_t i = 0; i < all->fleet.count; i++) {
		child_signal(&all->fleet.children[i], number);
	}
}

/* Stops role after role; true when nothing runs any more. */
static bool drain_next(struct supervisor *all)
{
	while (count_running(all, all->draining) == 0) {
		if (all->draining == ROLE_HUB) {
			return true;
		}
		all->draining--;
		for (size_t i = 0; i < all->fleet.count; i++) {
			if (all->fleet.children[i].role == all->draining) {
				child_signal(&all->fleet.children[i], SIGTERM);
			}
		}
	}
	return false;
}

void supervisor_kill(struct supervisor *all, const char *why)
{
	log_warn("up.kill", STR("why", why));
	all->failed = true;
	supervisor_signal(all, SIGKILL);
}

static int on_drain_deadline(zloop_t *loop, int timer, void *arg)
{
	(void)loop, (void)timer;
	supervisor_kill(arg, "not everything ended within 10 s");
	return 0;
}

static int on_stopped(zloop_t *loop, int timer, void *arg)
{
	(void)loop, (void)timer, (void)arg;
	return -1;
}

static void end_when_drained(struct supervisor *all)
{
	if (drain_next(all)) {
		zloop_timer(all->loop, 0, 1, on_stopped, NULL);
	}
}

void supervisor_stop(struct supervisor *all, const char *why)
{
	if (all->stopping) {
		return;
	}
	log_info("up.stop", STR("why", why));
	all->stopping = true;
	all->draining = ROLE_COUNT;
	for (size_t i = 0; i < all->fleet.count; i++) {
		if (all->fleet.children[i].state == CHILD_WAITING) {
			all->fleet.children[i].state = CHILD_GONE;
		}
	}
	zloop_timer(all->loop, DRAIN_MS, 1, on_drain_deadline, all);
	end_when_drained(all);
}

/* A pipeline that can carry nothing more is not kept up: what is on disk goes on with the next start. */
static bool is_gone(const struct supervisor *all, enum child_role role)
{
	size_t count = 0, gone = 0;

	for (size_t i = 0; i < all->fleet.count; i++) {
		count += all->fleet.children[i].role == role;
		gone += all->fleet.children[i].role == role && all->fleet.children[i].state == CHILD_GONE;
	}
	return count > 0 && gone == count;
}

static void give_up(struct supervisor *all, struct child *child, int status)
{
	child->state = CHILD_GONE;
	all->failed = true;
	log_end(child, status, false);
	if (child->role == ROLE_HUB) {
		supervisor_stop(all, "nothing works without the normalizer");
	} else if (all->strict) {
		supervisor_stop(all, "a process was refused what it needs");
	} else if (is_gone(all, ROLE_FETCHER)) {
		supervisor_stop(all, "no fetcher is left");
	} else if (is_gone(all, ROLE_SINK)) {
		supervisor_stop(all, "no sink is left");
	}
}

void supervisor_drop(struct supervisor *all, struct child *child)
{
	child->state = CHILD_GONE;
	all->failed = true;
	child_signal(child, SIGTERM);
}

static void on_end(struct supervisor *all, struct child *child, int status)
{
	int64_t ran_ms = now_ms() - child->started_ms;

	unwatch(all, child->ready_fd);
	unwatch(all, child->log_fd);
	child_ended(child);
	child->backoff_ms = ran_ms >= BACKOFF_FORGET_MS ? 0 : child->backoff_ms;
	if (all->stopping) {
		child->state = CHILD_GONE;
		end_when_drained(all);
	} else if (child->state == CHILD_GONE) {
		log_end(child, status, false);
	} else if (WIFEXITED(status) &&
		   (WEXITSTATUS(status) == EXIT_OPERATOR || WEXITSTATUS(status) == EXIT_NO_EXEC)) {
		give_up(all, child, status);
	} else {
		restart_later(all, child);
		log_end(child, status, true);
	}
	start_fetchers(all);
}

void supervisor_reap(struct supervisor *all)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < all->fleet.count; i++) {
			if (all->fleet.children[i].pid == pid) {
				on_end(all, &all->fleet.children[i], status);
			}
		}
	}
}

void supervisor_start(struct supervisor *all)
{
	start_role(all, ROLE_HUB);
	if (all->eager) {
		start_role(all, ROLE_SINK);
	}
}

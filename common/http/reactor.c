/* SPDX-License-Identifier: MIT */
#include "common/http/internal.h"

/* zloop still fires a timer that was due in the turn in which another timer's handler ended it. So a timer's
 * handler asks here whether its client is still alive, and then whether the timer is still the client's. */
static LIST_HEAD(, http) clients = LIST_HEAD_INITIALIZER(clients);

static bool is_alive(const void *arg)
{
	const struct http *http;

	LIST_FOREACH(http, &clients, alive)
	{
		if (http == arg) {
			return true;
		}
	}
	return false;
}

static void take_turn(struct http *http, curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(http->multi, fd, events, &running);
	http_on_turn(http); /* may free http: nothing after it */
}

static int on_socket(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
	int events = 0;

	(void)loop;
	/* An error is found by reading, and read gives its reason; told of an error alone, curl only says
	 * that there was one. */
	if (item->revents & (ZMQ_POLLIN | ZMQ_POLLERR)) {
		events |= CURL_CSELECT_IN;
	}
	if (item->revents & ZMQ_POLLOUT) {
		events |= CURL_CSELECT_OUT;
	}
	take_turn(arg, item->fd, events);
	return 0;
}

static int on_timer(zloop_t *loop, int timer, void *arg)
{
	struct http *http = arg;

	(void)loop;
	if (is_alive(arg) && timer == http->timer) {
		http->timer = -1;
		take_turn(http, CURL_SOCKET_TIMEOUT, 0);
	}
	return 0;
}

/* curl: from now on watch fd for what. */
static int on_watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct http *http = arg;
	zmq_pollitem_t item = {.fd = fd};

	(void)easy, (void)socket_arg;
	zloop_poller_end(http->loop, &item); /* zloop can't change one */
	if (what == CURL_POLL_REMOVE) {
		return 0;
	}
	item.events =
		(short)((what & CURL_POLL_IN ? ZMQ_POLLIN : 0) | (what & CURL_POLL_OUT ? ZMQ_POLLOUT : 0));
	if (zloop_poller(http->loop, &item, on_socket, http) == -1) {
		return -1;
	}
	/* Else zloop warns on stdout and drops the poller at the second error, e.g. a refused connection. */
	zloop_poller_set_tolerant(http->loop, &item);
	return 0;
}

static void end_timer(struct http *http, int *timer)
{
	if (*timer != -1) {
		zloop_timer_end(http->loop, *timer);
		*timer = -1;
	}
}

/* curl: take a turn after delay_ms, 0 included. Never from inside this call: curl is not re-entrant. */
static int on_delay(CURLM *multi, long delay_ms, void *arg)
{
	struct http *http = arg;

	(void)multi;
	end_timer(http, &http->timer);
	if (delay_ms >= 0) {
		http->timer = zloop_timer(http->loop, (size_t)delay_ms, 1, on_timer, http);
	}
	return 0;
}

static int on_wake(zloop_t *loop, int timer, void *arg)
{
	struct http *http = arg;

	(void)loop;
	if (is_alive(arg) && timer == http->wake) {
		http->wake = -1;
		http_on_turn(http);
	}
	return 0;
}

/* A timer of its own: curl does not ask again for one that it believes to be set. */
void http_reactor_wake(struct http *http)
{
	if (http->wake == -1) {
		http->wake = zloop_timer(http->loop, 0, 1, on_wake, http);
	}
}

enum status http_reactor_open(struct http *http, struct err *err)
{
	http->timer = http->wake = -1;
	http->multi = curl_multi_init();
	if (!http->multi) {
		return err_set(err, ERR_SYS, "curl can't start");
	}
	LIST_INSERT_HEAD(&clients, http, alive);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_watch);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_delay);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)http->options.concurrency);
	return OK;
}

void http_reactor_close(struct http *http)
{
	if (http->multi) {
		curl_multi_cleanup(
			http->multi); /* still calls on_watch and on_delay: hence before the timers */
		end_timer(http, &http->timer);
		end_timer(http, &http->wake);
		LIST_REMOVE(http, alive);
	}
}

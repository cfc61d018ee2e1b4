/* /metrics and /healthz for --metrics, answered on the daemon's own loop: whoever asks learns too
 * whether that loop turns. */
/* SPDX-License-Identifier: MIT */
#include "common/listen.h"
#include "common/metrics_private.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 16,
	IDLE_S = 30, /* a scraper keeps its connection from one scrape to the next, usually 15 s */
};

/* libmicrohttpd without threads: its epoll set is one descriptor of the loop, so nothing wakes up for an idle
 * server but the time limit of a connection that is open. */
struct metrics_server {
	struct MHD_Daemon *daemon;
	zloop_t *loop;
	int timer; /* -1: none */
	char address[LISTEN_ADDRESS_SIZE];
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned code, const char *type, char *text,
			      size_t size, enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(size, text, mode);
	enum MHD_Result result;

	if (!response) {
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	result = MHD_queue_response(connection, code, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_line(struct MHD_Connection *connection, unsigned code, const char *sentence)
{
	char line[600];
	int size = snprintf(line, sizeof line, "%s\n", sentence);

	return answer(connection, code, "text/plain; charset=utf-8", line, (size_t)size,
		      MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result answer_metrics(struct MHD_Connection *connection)
{
	size_t size = 0;
	char *text = metrics_text(&size);

	if (!text) {
		return MHD_NO;
	}
	return answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text, size,
		      MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result answer_health(struct MHD_Connection *connection)
{
	const char *sentence;
	bool ok = metrics_is_healthy(&sentence);

	return answer_line(connection, ok ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, sentence);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **request)
{
	static char seen;

	(void)arg, (void)version, (void)upload;
	if (!*request) {
		*request = &seen; /* answered now, before its end, the connection would be closed */
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0; /* not read */
		return MHD_YES;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		return answer_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET");
	}
	if (strcmp(url, "/metrics") == 0) {
		return answer_metrics(connection);
	}
	if (strcmp(url, "/healthz") == 0) {
		return answer_health(connection);
	}
	return answer_line(connection, MHD_HTTP_NOT_FOUND, "here are /metrics and /healthz");
}

static int on_timer(zloop_t *loop, int timer, void *arg);

static void take_turn(struct metrics_server *server)
{
	MHD_UNSIGNED_LONG_LONG delay_ms;

	MHD_run(server->daemon);
	if (server->timer != -1) {
		zloop_timer_end(server->loop, server->timer);
		server->timer = -1;
	}
	if (MHD_get_timeout(server->daemon, &delay_ms) == MHD_YES) {
		server->timer = zloop_timer(server->loop, (size_t)delay_ms, 1, on_timer, server);
	}
}

static int on_timer(zloop_t *loop, int timer, void *arg)
{
	struct metrics_server *server = arg;

	(void)loop;
	if (timer == server->timer) {
		server->timer = -1;
		take_turn(server);
	}
	return 0;
}

static int on_ready(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
	(void)loop, (void)item;
	take_turn(arg);
	return 0;
}

enum status metrics_server_attach(struct metrics_server *server, zloop_t *loop, struct err *err)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	zmq_pollitem_t item = {.fd = info ? info->epoll_fd : -1, .events = ZMQ_POLLIN};

	server->loop = loop;
	server->timer = -1;
	if (!info || zloop_poller(loop, &item, on_ready, server) == -1) {
		return err_set(err, ERR_SYS, "--metrics: no memory for the server");
	}
	zloop_poller_set_tolerant(loop, &item);
	take_turn(server); /* what came while no loop ran */
	return OK;
}

enum status metrics_server_new(struct metrics_server **out, const char *address, struct err *err)
{
	struct metrics_server *server;
	int fd = -1;
	enum status status = listen_open(address, "--metrics", CONNECTIONS_MAX, &fd, err);

	*out = NULL;
	if (status != OK) {
		return status;
	}
	server = calloc(1, sizeof *server);
	if (server) {
		listen_address(fd, server->address);
		server->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, NULL,
						  MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
						  (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
						  (unsigned)IDLE_S, MHD_OPTION_END);
	}
	if (!server || !server->daemon) {
		free(server);
		close(fd);
		return err_set(err, ERR_SYS, "--metrics %s: the server can't start", address);
	}
	*out = server;
	return OK;
}

const char *metrics_server_address(const struct metrics_server *server)
{
	return server->address;
}

void metrics_server_free(struct metrics_server **server)
{
	if (!*server) {
		return;
	}
	MHD_stop_daemon((*server)->daemon); /* closes the listener too */
	free(*server);
	*server = NULL;
}

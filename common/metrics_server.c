/* SPDX-License-Identifier: MIT */
#include "common/metrics_private.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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
	char address[NI_MAXHOST + 16];
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

/* getaddrinfo takes 99999 for 34463. */
static bool is_port(const char *text)
{
	size_t size = strspn(text, "0123456789");

	return size > 0 && size <= 5 && !text[size] && strtol(text, NULL, 10) <= UINT16_MAX;
}

/* "ADDR:PORT" -> its parts; host is "" for every address. */
static enum status split(const char *address, char host[static NI_MAXHOST], const char **port,
			 struct err *err)
{
	const char *colon = strrchr(address, ':'), *start = address;
	size_t size = colon ? (size_t)(colon - address) : 0;

	if (size >= 2 && *address == '[' && colon[-1] == ']') {
		start++;
		size -= 2;
	}
	if (!colon || !is_port(colon + 1) || size >= NI_MAXHOST) {
		return err_set(err, ERR_CONFIG, "--metrics %s: write it as ADDR:PORT, e.g. 127.0.0.1:9100",
			       address);
	}
	memcpy(host, start, size);
	host[size] = '\0';
	*port = colon + 1;
	return OK;
}

static int listen_at(const struct addrinfo *found)
{
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, saved;

	if (fd == -1) {
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, CONNECTIONS_MAX) == 0) {
		return fd;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static enum status open_listener(const char *address, int *fd, struct err *err)
{
	struct addrinfo want = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found;
	char host[NI_MAXHOST];
	const char *port = NULL;
	enum status status = split(address, host, &port, err);
	int code;

	if (status != OK) {
		return status;
	}
	code = getaddrinfo(*host ? host : NULL, port, &want, &found);
	if (code != 0) {
		return err_set(err, ERR_CONFIG, "--metrics %s: %s", address, gai_strerror(code));
	}
	*fd = listen_at(found);
	freeaddrinfo(found);
	if (*fd == -1) {
		return err_set(err, ERR_CONFIG, "--metrics %s: %s", address,
			       errno == EADDRINUSE ? "the port is in use; choose another" : strerror(errno));
	}
	return OK;
}

static void note_address(struct metrics_server *server, int fd)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof name;
	char host[NI_MAXHOST] = "", port[16] = "";

	if (getsockname(fd, (struct sockaddr *)&name, &size) == 0) {
		getnameinfo((struct sockaddr *)&name, size, host, sizeof host, port, sizeof port,
			    NI_NUMERICHOST | NI_NUMERICSERV);
	}
	snprintf(server->address, sizeof server->address, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
		 port);
}

enum status metrics_server_new(struct metrics_server **out, const char *address, struct err *err)
{
	struct metrics_server *server;
	int fd = -1;
	enum status status = open_listener(address, &fd, err);

	*out = NULL;
	if (status != OK) {
		return status;
	}
	server = calloc(1, sizeof *server);
	if (server) {
		note_address(server, fd);
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

/* SPDX-License-Identifier: MIT */
#include "tests/sim/server.h"
#include "tests/sim/deliver.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 1 << 20, THREAD_STACK = 512 << 10, CONNECTIONS_MAX = 2000 };

struct server {
	struct sim *sim;
	struct MHD_Daemon *daemon;
	struct gate gate;           /* ends with the server */
	struct MHD_Daemon *outside; /* the other host, a port of its own */
};

/* One request, from its first line to its answer. */
struct exchange {
	char *query; /* raw, decoded by query_parse alone */
	struct text body;
	bool begun;
	bool resets; /* once the answer is out */
};

/* libmicrohttpd decodes "+" and loses repeated keys' order; the raw text is ours to parse. */
static void *begin_exchange(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *exchange = must_malloc(sizeof *exchange);
	const char *query = strchr(uri, '?');

	(void)context;
	(void)connection;
	*exchange = (struct exchange){0};
	if (query) {
		exchange->query = must_malloc(strlen(query));
		memcpy(exchange->query, query + 1, strlen(query));
	}
	return exchange;
}

static void end_exchange(void *context, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *state;

	(void)context;
	(void)connection;
	(void)code;
	if (exchange) {
		free(exchange->query);
		text_fini(&exchange->body);
		free(exchange);
	}
	*state = NULL;
}

static enum MHD_Result answer(struct server *server, struct MHD_Connection *connection, const char *path,
			      const char *method, struct exchange *exchange)
{
	const struct sim_request request = {
		.method = method,
		.path = path,
		.query = exchange->query,
		.authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization"),
		.circle_token = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Circle-Token"),
		.body = exchange->body.data,
		.body_size = exchange->body.size,
	};
	struct sim_reply reply;
	enum MHD_Result result;

	sim_handle(server->sim, &request, &reply);
	exchange->resets = reply.delivery == DELIVER_RESET_AFTER;
	result = deliver(connection, &server->gate, &reply);
	sim_reply_fini(&reply);
	return result;
}

/* Called at the head of a request, for each part of its body, and at its end. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data, size_t *size,
				  void **state)
{
	struct server *server = context;
	struct exchange *exchange = *state;

	(void)version;
	if (!exchange->begun) {
		exchange->begun = true;
		return MHD_YES;
	}
	if (*size) {
		if (exchange->body.size + *size > BODY_MAX) {
			return MHD_NO;
		}
		text_add(&exchange->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	return answer(server, connection, path, method, exchange);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct server *server = context;
	const struct exchange *exchange = *state;
	bool quit;

	if (exchange && exchange->resets) {
		deliver_reset_after(connection, &server->gate);
	}
	end_exchange(NULL, connection, state, code);
	pthread_mutex_lock(&server->sim->lock);
	quit = server->sim->quit;
	pthread_mutex_unlock(&server->sim->lock);
	if (quit) {
		server_stop(server);
	}
}

/* The path stays as it was sent: its segments are decoded one by one later. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

enum {
	COMMON_FLAGS = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO |
		       MHD_USE_SUPPRESS_DATE_NO_CLOCK
};

static struct MHD_Daemon *start_daemon(struct server *server, struct sockaddr_in *at,
				       const struct server_tls *tls)
{
	struct MHD_OptionItem secret[] = {{MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
					  {MHD_OPTION_HTTPS_MEM_CERT, 0, tls->certificate},
					  {MHD_OPTION_END, 0, NULL}};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	unsigned flags = COMMON_FLAGS | (tls->key ? (unsigned)MHD_USE_TLS : 0u);

	return MHD_start_daemon(
		flags, ntohs(at->sin_port), NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR,
		(struct sockaddr *)at, MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,
		NULL, MHD_OPTION_THREAD_STACK_SIZE, (size_t)THREAD_STACK, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_ARRAY, tls->key ? secret : none, MHD_OPTION_END);
}

static int port_of(struct MHD_Daemon *daemon)
{
	return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

enum status server_new(struct server **out, struct sim *sim, const char *address, int port,
		       const struct server_tls *tls, struct err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct server *server;

	*out = NULL;
	if (inet_pton(AF_INET, address, &at.sin_addr) != 1) {
		return err_set(err, ERR_CONFIG, "'%s' is not an IPv4 address", address);
	}
	server = must_malloc(sizeof *server);
	*server = (struct server){.sim = sim};
	gate_init(&server->gate);
	server->daemon = start_daemon(server, &at, tls);
	at.sin_port = 0;
	server->outside = server->daemon ? start_daemon(server, &at, tls) : NULL;
	if (!server->outside) {
		err_sys(err, "Can't listen on %s:%d%s", address, port,
			tls->key ? " with this certificate" : "");
		server_free(&server);
		return ERR_SYS;
	}
	pthread_mutex_lock(&sim->lock);
	address = strcmp(address, "0.0.0.0") ? address : "127.0.0.1";
	sim_set_base(sim, address, port_of(server->daemon));
	snprintf(sim->outside, sizeof sim->outside, "http://%s:%d", address, port_of(server->outside));
	pthread_mutex_unlock(&sim->lock);
	*out = server;
	return OK;
}

int server_port(const struct server *server)
{
	return port_of(server->daemon);
}

void server_wait(struct server *server)
{
	gate_wait(&server->gate);
}

void server_stop(struct server *server)
{
	gate_end(&server->gate);
}

void server_free(struct server **server)
{
	if (!*server) {
		return;
	}
	server_stop(*server);
	if ((*server)->outside) {
		MHD_stop_daemon((*server)->outside);
	}
	if ((*server)->daemon) {
		MHD_stop_daemon((*server)->daemon);
	}
	gate_fini(&(*server)->gate);
	free(*server);
	*server = NULL;
}

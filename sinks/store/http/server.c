/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/server.h"
#include "common/process.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 1200,
	CONNECTION_BYTES = 16384, /* of memory for a request's line and headers */
	IDLE_S = 60,
	BACKLOG = 128,
};

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **seen)
{
	static char first;
	struct request request = {.dashboard = arg, .connection = connection, .path = url};

	(void)version, (void)upload;
	if (!*seen) {
		*seen = &first; /* answered now, before its end, the connection would be closed */
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0; /* not read */
		return MHD_YES;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		return answer_error(&request, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
	}
	return route(&request);
}

static enum status start(struct dashboard *dashboard, int fd, struct err *err)
{
	listen_address(fd, dashboard->address);
	dashboard->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		on_request, dashboard, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
		(unsigned)READERS_MAX, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_BYTES, MHD_OPTION_END);
	return dashboard->daemon ? OK
				 : err_set(err, ERR_SYS, "the server of %s can't start", dashboard->address);
}

enum status dashboard_new(struct dashboard **out, const struct store_config *config,
			  const struct bus_config *bus, const char *path, struct err *err)
{
	struct dashboard *dashboard;
	int fd = -1;
	enum status status = listen_open(config->listen, "listen", BACKLOG, &fd, err);

	*out = NULL;
	if (status != OK) {
		return status;
	}
	if (!store_config_is_open(config) && !listen_is_loopback(fd)) {
		close(fd);
		return store_config_refuse(config, err);
	}
	dashboard = calloc(1, sizeof *dashboard);
	if (!dashboard) {
		close(fd);
		return err_sys(err, "memory for the page");
	}
	dashboard->config = config;
	dashboard->bus = bus;
	readers_init(&dashboard->readers, path);
	events_init(&dashboard->events, wall_ms());
	streams_init(&dashboard->streams);
	*out = dashboard;
	status = start(dashboard, fd, err);
	if (status != OK) {
		close(fd);
		dashboard_free(out);
	}
	return status;
}

const char *dashboard_address(const struct dashboard *dashboard)
{
	return dashboard->address;
}

/* "buildkite/acme/web" of "buildkite/acme/web/49". */
static struct text key_of(struct text id)
{
	const char *slash = id.at ? memrchr(id.at, '/', id.size) : NULL;

	return (struct text){id.at, slash ? (size_t)(slash - id.at) : 0};
}

/* {…the record without jobs, stored_at}. Heap; NULL: no memory. */
static char *event_json(const struct build *build)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *record = doc ? schema_json(doc, build_fields, build) : NULL;
	char *text;

	yyjson_mut_obj_remove_key(record, "jobs");
	yyjson_mut_obj_add_sint(doc, record, "stored_at", wall_ms());
	text = yyjson_mut_val_write(record, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
	yyjson_mut_doc_free(doc);
	return text;
}

void dashboard_stored(struct dashboard *dashboard, const struct build *build)
{
	char *json;

	if (!dashboard) {
		return;
	}
	json = events_are_wanted(&dashboard->events) ? event_json(build) : NULL;
	events_add(&dashboard->events, key_of(build->id), text_of(json));
	free(json);
}

void dashboard_wake(struct dashboard *dashboard)
{
	if (dashboard) {
		streams_wake(&dashboard->streams, false);
	}
}

void dashboard_free(struct dashboard **dashboard)
{
	if (!*dashboard) {
		return;
	}
	streams_close(&(*dashboard)->streams);
	if ((*dashboard)->daemon) {
		MHD_stop_daemon((*dashboard)->daemon); /* closes the listener too */
	}
	streams_fini(&(*dashboard)->streams);
	events_fini(&(*dashboard)->events);
	readers_fini(&(*dashboard)->readers);
	free(*dashboard);
	*dashboard = NULL;
}

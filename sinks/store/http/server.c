/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/server.h"
#include "common/config_file.h"
#include "common/process.h"
#include "sinks/store/query/runs.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 1200,
	FILES_LEFT = 64,          /* descriptors for everything else */
	CONNECTION_BYTES = 16384, /* of memory for a request's line and headers */
	BODY_MAX = 8192,
	PEM_MAX = 1 << 20,
	IDLE_S = 60,
	BACKLOG = 256,
};

#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* What a POST sends. */
struct upload {
	size_t size;
	char body[BODY_MAX + 1];
};

static char no_upload; /* of a request without a body */

static bool announces_too_much(struct MHD_Connection *connection)
{
	const char *length =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length && strtoull(length, NULL, 10) > BODY_MAX;
}

/* Two lengths: what one reader takes for the body another takes for the next request. */
static bool has_two_ends(const struct request *request)
{
	return request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH) &&
	       request_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

/* The headers are there. What is answered now is answered before the body, and ends the connection. */
static enum MHD_Result begin(const struct request *request, void **upload)
{
	if (announces_too_much(request->connection)) {
		return answer_error(request, MHD_HTTP_CONTENT_TOO_LARGE, "at most %d bytes", BODY_MAX);
	}
	if (has_two_ends(request)) {
		return answer_error(request, MHD_HTTP_BAD_REQUEST,
				    "Content-Length and Transfer-Encoding in one request");
	}
	*upload = request->post ? calloc(1, sizeof(struct upload)) : &no_upload;
	return *upload ? MHD_YES : MHD_NO;
}

/* More than was announced, or of a request that has no body: the connection ends. */
static enum MHD_Result take(struct upload *upload, const char *bytes, size_t *size)
{
	if ((void *)upload == &no_upload || *size > BODY_MAX - upload->size) {
		return MHD_NO;
	}
	memcpy(upload->body + upload->size, bytes, *size);
	upload->size += *size;
	*size = 0;
	return MHD_YES;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *bytes, size_t *size,
				  void **upload)
{
	struct dashboard *dashboard = arg;
	struct request request = {.dashboard = dashboard,
				  .connection = connection,
				  .path = url,
				  .post = strcmp(method, "POST") == 0};
	enum MHD_Result result;

	(void)version;
	if (!*upload) {
		return begin(&request, upload);
	}
	if (*size > 0) {
		return take(*upload, bytes, size);
	}
	crowd_active(&dashboard->crowd, connection, false);
	if (!request.post && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		return answer_error(&request, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
	}
	request.body = request.post ? ((struct upload *)*upload)->body : NULL;
	return guard_admits(&dashboard->guard, &request, &result) ? route(&request) : result;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **upload,
			 enum MHD_RequestTerminationCode code)
{
	struct dashboard *dashboard = arg;

	(void)code;
	crowd_done(&dashboard->crowd, connection);
	if (*upload != &no_upload) {
		free(*upload);
	}
	*upload = NULL;
}

/* How many connections this process may have. */
static unsigned make_room(void)
{
	struct rlimit files = {0};

	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < CONNECTIONS_MAX + FILES_LEFT) {
		files.rlim_cur = files.rlim_max < CONNECTIONS_MAX + FILES_LEFT ? files.rlim_max
									       : CONNECTIONS_MAX + FILES_LEFT;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return files.rlim_cur >= CONNECTIONS_MAX + FILES_LEFT ? CONNECTIONS_MAX
	       : files.rlim_cur > 2 * FILES_LEFT              ? (unsigned)files.rlim_cur - FILES_LEFT
							      : FILES_LEFT;
}

/* What an answer took goes back to the system: else each thread's heap keeps its largest one for ever. */
static void keep_small(void)
{
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

/* PEM files, read once: whoever changes them restarts the sink. */
static enum status read_tls(const struct store_config *config, char **certificate, char **key,
			    struct err *err)
{
	size_t size;

	if (config->certificate && file_read(config->certificate, PEM_MAX, certificate, &size, err) != OK) {
		return err_prefix(err, "tls.certificate %s", config->certificate);
	}
	if (config->key && file_read(config->key, PEM_MAX, key, &size, err) != OK) {
		return err_prefix(err, "tls.key %s", config->key);
	}
	return OK;
}

static struct MHD_Daemon *start_daemon(struct dashboard *dashboard, int fd, unsigned connections,
				       const char *certificate, const char *key)
{
	unsigned tls = certificate ? MHD_USE_TLS : 0;
	const struct MHD_OptionItem secure[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(size_t)certificate},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(size_t)key},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(size_t)TLS_PRIORITIES},
		{MHD_OPTION_END, 0, NULL},
	};
	const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME | tls,
				0, NULL, NULL, on_request, dashboard, MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_THREAD_POOL_SIZE, (unsigned)READERS_MAX,
				MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT,
				(unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				(size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_CONNECTION, crowd_notify,
				&dashboard->crowd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, dashboard,
				MHD_OPTION_ARRAY, tls ? secure : none, MHD_OPTION_END);
}

static enum status start(struct dashboard *dashboard, int fd, struct err *err)
{
	char *certificate = NULL, *key = NULL;
	unsigned connections = make_room();
	enum status status = read_tls(dashboard->config, &certificate, &key, err);

	keep_small();
	listen_address(fd, dashboard->address);
	crowd_init(&dashboard->crowd, (int)(connections * 5 / 6));
	if (status == OK) {
		dashboard->daemon = start_daemon(dashboard, fd, connections, certificate, key);
	}
	if (status == OK && !dashboard->daemon) {
		status = certificate
				 ? err_set(err, ERR_CONFIG,
					   "tls: %s and %s are no pair of PEM files that can be used",
					   dashboard->config->certificate, dashboard->config->key)
				 : err_set(err, ERR_SYS, "the server of %s can't start", dashboard->address);
	}
	free(certificate);
	if (key) {
		explicit_bzero(key, strlen(key));
	}
	free(key);
	return status;
}

static enum status listen_for(const struct store_config *config, int *fd, struct err *err)
{
	enum status status = listen_open(config->listen, "listen", BACKLOG, fd, err);

	if (status == OK && !store_config_is_open(config) && !listen_is_loopback(*fd)) {
		close(*fd);
		return store_config_refuse(config, err);
	}
	return status;
}

enum status dashboard_new(struct dashboard **out, const struct dashboard_options *options, struct err *err)
{
	struct dashboard *dashboard;
	int fd = -1;
	enum status status = listen_for(options->config, &fd, err);

	*out = NULL;
	if (status != OK) {
		return status;
	}
	dashboard = *out = calloc(1, sizeof *dashboard);
	if (!dashboard) {
		close(fd);
		return err_sys(err, "memory for the page");
	}
	dashboard->config = options->config;
	dashboard->bus = options->bus;
	readers_init(&dashboard->readers, options->path);
	events_init(&dashboard->events, wall_ms());
	streams_init(&dashboard->streams);
	rows_init(&dashboard->rows);
	status = guard_init(&dashboard->guard, options->config, options->bus->state_dir, err);
	if (status == OK) {
		status = desk_open(&dashboard->desk, options->loop, err);
	}
	if (status == OK) {
		status = watch_open(&dashboard->watch, options->bus, &dashboard->streams, err);
	}
	if (status == OK) {
		status = start(dashboard, fd, err);
	}
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
	/* First: whoever hears of the new number must not find the old row. */
	rows_changed(&dashboard->rows, run_key(build->id), events_place(&dashboard->events, NULL));
	events_add(&dashboard->events, run_key(build->id), text_of(json));
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
	watch_close(&(*dashboard)->watch);
	desk_close(&(*dashboard)->desk);
	guard_fini(&(*dashboard)->guard);
	crowd_fini(&(*dashboard)->crowd);
	streams_fini(&(*dashboard)->streams);
	rows_fini(&(*dashboard)->rows);
	events_fini(&(*dashboard)->events);
	readers_fini(&(*dashboard)->readers);
	free(*dashboard);
	*dashboard = NULL;
}

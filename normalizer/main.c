/* buildbus-normalizer: the hub between fetchers and sinks, with a durable log. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "normalizer/hub.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define RAW_ARENA_MAX (64 << 20) /* one envelope of 8 MiB, its JSON tree and its records */

/* Messages that one peer may have waiting. In: they may be big, and who sends faster than the hub commits is
 * held up, not dropped. Out of the feed: ranges of 64 KiB; a reader that doesn't read is fed from the log
 * later. Answers of ingest are small. */
#define INGEST_IN_MAX  64
#define INGEST_OUT_MAX 1000
#define FEED_IN_MAX    1000
#define FEED_OUT_MAX   500

/* The folder of a socket is ours alone: who can write there could take the socket's place. */
static enum status make_private_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash && slash != path ? strndup(path, (size_t)(slash - path)) : NULL;
	enum status status = OK;
	struct stat info;

	if (!folder) {
		return err_set(err, ERR_CONFIG, "%s has no folder", path);
	}
	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		err_sys(err, "%s can't be made", folder);
		status = err->status = ERR_CONFIG;
	} else if (lstat(folder, &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid()) {
		status = err_set(err, ERR_CONFIG, "%s isn't a folder of this user: choose another address",
				 folder);
	}
	free(folder);
	return status;
}

/* libzmq would take the path away from a hub of another state that lives. */
static bool is_listened_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool live;

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	live = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
	if (fd >= 0) {
		close(fd);
	}
	return live;
}

static enum status cant_bind(const char *endpoint, const char *key, struct err *err)
{
	return err_set(err, ERR_CONFIG,
		       "bus.%s: %s can't be bound (%s): stop what listens there, or choose another address",
		       key, endpoint, zmq_strerror(errno));
}

static enum status bind_router(zsock_t **out, const char *endpoint, const char *key, int in_max, int out_max,
			       struct err *err)
{
	zsock_t *socket = zsock_new(ZMQ_ROUTER);

	if (!socket) {
		return err_sys(err, "bus.%s: no socket", key);
	}
	*out = socket;
	if (strncmp(endpoint, "ipc://", 6) == 0) {
		if (make_private_folder(endpoint + 6, err) != OK) {
			return err_prefix(err, "bus.%s", key);
		}
		if (is_listened_to(endpoint + 6)) {
			errno = EADDRINUSE;
			return cant_bind(endpoint, key, err);
		}
	}
	zsock_set_router_mandatory(socket, 1);
	zsock_set_linger(socket, 200);
	zsock_set_rcvhwm(socket, in_max);
	zsock_set_sndhwm(socket, out_max);
	zsock_set_maxmsgsize(socket, WIRE_MESSAGE_MAX);
	zsock_set_heartbeat_ivl(socket, 5000);
	zsock_set_heartbeat_timeout(socket, 15000);
	if (zsock_bind(socket, "%s", endpoint) < 0) {
		return cant_bind(endpoint, key, err);
	}
	return OK;
}

static enum status load_state(struct hub *hub, struct err *err)
{
	enum status status = load_head(hub, err);
	sqlite3_stmt *row;

	if (status != OK || (status = db_meta_get(&hub->db, "epoch", &hub->epoch, err)) != OK ||
	    (status = db_meta_get(&hub->db, "counter", &hub->counter, err)) != OK ||
	    (status = db_meta_get(&hub->db, "builds", &hub->builds, err)) != OK ||
	    (status = db_meta_get(&hub->db, "clock", &hub->clock_ms, err)) != OK ||
	    (status = db_meta_get(&hub->db, "jump", &hub->jump.ms, err)) != OK ||
	    (status = db_meta_get(&hub->db, "jumped", &hub->jump.at, err)) != OK ||
	    (status = upkeep_opened(hub, err)) != OK) {
		return status;
	}
	status = db_query(&hub->db, SQL_DEAD_UNREAD, &row, err, "");
	hub->unread = row != NULL;
	db_done(&hub->db, SQL_DEAD_UNREAD);
	return status == OK ? lease_load(hub, err) : status;
}

/* Tests of expiry shorten it; nothing else should. */
static int64_t ttl_ms(void)
{
	const char *text = getenv("BUILDBUS_TEST_LEASE_TTL_MS");
	long value = text ? strtol(text, NULL, 10) : 0;

	return value > 0 && value < WIRE_LEASE_TTL_MS ? value : WIRE_LEASE_TTL_MS;
}

static enum status hub_open(void *state, struct process_context *context, struct err *err)
{
	struct hub *hub = state;
	const struct bus_config *bus = &context->config.bus;
	enum status status;

	hub->context = context;
	hub->db.lock_fd = -1;
	hub->taking = true;
	hub->started_ms = hub->upkeep_ms = now_ms();
	hub->ttl_ms = ttl_ms();
	numbers_open(hub);
	arena_init(&hub->arena, RAW_ARENA_MAX);
	hub->known_path = getenv("BUILDBUS_SYNC_KNOWN");
	hub->held = hub->known_path != NULL;
	if ((status = archive_init(&hub->archive, err)) != OK ||
	    (status = db_open(&hub->db, bus->hub_dir, err)) != OK || (status = load_state(hub, err)) != OK ||
	    (status = targets_load(hub, &context->config, err)) != OK) {
		return status;
	}
	upkeep_disk(hub);
	if ((status = bind_router(&hub->ingest, bus->ingest, "ingest", INGEST_IN_MAX, INGEST_OUT_MAX, err)) !=
		    OK ||
	    (status = bind_router(&hub->feed, bus->feed, "feed", FEED_IN_MAX, FEED_OUT_MAX, err)) != OK) {
		return status;
	}
	zloop_reader(context->loop, hub->ingest, on_ingest, hub);
	zloop_reader(context->loop, hub->feed, on_feed, hub);
	zloop_timer(context->loop, UPKEEP_MS, 0, on_upkeep, hub);
	log_info("hub.open", STR("state_dir", bus->hub_dir), NUM("head", hub->head),
		 NUM("builds", hub->builds), NUM("leases", hub->lease_count));
	return OK;
}

static void hub_reload(void *state, struct config *fresh)
{
	struct hub *hub = state;
	struct err err = {0};

	batch_end(hub, NULL);
	if (targets_load(hub, fresh, &err) != OK) {
		log_error("hub.reload_failed", STR("why", err.text));
		hub->targets_pending = true;
	}
}

static void hub_drain(void *state)
{
	struct hub *hub = state;

	batch_end(hub, NULL);
	process_stop(hub->context, OK, NULL);
}

static void hub_close(void *state)
{
	struct hub *hub = state;

	if (!hub->context) {
		return;
	}
	zsock_destroy(&hub->ingest);
	zsock_destroy(&hub->feed);
	recent_cut(&hub->recent, hub->recent.first);
	session_forget_all(hub);
	lease_forget_all(hub);
	targets_fini(hub);
	known_fini(&hub->known);
	batch_fini(hub);
	wire_fini(&hub->in);
	arena_fini(&hub->arena);
	msgpack_sbuffer_destroy(&hub->packed);
	archive_fini(&hub->archive);
	db_close(&hub->db);
}

static const struct process normalizer = {
	.name = "normalizer",
	.summary = "the hub: takes raw builds from fetchers, keeps them, feeds records to sinks",
	.state_size = sizeof(struct hub),
	.open = hub_open,
	.drain = hub_drain,
	.reload = hub_reload,
	.close = hub_close,
};

int main(int argc, char **argv)
{
	return process_main(&normalizer, argc, argv);
}

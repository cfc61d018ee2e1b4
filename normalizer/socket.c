/* SPDX-License-Identifier: MIT */
#include "normalizer/socket.h"
#include "common/tcp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CLOSE_WAIT_MS 1000

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

static enum status check_ipc(const char *endpoint, const char *key, struct err *err)
{
	if (strncmp(endpoint, "ipc://", 6) != 0) {
		return OK;
	}
	if (make_private_folder(endpoint + 6, err) != OK) {
		return err_prefix(err, "bus.%s", key);
	}
	if (is_listened_to(endpoint + 6)) {
		errno = EADDRINUSE;
		return cant_bind(endpoint, key, err);
	}
	return OK;
}

static void set_options(zsock_t *socket, const struct socket_plan *plan)
{
	if (plan->type == ZMQ_ROUTER) {
		zsock_set_router_mandatory(socket, 1);
	}
	zsock_set_linger(socket, 200);
	zsock_set_rcvhwm(socket, plan->in_max);
	zsock_set_sndhwm(socket, plan->out_max);
	zsock_set_maxmsgsize(socket, plan->message_max);
	zsock_set_heartbeat_ivl(socket, 5000);
	zsock_set_heartbeat_timeout(socket, 15000);
	tcp_set_patience(zsock_resolve(socket));
}

enum status socket_bind(struct door *door, zsock_t **out, const struct socket_plan *plan,
			const char *endpoint, struct err *err)
{
	zsock_t *socket = zsock_new(plan->type);
	enum status status;

	if (!socket) {
		return err_sys(err, "bus.%s: no socket", plan->key);
	}
	*out = socket;
	status = check_ipc(endpoint, plan->key, err);
	if (status != OK) {
		return status;
	}
	set_options(socket, plan);
	if (door_dress(door, socket, plan->key, endpoint, err) != OK) {
		return err->status;
	}
	return zsock_bind(socket, "%s", endpoint) < 0 ? cant_bind(endpoint, plan->key, err) : OK;
}

void socket_close(struct door *door, zsock_t **socket)
{
	door_undress(door, *socket);
	zsock_destroy(socket);
}

/* libzmq ends the listener in a thread of its own, and removes the path of an ipc then: the next one must not
 * be there yet. */
static void stop_listening(zsock_t *socket, const char *endpoint)
{
	static const char address[] = "inproc://stop-listening";
	void *monitor = zmq_socket(zsys_init(), ZMQ_PAIR);
	zmq_pollitem_t item = {.socket = monitor, .events = ZMQ_POLLIN};

	if (monitor && zmq_socket_monitor(zsock_resolve(socket), address, ZMQ_EVENT_CLOSED) == 0 &&
	    zmq_connect(monitor, address) == 0 && zmq_unbind(zsock_resolve(socket), endpoint) == 0) {
		zmq_poll(&item, 1, CLOSE_WAIT_MS);
	}
	zmq_socket_monitor(zsock_resolve(socket), NULL, 0);
	if (monitor) {
		zmq_close(monitor);
	}
}

enum status socket_renew(struct door *door, zsock_t **socket, const struct socket_plan *plan, struct err *err)
{
	char *endpoint = zsock_last_endpoint(*socket);
	enum status status;

	door_undress(door, *socket);
	stop_listening(*socket, endpoint);
	zsock_destroy(socket);
	status = socket_bind(door, socket, plan, endpoint, err);
	freen(endpoint);
	return status;
}

/* SPDX-License-Identifier: MIT */
#include "common/curve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

static bool is_folder(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static char *in_folder(const char *folder, const char *name, size_t name_size)
{
	char *path;

	return asprintf(&path, "%s/%.*s.cert_secret", folder, (int)name_size, name) < 0 ? NULL : path;
}

char *curve_certificate_path(const struct bus_config *bus, const char *name)
{
	char *path;

	if (!is_folder(bus->certificate)) {
		return strdup(bus->certificate);
	}
	path = in_folder(bus->certificate, name, strlen(name));
	if (path && strncmp(name, "fetch-", 6) == 0 && access(path, F_OK) != 0) {
		free(path); /* the fetchers of all providers may share one */
		path = in_folder(bus->certificate, name, 5);
	}
	return path;
}

enum status curve_hub_key(const struct curve *curve, char key[static KEY_TEXT_SIZE], struct err *err)
{
	const char *slash = strrchr(curve->certificate, '/');
	int folder = slash ? (int)(slash - curve->certificate) + 1 : 0;
	struct certificate hub;
	char *path;
	enum status status;

	if (curve->server_key) {
		memcpy(key, curve->server_key, KEY_TEXT_SIZE);
		return OK;
	}
	if (asprintf(&path, "%.*shub.cert", folder, curve->certificate) < 0) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	status = cert_read(path, &hub, err);
	free(path);
	if (status != OK) {
		return err_append(err, "; bus.curve.server_key names the hub's public key");
	}
	memcpy(key, hub.public_key, KEY_TEXT_SIZE);
	return OK;
}

static enum status read_own(const struct curve *curve, struct certificate *own, struct err *err)
{
	enum status status = cert_read(curve->certificate, own, err);

	if (status == OK && !own->secret_key[0]) {
		status = err_set(err, ERR_DATA,
				 "%s is a public certificate: this process needs the secret one, which ends "
				 "in _secret",
				 curve->certificate);
	}
	return status == OK ? OK : err_prefix(err, "bus.curve.certificate");
}

static enum status set_key(void *socket, int option, const char *key, struct err *err)
{
	return zmq_setsockopt(socket, option, key, KEY_TEXT_SIZE) == 0
		       ? OK
		       : err_set(err, ERR_CONFIG, "bus.curve: %s", zmq_strerror(errno));
}

static enum status dress(const struct curve *curve, void *socket, struct err *err)
{
	struct certificate own;
	char hub[KEY_TEXT_SIZE];
	enum status status = read_own(curve, &own, err);

	if (status == OK) {
		status = curve_hub_key(curve, hub, err);
	}
	if (status == OK && socket) {
		status = set_key(socket, ZMQ_CURVE_SERVERKEY, hub, err);
	}
	if (status == OK && socket) {
		status = set_key(socket, ZMQ_CURVE_PUBLICKEY, own.public_key, err);
	}
	if (status == OK && socket) {
		status = set_key(socket, ZMQ_CURVE_SECRETKEY, own.secret_key, err);
	}
	explicit_bzero(own.secret_key, sizeof own.secret_key);
	return status;
}

enum status curve_init(struct curve *curve, const struct bus_config *bus, struct err *err)
{
	*curve = (struct curve){0};
	if (!bus->certificate) {
		return OK;
	}
	curve->certificate = curve_certificate_path(bus, bus->who ? bus->who : "admin");
	curve->server_key = bus->server_key ? strdup(bus->server_key) : NULL;
	if (!curve->certificate || (bus->server_key && !curve->server_key)) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	/* Files that are wrong from the beginning are an operator's; later ones may be in the middle of a
	 * change. */
	if (dress(curve, NULL, err) != OK) {
		return err->status = ERR_CONFIG;
	}
	return OK;
}

void curve_fini(struct curve *curve)
{
	free(curve->certificate);
	free(curve->server_key);
	*curve = (struct curve){0};
}

enum status curve_dress(const struct curve *curve, void *socket, struct err *err)
{
	return curve->certificate ? dress(curve, socket, err) : OK;
}

/* SPDX-License-Identifier: MIT */
#include "common/certificate.h"
#include "common/config_file.h"

#include <czmq.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 65536

static const struct {
	const char *word;
	enum role role;
} words[] = {
	{"fetch", ROLE_FETCH},
	{"tap", ROLE_TAP},
	{"admin", ROLE_ADMIN},
	{"hub", ROLE_HUB},
};

enum status role_read(const char *text, enum role *role, const char **name, struct err *err)
{
	*name = "";
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(text, words[i].word) == 0) {
			*role = words[i].role;
			return OK;
		}
	}
	if (strncmp(text, "sink:", 5) == 0 && text[5] && strlen(text) <= ROLE_TEXT_MAX &&
	    !strpbrk(text, "\"\r\n")) {
		*role = ROLE_SINK;
		*name = text + 5;
		return OK;
	}
	return err_set(err, ERR_DATA, "\"%.60s\" is no role: choose fetch, sink:NAME, tap, admin or hub",
		       text);
}

const char *cert_sink(const struct certificate *certificate)
{
	return certificate->role == ROLE_SINK ? certificate->role_text + 5 : "";
}

bool key_is_valid(const char *text)
{
	uint8_t bytes[32];

	return strlen(text) == KEY_TEXT_SIZE - 1 && zmq_z85_decode(bytes, text) != NULL;
}

static enum status take_key(zconfig_t *root, const char *path, const char *key, bool needed,
			    char out[static KEY_TEXT_SIZE], struct err *err)
{
	const char *text = zconfig_get(root, key, "");

	out[0] = '\0';
	if (!*text && !needed) {
		return OK;
	}
	if (!key_is_valid(text)) {
		return err_set(err, ERR_DATA, "%s is no certificate: it has no %s of 40 characters", path,
			       strrchr(key, '/') + 1);
	}
	memcpy(out, text, KEY_TEXT_SIZE);
	return OK;
}

/* Only the hub asks for one. */
static enum status take_role(zconfig_t *root, const char *path, struct certificate *certificate,
			     struct err *err)
{
	const char *text = zconfig_get(root, "/metadata/role", ""), *name;

	if (*text && role_read(text, &certificate->role, &name, err) != OK) {
		return err_prefix(err, "%s", path);
	}
	snprintf(certificate->role_text, sizeof certificate->role_text, "%s", text);
	return OK;
}

enum status cert_parse(const char *text, const char *path, struct certificate *certificate, struct err *err)
{
	zconfig_t *root = *text ? zconfig_str_load(text) : NULL;
	enum status status;

	*certificate = (struct certificate){0};
	if (!root) {
		return err_set(err, ERR_DATA, "%s is no certificate", path);
	}
	status = take_key(root, path, "/curve/public-key", true, certificate->public_key, err);
	if (status == OK) {
		status = take_key(root, path, "/curve/secret-key", false, certificate->secret_key, err);
	}
	if (status == OK) {
		status = take_role(root, path, certificate, err);
	}
	zconfig_destroy(&root);
	return status;
}

enum status cert_read(const char *path, struct certificate *certificate, struct err *err)
{
	char *text = NULL;
	size_t size = 0;
	enum status status = file_read(path, FILE_MAX, &text, &size, err);

	if (status != OK) {
		return err_prefix(err, "%s", path);
	}
	status = cert_parse(strlen(text) == size ? text : "", path, certificate, err);
	explicit_bzero(text, size);
	free(text);
	return status;
}

/* Without `$`, so that the public key may stand in a configuration as it is. */
enum status cert_draw(struct certificate *certificate, struct err *err)
{
	if (!zmq_has("curve")) {
		return err_set(err, ERR_CONFIG,
			       "this libzmq was built without CURVE: install one that has libsodium");
	}
	do {
		if (zmq_curve_keypair(certificate->public_key, certificate->secret_key) != 0) {
			return err_sys(err, "no keys");
		}
	} while (strchr(certificate->public_key, '$'));
	return OK;
}

static enum status write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, text, size);

		if (written < 0) {
			return ERR_SYS;
		}
		text += written;
		size -= (size_t)written;
	}
	return fsync(fd) == 0 ? OK : ERR_SYS;
}

static enum status write_half(const struct certificate *certificate, const char *path, bool secret,
			      struct err *err)
{
	char text[ROLE_TEXT_MAX + 512];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), size;
	enum status status;

	if (fd == -1) {
		return errno == EEXIST ? err_set(err, ERR_CONFIG,
						 "%s is there already: remove it first, or choose "
						 "another name",
						 path)
				       : err_sys(err, "%s", path);
	}
	size = snprintf(text, sizeof text,
			"#   %s\n"
			"metadata\n    role = \"%s\"\ncurve\n    public-key = \"%s\"\n",
			secret ? "Secret: for the process alone that is this one."
			       : "Public: for whoever talks to it.",
			certificate->role_text, certificate->public_key);
	if (secret) {
		size += snprintf(text + size, sizeof text - (size_t)size, "    secret-key = \"%s\"\n",
				 certificate->secret_key);
	}
	status = write_all(fd, text, (size_t)size);
	if (status != OK) {
		err_sys(err, "%s", path);
		unlink(path);
	}
	close(fd);
	return status;
}

enum status cert_write(const struct certificate *certificate, const char *path, struct err *err)
{
	char *secret = zsys_sprintf("%s_secret", path);
	enum status status = write_half(certificate, secret, true, err);

	if (status == OK && (status = write_half(certificate, path, false, err)) != OK) {
		unlink(secret);
	}
	freen(secret);
	return status;
}

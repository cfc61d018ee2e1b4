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

/* The value of the line `name = "value"`, quoted in either way or not at all; false: there is none, or it is
 * too long. zconfig would say on stdout what it can't read. */
static bool find_value(const char *text, const char *name, char *out, size_t size)
{
	for (const char *line = text; line; line = strchr(line, '\n'), line += line ? 1 : 0) {
		const char *at = line + strspn(line, " \t"), *end;

		if (strncmp(at, name, strlen(name)) != 0) {
			continue;
		}
		at += strlen(name);
		at += strspn(at, " \t");
		if (*at++ != '=') {
			continue;
		}
		at += strspn(at, " \t");
		end = *at == '"' || *at == '\'' ? strchr(at + 1, *at) : at + strcspn(at, " \t\r\n#");
		at += *at == '"' || *at == '\'';
		if (!end || (size_t)(end - at) >= size || memchr(at, '\n', (size_t)(end - at))) {
			return false;
		}
		snprintf(out, size, "%.*s", (int)(end - at), at);
		return true;
	}
	return false;
}

static enum status take_key(const char *text, const char *path, const char *name, bool needed,
			    char out[static KEY_TEXT_SIZE], struct err *err)
{
	bool found = find_value(text, name, out, KEY_TEXT_SIZE);

	if (found ? key_is_valid(out) : !needed && !strstr(text, name)) {
		return OK;
	}
	out[0] = '\0';
	return err_set(err, ERR_DATA, "%s is no certificate: it has no %s of 40 characters", path, name);
}

/* Only the hub asks for one. */
static enum status take_role(const char *text, const char *path, struct certificate *certificate,
			     struct err *err)
{
	const char *name;

	if (find_value(text, "role", certificate->role_text, sizeof certificate->role_text) &&
	    role_read(certificate->role_text, &certificate->role, &name, err) != OK) {
		return err_prefix(err, "%s", path);
	}
	return OK;
}

enum status cert_parse(const char *text, const char *path, struct certificate *certificate, struct err *err)
{
	enum status status;

	*certificate = (struct certificate){0};
	status = take_key(text, path, "public-key", true, certificate->public_key, err);
	if (status == OK) {
		status = take_key(text, path, "secret-key", false, certificate->secret_key, err);
	}
	return status == OK ? take_role(text, path, certificate, err) : status;
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

enum status cert_publish(const struct certificate *certificate, const char *path, struct err *err)
{
	char *fresh = zsys_sprintf("%s~", path); /* no certificate for whoever reads the folder */
	enum status status;

	unlink(fresh);
	status = write_half(certificate, fresh, false, err);
	if (status == OK && rename(fresh, path) != 0) {
		status = err_sys(err, "%s", path);
		unlink(fresh);
	}
	freen(fresh);
	return status;
}

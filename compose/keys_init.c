/* `buildbus keys init`: a whole bus's certificates, a folder for each service, as containers mount them. */
/* SPDX-License-Identifier: MIT */
#include "common/certificate.h"
#include "common/config.h"
#include "compose/command.h"
#include "compose/keys.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HUB_SERVICE "normalizer"

struct issue {
	const char *dir;
	struct certificate hub; /* its public half */
	int kept, made;
};

static enum status path_in(char path[static PATH_MAX], struct err *err, const char *format, ...) PRINTF(3, 4);

static enum status path_in(char path[static PATH_MAX], struct err *err, const char *format, ...)
{
	va_list values;
	int size;

	va_start(values, format);
	size = vsnprintf(path, PATH_MAX, format, values);
	va_end(values);
	return size < PATH_MAX ? OK : err_set(err, ERR_CONFIG, "--dir: the path is too long");
}

static enum status make_folder(const char *path, struct err *err)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ? OK : err_sys(err, "%s", path);
}

/* What is there may be half of a pair, of an init that was killed: such a pair is drawn anew. */
static enum status draw(struct issue *issue, const char *path, const char *role, struct certificate *out,
			struct err *err)
{
	char secret[PATH_MAX];
	enum status status = path_in(secret, err, "%s_secret", path);

	if (status != OK) {
		return status;
	}
	if (cert_read(secret, out, err) == OK && out->secret_key[0] && strcmp(out->role_text, role) == 0) {
		issue->kept++;
		return OK;
	}
	unlink(secret);
	unlink(path);
	*out = (struct certificate){0};
	snprintf(out->role_text, sizeof out->role_text, "%s", role);
	status = cert_draw(out, err);
	if (status == OK) {
		status = cert_write(out, path, err);
	}
	if (status == OK) {
		issue->made++;
		printf("%s: a new certificate, role %s\n", secret, role);
	}
	return status;
}

/* Writes only where another one, or none, is: the hub may be reading. */
static enum status publish(const struct certificate *certificate, const char *path, struct err *err)
{
	struct certificate there;
	struct err ignored;

	if (cert_read(path, &there, &ignored) == OK &&
	    strcmp(there.public_key, certificate->public_key) == 0 &&
	    strcmp(there.role_text, certificate->role_text) == 0) {
		return OK;
	}
	return cert_publish(certificate, path, err);
}

/* One process's pair in the folder of its service, the hub's public half beside it, its own at the hub. */
static enum status give(struct issue *issue, const char *service, const char *name, const char *role,
			struct err *err)
{
	struct certificate own = {0};
	char folder[PATH_MAX], path[PATH_MAX];
	enum status status = path_in(folder, err, "%s/%s", issue->dir, service);

	if (status == OK && (status = make_folder(folder, err)) == OK) {
		status = path_in(path, err, "%s/%s.cert", folder, name);
	}
	if (status == OK && (status = draw(issue, path, role, &own, err)) == OK) {
		status = publish(&own, path, err);
	}
	explicit_bzero(own.secret_key, sizeof own.secret_key);
	if (strcmp(role, "hub") == 0) {
		issue->hub = own;
		return status;
	}
	if (status == OK && (status = path_in(path, err, "%s/hub.cert", folder)) == OK) {
		status = publish(&issue->hub, path, err);
	}
	if (status == OK) {
		status = path_in(path, err, "%s/" HUB_SERVICE "/clients/%s.cert", issue->dir, name);
	}
	return status == OK ? publish(&own, path, err) : status;
}

static enum status give_section(struct issue *issue, const struct config_section *section, struct err *err)
{
	char service[PATH_MAX], name[PATH_MAX], role[ROLE_TEXT_MAX + 1];
	bool sink = section->side == SECTION_DESTINATION;
	enum status status = path_in(service, err, "%s-%s", sink ? "sink" : "fetch", section->kind);

	if (status == OK) {
		status = path_in(name, err, "%s-%s", sink ? "sink" : "fetch",
				 sink ? section->name : section->kind);
	}
	snprintf(role, sizeof role, "%s%s", sink ? "sink:" : "fetch", sink ? section->name : "");
	return status == OK ? give(issue, service, name, role, err) : status;
}

/* The command is used in the hub's container, so its certificate lies there. */
static enum status give_hub(struct issue *issue, struct err *err)
{
	char clients[PATH_MAX];
	enum status status = give(issue, HUB_SERVICE, "hub", "hub", err);

	if (status == OK) {
		status = path_in(clients, err, "%s/" HUB_SERVICE "/clients", issue->dir);
	}
	if (status == OK) {
		status = make_folder(clients, err);
	}
	return status == OK ? give(issue, HUB_SERVICE, "admin", "admin", err) : status;
}

static int give_all(struct issue *issue, const struct config *config)
{
	struct err err = {0};
	enum status status = make_folder(issue->dir, &err);

	if (status == OK) {
		status = give_hub(issue, &err);
	}
	for (size_t i = 0; status == OK && i < config->section_count; i++) {
		status = give_section(issue, &config->sections[i], &err);
	}
	if (status != OK) {
		return command_fail(EXIT_REFUSED, "keys init: %s", err.text);
	}
	printf("%d certificates made, %d there already\n", issue->made, issue->kept);
	return EXIT_DONE;
}

int keys_init(const struct keys_options *options)
{
	struct issue issue = {.dir = options->dir ? options->dir : "certs"};
	struct config config = {0};
	struct err err;
	int code = config_load(&config, options->config_file, &err) == OK ? give_all(&issue, &config)
									  : command_fail_err(&err);

	config_fini(&config);
	return code;
}

/* `buildbus keys`: makes certificates, and shows whom the hub admits. */
/* SPDX-License-Identifier: MIT */
#include "compose/keys.h"
#include "common/certificate.h"
#include "common/config.h"
#include "common/config_problems.h"
#include "compose/command.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is pasted into a configuration is seen from its folder: `place` is the folder's part of a path, "" or
 * "certs/". */
static void explain_hub(const char *place, const char *name, const char *public_key)
{
	printf("%s%s.cert_secret  stays with the hub, which names it in its configuration, as seen from "
	       "that\n"
	       "file's folder, beside a folder (mkdir clients) for the .cert of each client:\n"
	       "    bus:\n      curve: {certificate: \"%s%s.cert_secret\", clients_dir: ./clients}\n"
	       "%s%s.cert  goes to each client, as hub.cert beside its own certificate; or the client "
	       "writes\n"
	       "    server_key: '%s'\n",
	       place, name, place, name, place, name, public_key);
}

static void explain_client(const char *place, const char *name, const char *role)
{
	printf("%s%s.cert_secret  goes to the process with the role %s alone, which names it in its "
	       "configuration, as seen from that file's folder:\n"
	       "    bus:\n      curve: {certificate: \"%s%s.cert_secret\", server_key_file: "
	       "\"%shub.cert\"}\n"
	       "%s%s.cert  goes into the folder that the hub's bus.curve.clients_dir names; then tell the "
	       "hub:\n"
	       "    kill -HUP $(pidof buildbus-normalizer)\n",
	       place, name, role, place, name, place, place, name);
}

static void explain(const struct keys_options *options, const char *name,
		    const struct certificate *certificate)
{
	size_t size = options->dir ? strlen(options->dir) : 0;
	bool slash = size > 0 && options->dir[size - 1] != '/';
	char *place;

	if (asprintf(&place, "%s%s", size > 0 ? options->dir : "", slash ? "/" : "") < 0) {
		return;
	}
	printf("wrote %s%s.cert_secret and %s%s.cert\n\n", place, name, place, name);
	if (certificate->role == ROLE_HUB) {
		explain_hub(place, name, certificate->public_key);
	} else {
		explain_client(place, name, options->role);
	}
	free(place);
}

static enum status write_pair(const struct keys_options *options, const char *name,
			      struct certificate *certificate, struct err *err)
{
	char *path;
	enum status status;

	if (asprintf(&path, "%s/%s.cert", options->dir ? options->dir : ".", name) < 0) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	status = cert_draw(certificate, err);
	if (status == OK) {
		status = cert_write(certificate, path, err);
	}
	explicit_bzero(certificate->secret_key, sizeof certificate->secret_key);
	free(path);
	return status;
}

static int new_pair(const struct keys_options *options, const char *name)
{
	struct certificate certificate = {0};
	const char *sink;
	struct err err;

	if (!name || !*name || strchr(name, '/')) {
		return command_fail(EXIT_USAGE,
				    "keys new: needs a NAME without a slash: the files are NAME.cert and "
				    "NAME.cert_secret");
	}
	if (!options->role) {
		return command_fail(EXIT_USAGE,
				    "keys new %s: needs --role: fetch, sink:NAME, tap, admin or hub", name);
	}
	if (role_read(options->role, &certificate.role, &sink, &err) != OK) {
		return command_fail(EXIT_USAGE, "keys new %s: --role %s", name, err.text);
	}
	snprintf(certificate.role_text, sizeof certificate.role_text, "%s", options->role);
	if (write_pair(options, name, &certificate, &err) != OK) {
		return command_fail(EXIT_REFUSED, "keys new %s: %s", name, err.text);
	}
	explain(options, name, &certificate);
	return EXIT_DONE;
}

/* 0: it admits whoever has its secret half. */
static int show(const char *folder, const char *file)
{
	struct certificate certificate = {0};
	struct err err = {0};
	char *path;
	bool good;

	if (asprintf(&path, "%s/%s", folder, file) < 0) {
		return 1;
	}
	good = cert_read(path, &certificate, &err) == OK && certificate.role != ROLE_NONE;
	if (good) {
		printf("%-24s %-24s %s\n", file, certificate.role_text, certificate.public_key);
	} else {
		printf("%-24s %-24s %s\n", file, "-", *err.text ? err.text : "has no role: it admits nobody");
	}
	explicit_bzero(certificate.secret_key, sizeof certificate.secret_key);
	free(path);
	return !good;
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && entry->d_name[strlen(entry->d_name) - 1] != '~';
}

static int list_folder(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_shown, alphasort), bad = 0;

	if (count < 0) {
		return command_fail(EXIT_USAGE, "keys list: bus.curve.clients_dir %s can't be read", folder);
	}
	printf("%-24s %-24s %s\n", "FILE", "ROLE", "PUBLIC KEY");
	for (int i = 0; i < count; i++) {
		bad += show(folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return bad ? EXIT_REFUSED : EXIT_DONE;
}

static int list(const struct keys_options *options)
{
	struct config config = {0};
	struct err err;
	int code;

	if (config_load(&config, options->config_file, &err) != OK) {
		code = command_fail_err(&err);
	} else if (!config.bus.clients_dir) {
		code = command_fail(EXIT_USAGE, "keys list: %s names no bus.curve.clients_dir", config.path);
	} else {
		code = list_folder(config.bus.clients_dir);
	}
	config_fini(&config);
	return code;
}

static int keys_main(const void *given, char *const *operands)
{
	const struct keys_options *options = given;
	struct nearest nearest = {.word = operands[0]};
	struct err err;

	if (!operands[0]) {
		return command_fail(EXIT_USAGE,
				    "keys: say new NAME, init, or list (see buildbus keys --help)");
	}
	if (strcmp(operands[0], "list") == 0 && !operands[1]) {
		return list(options);
	}
	if (strcmp(operands[0], "init") == 0 && !operands[1]) {
		return keys_init(options);
	}
	if (strcmp(operands[0], "new") == 0 && (!operands[1] || !operands[2])) {
		return new_pair(options, operands[1]);
	}
	if (strcmp(operands[0], "new") == 0 || strcmp(operands[0], "init") == 0 ||
	    strcmp(operands[0], "list") == 0) {
		return command_fail(EXIT_USAGE, "keys %s: too many arguments", operands[0]);
	}
	nearest_offer(&nearest, "new", 3);
	nearest_offer(&nearest, "init", 4);
	nearest_offer(&nearest, "list", 4);
	command_unknown(&err, "no such subcommand", &nearest);
	return command_fail(EXIT_USAGE, "keys: %s (see buildbus keys --help)", err.text);
}

static const struct option_row keys_rows[] = {
	{"role", 'r', OPTION_TEXT, offsetof(struct keys_options, role), "ROLE",
	 "fetch, sink:NAME, tap, admin, or hub for the hub's own", 0, 0},
	{"dir", 'd', OPTION_TEXT, offsetof(struct keys_options, dir), "FOLDER",
	 "where to write (default: here)", 0, 0},
	OPTION_CONFIG_FILE(struct keys_options, config_file),
	OPTION_END,
};

const struct command keys_command = {
	.name = "keys",
	.summary = "make certificates for the bus, list those that the hub admits",
	.operands = "new NAME --role ROLE | init | list",
	.options = keys_rows,
	.options_size = sizeof(struct keys_options),
	.notes = "new writes NAME.cert, which is public, and NAME.cert_secret, and says where they go; init "
		 "makes\n"
		 "what is missing for each process of the configuration, in FOLDER/<its service>; list shows "
		 "what\n"
		 "lies in bus.curve.clients_dir. docs/operations.md has the steps, rotation included.\n",
	.exits = "  0  done\n"
		 "  1  a file is there already or can't be written; list: a file admits nobody\n"
		 "  2  the command line or the configuration can't be used\n",
	.example = "buildbus keys new sink-store --role sink:store",
	.run = keys_main,
};

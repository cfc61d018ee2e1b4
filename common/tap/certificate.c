/* SPDX-License-Identifier: MIT */
#include "common/tap/certificate.h"

#include <stdio.h>
#include <string.h>

/* `    public-key = "…40 characters…"`; out stays as it is on another line. */
static void read_key(const char *line, const char *name, char out[static 41])
{
	line += strspn(line, " \t");
	if (strncmp(line, name, strlen(name)) != 0) {
		return;
	}
	line += strlen(name);
	line += strspn(line, " \t");
	line += *line == '=';
	line += strspn(line, " \t");
	line += *line == '"'; /* no more: a key may begin with = */
	if (strcspn(line, "\"\r\n") == 40) {
		memcpy(out, line, 40);
		out[40] = '\0';
	}
}

enum status certificate_read(const char *path, char public_key[static 41], char secret_key[static 41],
			     struct err *err)
{
	FILE *file = fopen(path, "re");
	char line[256];

	if (!file) {
		err_sys(err, "certificate %s", path);
		return err->status = ERR_CONFIG;
	}
	*public_key = *secret_key = '\0';
	while (fgets(line, sizeof line, file)) {
		read_key(line, "public-key", public_key);
		read_key(line, "secret-key", secret_key);
	}
	fclose(file);
	return *public_key && *secret_key
		       ? OK
		       : err_set(err, ERR_CONFIG,
				 "%s is no secret certificate: `buildbus keys new` makes one", path);
}

/* SPDX-License-Identifier: MIT */
#include "common/folder.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum status folder_make(const char *path, struct err *err)
{
	char *copy = strdup(path);
	bool made = copy != NULL;

	for (char *slash = copy ? strchr(copy + 1, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		made = made && (mkdir(copy, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	made = made && (mkdir(copy, 0700) == 0 || errno == EEXIST);
	free(copy);
	return made ? OK
		    : err_set(err, ERR_CONFIG,
			      "state_dir %s can't be made: %s: create it, or name another in bus.state_dir",
			      path, strerror(errno));
}

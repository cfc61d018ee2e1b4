/* SPDX-License-Identifier: MIT */
#include "common/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fills text up to size bytes or the end of the file; what was read, or -1 with errno. */
static ssize_t read_up_to(int fd, char *text, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t got = read(fd, text + used, size - used);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return -1;
		}
		if (got == 0) {
			break;
		}
		used += (size_t)got;
	}
	return (ssize_t)used;
}

enum status file_read(const char *path, size_t max, char **out, size_t *out_size, struct err *err)
{
	char *text = malloc(max + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 || !text ? -1 : read_up_to(fd, text, max + 1);
	enum status status = OK;

	if (!text) {
		status = err_set(err, ERR_SYS, "out of memory");
	} else if (size < 0) {
		status = err_set(err, ERR_CONFIG, "can't be read: %s", strerror(errno));
	} else if ((size_t)size > max) {
		status = err_set(err, ERR_CONFIG, "is too long, at most %zu KiB", max / 1024);
	}
	if (fd >= 0) {
		close(fd);
	}
	if (status) {
		free(text);
		return status;
	}
	text[size] = '\0';
	*out = text;
	*out_size = (size_t)size;
	return OK;
}

char *file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *named = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	char *folder = named ? realpath(named, NULL) : NULL;

	free(named);
	return folder;
}

/* Appends one part of a path to out, which has room for it. */
static void step(char *out, const char *part, size_t len)
{
	char *end;

	if (len == 0 || (len == 1 && part[0] == '.')) {
		return;
	}
	if (len == 2 && part[0] == '.' && part[1] == '.') {
		end = strrchr(out, '/');
		if (end) {
			*end = '\0';
		}
		return;
	}
	end = out + strlen(out);
	*end++ = '/';
	memcpy(end, part, len);
	end[len] = '\0';
}

static void walk_path(char *out, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		step(out, path, len);
		path += len + (path[len] == '/');
	}
}

char *path_resolve(const char *folder, const char *path)
{
	char *out = calloc(1, strlen(folder) + strlen(path) + 3);

	if (!out) {
		return NULL;
	}
	if (path[0] != '/') {
		walk_path(out, folder);
	}
	walk_path(out, path);
	if (!*out) {
		out[0] = '/';
	}
	return out;
}

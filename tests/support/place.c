/* SPDX-License-Identifier: MIT */
#include "tests/support/place.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place *place_new(void)
{
	struct place *place = calloc(1, sizeof *place);
	char folder[] = "/tmp/buildbus-test-XXXXXX";

	cr_assert(place && mkdtemp(folder), "no temporary folder");
	place->folder = strdup(folder);
	cr_assert_gt(asprintf(&place->state, "%s/state", folder), 0);
	cr_assert_gt(asprintf(&place->config, "%s/buildbus.yml", folder), 0);
	return place;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
	(void)info, (void)kind, (void)ftw;
	return remove(path);
}

void place_free(struct place **place)
{
	if (!*place) {
		return;
	}
	if (has_failed()) {
		fprintf(stderr, "%s stays for you to look at\n", (*place)->folder);
	} else {
		nftw((*place)->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	}
	free((*place)->folder);
	free((*place)->state);
	free((*place)->config);
	free(*place);
	*place = NULL;
}

const char *place_path(const struct place *place, const char *name)
{
	static char paths[8][PATH_MAX];
	static int next;
	char *path = paths[next++ % 8];

	snprintf(path, PATH_MAX, "%s/%s", place->folder, name);
	return path;
}

void place_write(const struct place *place, const char *name, const char *format, ...)
{
	FILE *file = fopen(place_path(place, name), "we");
	va_list args;

	cr_assert(file, "%s can't be written", name);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	cr_assert_eq(fclose(file), 0, "%s can't be written", name);
}

char *place_read(const struct place *place, const char *name, size_t *size)
{
	int fd = open(place_path(place, name), O_RDONLY | O_CLOEXEC);
	struct stat info;
	char *bytes;
	ssize_t got;

	*size = 0;
	if (fd < 0) {
		return NULL;
	}
	cr_assert_eq(fstat(fd, &info), 0);
	bytes = calloc(1, (size_t)info.st_size + 1);
	got = read(fd, bytes, (size_t)info.st_size);
	cr_assert_eq(got, info.st_size);
	close(fd);
	*size = (size_t)got;
	return bytes;
}

int place_sh(const struct place *place, const char *format, ...)
{
	char *command, *whole;
	va_list args;
	int code;

	va_start(args, format);
	cr_assert_gt(vasprintf(&command, format, args), 0);
	va_end(args);
	cr_assert_gt(asprintf(&whole, "cd '%s' && { %s; } >said 2>&1", place->folder, command), 0);
	code = system(whole);
	free(command);
	free(whole);
	return code;
}

int free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	return ntohs(address.sin_port);
}

/* SPDX-License-Identifier: MIT */
#include "compose/sync_folder.h"
#include "common/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "buildbus-sync."

enum { LOCK_AGAIN_MS = 100, SWEEP_AGE_S = 60 };

/* Of a folder: its lock; -1: errno says why there is none. */
static int open_lock(const char *folder)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/sync.lock", folder) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	/* Our processes inherit it: if we are killed, the lock lasts until the last of them has ended. */
	return open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
}

/* Our own processes made everything in it: files and sockets, no folders. */
static void remove_all(const char *path)
{
	DIR *list = opendir(path);
	struct dirent *entry;

	while (list && (entry = readdir(list))) {
		unlinkat(dirfd(list), entry->d_name, 0);
	}
	if (list) {
		closedir(list);
	}
	rmdir(path);
}

/* Left by a run that was killed: nobody holds its lock. A young one may not be locked yet. */
static void sweep_one(const char *path)
{
	struct stat info;
	int fd;

	if (lstat(path, &info) == -1 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid() ||
	    time(NULL) - info.st_mtime < SWEEP_AGE_S) {
		return;
	}
	fd = open_lock(path);
	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		remove_all(path);
	}
	if (fd != -1) {
		close(fd);
	}
}

static void sweep(const char *parent)
{
	DIR *list = opendir(parent);
	struct dirent *entry;
	char path[PATH_MAX];

	while (list && (entry = readdir(list))) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 &&
		    snprintf(path, sizeof path, "%s/%s", parent, entry->d_name) < (int)sizeof path) {
			sweep_one(path);
		}
	}
	if (list) {
		closedir(list);
	}
}

static enum status make_temporary(struct sync_folder *folder, struct err *err)
{
	const char *parent = getenv("TMPDIR");
	char path[PATH_MAX];

	parent = parent && *parent == '/' ? parent : "/tmp";
	sweep(parent);
	snprintf(path, sizeof path, "%s/" PREFIX "XXXXXX", parent);
	if (!mkdtemp(path)) {
		err_sys(err, "%s can't be made: set TMPDIR to a folder that can be written", path);
		return err->status = ERR_CONFIG;
	}
	folder->temporary = true;
	folder->lock_fd = open_lock(path);
	if (folder->lock_fd != -1) {
		flock(folder->lock_fd, LOCK_EX | LOCK_NB); /* only so that nobody sweeps it */
	}
	folder->path = strdup(path);
	return folder->path ? OK : err_set(err, ERR_SYS, "out of memory");
}

static enum status make_lasting(struct sync_folder *folder, const char *state, struct err *err)
{
	if (mkdir(state, 0700) == -1 && errno != EEXIST) {
		err_sys(err, "--state %s can't be made", state);
		return err->status = ERR_CONFIG;
	}
	folder->path = realpath(state, NULL);
	if (!folder->path) {
		err_sys(err, "--state %s", state);
		return err->status = ERR_CONFIG;
	}
	return OK;
}

/* The pid is for whoever waits, or looks. */
static void write_pid(int fd)
{
	char text[16];
	int size = snprintf(text, sizeof text, "%d\n", (int)getpid());

	if (ftruncate(fd, 0) == -1 || pwrite(fd, text, (size_t)size, 0) == -1) {
		return; /* the lock holds without it */
	}
}

static void tell_wait(const struct sync_folder *folder)
{
	char text[16] = "";

	if (pread(folder->lock_fd, text, sizeof text - 1, 0) <= 0) {
		text[0] = '\0';
	}
	text[strcspn(text, "\n")] = '\0';
	fprintf(stderr, "buildbus: another buildbus sync (pid %s) works on %s: waiting for its end\n",
		*text ? text : "unknown", folder->path);
}

static enum status lock(struct sync_folder *folder, int64_t deadline_ms, struct err *err)
{
	bool told = false;

	folder->lock_fd = open_lock(folder->path);
	if (folder->lock_fd == -1) {
		err_sys(err, "--state %s can't be written", folder->path);
		return err->status = ERR_CONFIG;
	}
	while (flock(folder->lock_fd, LOCK_EX | LOCK_NB) == -1) {
		if (now_ms() >= deadline_ms) {
			return err_set(err, ERR_AGAIN,
				       "another buildbus sync still works on %s after the time of --timeout",
				       folder->path);
		}
		if (!told) {
			tell_wait(folder);
			told = true;
		}
		poll(NULL, 0, LOCK_AGAIN_MS);
	}
	write_pid(folder->lock_fd);
	return OK;
}

enum status sync_folder_open(struct sync_folder *folder, const char *state, int64_t deadline_ms,
			     struct err *err)
{
	enum status status;

	*folder = (struct sync_folder){.lock_fd = -1};
	if (!state) {
		return make_temporary(folder, err);
	}
	status = make_lasting(folder, state, err);
	return status == OK ? lock(folder, deadline_ms, err) : status;
}

void sync_folder_close(struct sync_folder *folder)
{
	if (folder->temporary && folder->path) {
		remove_all(folder->path);
	}
	if (folder->lock_fd != -1) {
		close(folder->lock_fd);
	}
	free(folder->path);
	*folder = (struct sync_folder){.lock_fd = -1};
}

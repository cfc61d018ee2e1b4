/* `buildbus backup FILE`: a copy of hub.db as it is at one moment, while the hub runs on. */
/* SPDX-License-Identifier: MIT */
#include "common/config.h"
#include "common/process.h"
#include "compose/command.h"
#include "normalizer/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLICE_PAGES 256 /* 2 MiB */
#define BUSY_MS     5000

struct backup_options {
	const char *config_file;
};

struct backup {
	const char *file;    /* as it was named */
	char part[PATH_MAX]; /* what it is called until it is whole */
	char source[PATH_MAX];
	int fd; /* of part; -1: there is none */
	sqlite3 *from, *to;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

static enum status cant_read(const struct backup *backup, struct err *err)
{
	return err_set(err, ERR_REMOTE, "%s can't be read: %s", backup->source, sqlite3_errmsg(backup->from));
}

static enum status cant_write(const struct backup *backup, struct err *err)
{
	int code = sqlite3_errcode(backup->to), system = sqlite3_system_errno(backup->to);

	if (code == SQLITE_FULL || system == ENOSPC) {
		return err_set(err, ERR_REMOTE,
			       "%s: the disk is full: make room, or name a file on another disk; nothing is "
			       "left of it",
			       backup->file);
	}
	return err_set(err, ERR_REMOTE, "%s can't be written: %s", backup->file,
		       system ? strerror(system) : sqlite3_errmsg(backup->to));
}

/* One that is there stays as it is. What a killed backup left behind is written over. */
static enum status make_part(struct backup *backup, struct err *err)
{
	if (access(backup->file, F_OK) == 0) {
		return err_set(err, ERR_REMOTE, "%s is there already: move it away or choose another name",
			       backup->file);
	}
	if ((size_t)snprintf(backup->part, sizeof backup->part, "%s.part", backup->file) >=
	    sizeof backup->part) {
		return err_set(err, ERR_CONFIG, "%s: the name is too long", backup->file);
	}
	backup->fd = open(backup->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (backup->fd < 0) {
		return err_set(err, ERR_REMOTE, "%s can't be made: %s", backup->part, strerror(errno));
	}
	if (flock(backup->fd, LOCK_EX | LOCK_NB) != 0) {
		close(backup->fd);
		backup->fd = -1;
		return err_set(err, ERR_REMOTE, "%s: another backup writes it now", backup->part);
	}
	return fchmod(backup->fd, 0600) == 0 && ftruncate(backup->fd, 0) == 0
		       ? OK
		       : err_set(err, ERR_REMOTE, "%s: %s", backup->part, strerror(errno));
}

static int64_t ask_int(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *row = NULL;
	int64_t value = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW) {
		value = sqlite3_column_int64(row, 0);
	}
	sqlite3_finalize(row);
	return value;
}

static enum status open_source(struct backup *backup, const struct config *config, struct err *err)
{
	snprintf(backup->source, sizeof backup->source, "%s/hub.db", config->bus.hub_dir);
	if (access(backup->source, F_OK) != 0) {
		return err_set(err, ERR_REMOTE, "there is no %s: no hub has run here yet", backup->source);
	}
	if (sqlite3_open_v2(backup->source, &backup->from, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK) {
		return cant_read(backup, err);
	}
	sqlite3_busy_timeout(backup->from, BUSY_MS);
	if (ask_int(backup->from, "PRAGMA application_id") != DB_APPLICATION_ID) {
		return sqlite3_errcode(backup->from) == SQLITE_OK
			       ? err_set(err, ERR_REMOTE, "%s is not a hub database of buildbus",
					 backup->source)
			       : cant_read(backup, err);
	}
	/* A reader's snapshot: whatever the hub commits meanwhile, the copy is of this moment. */
	return sqlite3_exec(backup->from, "BEGIN; SELECT 1 FROM meta", NULL, NULL, NULL) == SQLITE_OK
		       ? OK
		       : cant_read(backup, err);
}

static enum status copy(struct backup *backup, struct err *err)
{
	sqlite3_backup *slices;
	int code =
		sqlite3_open_v2(backup->part, &backup->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (code != SQLITE_OK) {
		return cant_write(backup, err);
	}
	slices = sqlite3_backup_init(backup->to, "main", backup->from, "main");
	if (!slices) {
		return cant_write(backup, err);
	}
	do {
		code = sqlite3_backup_step(slices, SLICE_PAGES);
	} while (code == SQLITE_OK && !interrupted);
	sqlite3_backup_finish(slices);
	if (interrupted) {
		return err_set(err, ERR_REMOTE, "interrupted: nothing is left of %s", backup->file);
	}
	return code == SQLITE_DONE ? OK : cant_write(backup, err);
}

/* The mark by which a hub knows that it was restored; and one file, without a -wal beside it. */
static const char finish_sql[] = "PRAGMA journal_mode = DELETE;"
				 "INSERT OR REPLACE INTO meta VALUES('" DB_RESTORED "', 1)";

static enum status finish(struct backup *backup, struct err *err)
{
	if (sqlite3_exec(backup->to, finish_sql, NULL, NULL, NULL) != SQLITE_OK) {
		return cant_write(backup, err);
	}
	if (ask_int(backup->to, "SELECT count(*) FROM pragma_quick_check WHERE quick_check <> 'ok'") != 0) {
		return err_set(err, ERR_REMOTE, "%s is damaged, and so would be its copy", backup->source);
	}
	if (fsync(backup->fd) != 0) {
		return err_set(err, ERR_REMOTE, "%s: %s", backup->file, strerror(errno));
	}
	/* Unlike a rename, a link takes no file's place; some file systems have none. */
	if (link(backup->part, backup->file) != 0 &&
	    (errno == EEXIST || rename(backup->part, backup->file) != 0)) {
		return err_set(err, ERR_REMOTE, "%s can't be made: %s", backup->file, strerror(errno));
	}
	return OK;
}

static void sync_folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');
	char *folder = slash ? strndup(file, (size_t)(slash - file) + 1) : strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

static int run(struct backup *backup, const struct config *config)
{
	int64_t began_ms = now_ms(), builds = 0;
	struct err err = {0};
	struct stat info = {0};
	enum status status = open_source(backup, config, &err);

	if (status == OK) {
		status = make_part(backup, &err);
	}
	if (status == OK) {
		status = copy(backup, &err);
	}
	if (status == OK) {
		builds = ask_int(backup->to, "SELECT count(*) FROM build");
		status = finish(backup, &err);
	}
	sqlite3_close(backup->to);
	sqlite3_close(backup->from);
	if (backup->fd >= 0) {
		unlink(backup->part);
		fstat(backup->fd, &info);
		close(backup->fd);
	}
	if (status != OK) {
		return command_fail_err(&err);
	}
	sync_folder_of(backup->file);
	printf("%s: %lld builds, %.1f MiB, in %.1f s (docs/operations.md says how to restore it)\n",
	       backup->file, (long long)builds, (double)info.st_size / (1 << 20),
	       (double)(now_ms() - began_ms) / 1000);
	return EXIT_DONE;
}

static int backup_main(const void *given, char *const *operands)
{
	const struct backup_options *options = given;
	struct backup backup = {.fd = -1};
	struct config config = {0};
	struct err err = {0};
	int code;

	if (!operands[0] || operands[1]) {
		return command_fail(EXIT_USAGE, "backup: name one file that is not there yet");
	}
	backup.file = operands[0];
	signal(SIGXFSZ, SIG_IGN); /* a limit of the shell is told like a full disk */
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	umask(0077);
	code = config_load(&config, options->config_file, &err) == OK ? run(&backup, &config)
								      : command_fail_err(&err);
	config_fini(&config);
	return code;
}

static const struct option_row backup_rows[] = {
	OPTION_CONFIG_FILE(struct backup_options, config_file),
	OPTION_END,
};

const struct command backup_command = {
	.name = "backup",
	.summary = "a consistent copy of hub.db, while everything runs",
	.operands = "FILE",
	.options = backup_rows,
	.options_size = sizeof(struct backup_options),
	.notes =
		"Run it where the normalizer runs, as the same user. FILE is readable for that user alone.\n",
	.exits = "  0  FILE is whole\n"
		 "  1  it could not be made; nothing is left of it\n"
		 "  2  the command line or the configuration can't be used\n",
	.example = "buildbus backup /backup/hub-$(date +%F).db",
	.run = backup_main,
};

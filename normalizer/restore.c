/* Whether this hub.db is a copy that was put back: then it knows less than the sinks and the workers do, and
 * begins a new epoch (docs/decisions/0015-a-restored-hub-begins-anew.md). `buildbus backup` marks its copies.
 * Of a copy made otherwise the file hub.beat tells: the hub counts its beats in both, in hub.db first, so
 * that one with less than the file's is not the one that ran here last. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "normalizer/batch.h"
#include "normalizer/hub.h"
#include "normalizer/upkeep.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static void witness_path(const struct hub *hub, char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/hub.beat", hub->context->config.bus.hub_dir);
}

/* The file, open; -1: a hub that finds none takes its hub.db for a copy, and nothing is lost by that. */
static int write_witness(const struct hub *hub)
{
	char path[PATH_MAX], line[64];
	int fd, size;

	witness_path(hub, path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0) {
		/* Always as long: it is overwritten in place, also on a full disk. */
		size = snprintf(line, sizeof line, "%020" PRId64 " %020" PRId64 "\n", hub->epoch, hub->beat);
		(void)!pwrite(fd, line, (size_t)size, 0);
	}
	return fd;
}

void restore_witness(const struct hub *hub)
{
	int fd = write_witness(hub);

	/* Not synced: an older one that stays is harmless, only a later one tells a copy. */
	if (fd >= 0) {
		close(fd);
	}
}

/* The first one of a start may be of a new epoch, or a new file: if the power took it, everything would be
 * sent once more. */
static void begin_witness(const struct hub *hub)
{
	int fd = write_witness(hub),
	    folder = open(hub->context->config.bus.hub_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!fsync(fd);
		close(fd);
	}
	if (folder >= 0) {
		(void)!fsync(folder);
		close(folder);
	}
}

enum status restore_beat(struct hub *hub, struct err *err)
{
	return db_meta_set(&hub->db, "beat", ++hub->beat, err);
}

/* NULL: it is the one that ran here last. */
static const char *why_restored(const struct hub *hub, int64_t mark)
{
	char path[PATH_MAX];
	int64_t epoch = 0, beat = 0;
	FILE *file;
	int values;

	if (mark) {
		return "it is a backup";
	}
	if (hub->beat == 0) {
		return NULL; /* it is new */
	}
	witness_path(hub, path);
	file = fopen(path, "re");
	values = file ? fscanf(file, "%" SCNd64 " %" SCNd64, &epoch, &beat) : 0;
	if (file) {
		fclose(file);
	}
	if (values != 2) {
		return "there is no hub.beat beside it: it was copied from elsewhere";
	}
	return epoch != hub->epoch ? "hub.beat is of another hub.db"
	       : beat > hub->beat  ? "hub.beat is of a newer hub.db"
				   : NULL;
}

/* Everybody begins anew: workers with new fences where the cursors are, sinks with the newest version of each
 * build. */
static enum status begin_anew(struct hub *hub, struct err *err)
{
	enum status status = load_head(hub, err);

	if (status != OK || (status = db_draw_epoch(&hub->db, err)) != OK ||
	    (status = db_meta_get(&hub->db, "epoch", &hub->epoch, err)) != OK ||
	    (status = db_run(&hub->db, SQL_RESTORE_SINKS, err, "i", hub->head)) != OK ||
	    (status = db_run(&hub->db, SQL_RESTORE_BUILDS, err, "")) != OK ||
	    (status = db_run(&hub->db, SQL_RESTORE_RESEND, err, "")) != OK ||
	    (status = db_run(&hub->db, SQL_RESTORE_DEAD, err, "")) != OK ||
	    (status = db_run(&hub->db, SQL_RESTORE_REPLAY, err, "")) != OK ||
	    (status = db_run(&hub->db, SQL_LEASE_END_ALL, err, "")) != OK ||
	    (status = db_run(&hub->db, SQL_DUE_TARGETS, err, "")) != OK ||
	    (status = db_run(&hub->db, SQL_DUE_BUILDS, err, "")) != OK ||
	    (status = db_meta_set(&hub->db, DB_RESTORED, 0, err)) != OK) {
		return status;
	}
	return db_meta_set(&hub->db, "restored_at", wall_ms(), err);
}

enum status restore_check(struct hub *hub, struct err *err)
{
	int64_t mark = 0;
	const char *why;
	enum status status = db_meta_get(&hub->db, "epoch", &hub->epoch, err);

	if (status != OK || (status = db_meta_get(&hub->db, "beat", &hub->beat, err)) != OK ||
	    (status = db_meta_get(&hub->db, DB_RESTORED, &mark, err)) != OK ||
	    (status = db_run(&hub->db, SQL_BEGIN, err, "")) != OK) {
		return status;
	}
	why = why_restored(hub, mark);
	if (why) {
		log_warn("hub.restored", STR("why", why));
		status = begin_anew(hub, err);
	}
	if (status == OK && (status = restore_beat(hub, err)) == OK &&
	    (status = db_run(&hub->db, SQL_COMMIT, err, "")) == OK) {
		begin_witness(hub);
	}
	return status == OK ? db_meta_get(&hub->db, "restored_at", &hub->restored_at, err) : status;
}

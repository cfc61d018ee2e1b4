/* The id of a build when a pipeline's slug doesn't tell which pipeline it is: after a rename, and when
 * another pipeline has taken the slug over. docs/decisions/0007-a-renamed-pipeline-keeps-its-builds.md has
 * the rules. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/record.h"
#include "normalizer/hub.h"
#include "normalizer/records.h"

#define NAMES_MAX (FORMER_MAX + 1)

/* A pipeline's id without the number, and the target that brought it. */
struct name {
	struct text prefix, target;
};

struct names { /* the one it has now first */
	struct name items[NAMES_MAX];
	size_t count;
};

static struct text kept(struct hub *hub, struct text text)
{
	return (struct text){arena_text(&hub->arena, text.at, text.size), text.size};
}

static struct text prefix_of(struct text id)
{
	const char *slash = memrchr(id.at, '/', id.size);

	return (struct text){id.at, slash ? (size_t)(slash - id.at) : id.size};
}

static enum status names_get(struct hub *hub, struct text pipeline_uid, struct names *names, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_PIPELINE_NAMES, &row, err, "t", pipeline_uid);

	names->count = 0;
	while (status == OK && row && names->count < NAMES_MAX) {
		names->items[names->count++] =
			(struct name){kept(hub, db_text(row, 0)), kept(hub, db_text(row, 1))};
		status = db_next(&hub->db, &row, err);
	}
	db_done(&hub->db, SQL_PIPELINE_NAMES);
	return status;
}

/* What is open can be asked for under the new name only. */
static enum status follow(struct hub *hub, const struct name *old, struct text prefix, struct text target,
			  struct err *err)
{
	char *from = arena_format(&hub->arena, "%.*s", TEXT_FMT(old->prefix));
	char *to = arena_format(&hub->arena, "%.*s", TEXT_FMT(prefix));

	log_info("hub.renamed", STR("from", from), STR("to", to));
	return text_same(old->target, target)
		       ? OK
		       : db_run(&hub->db, SQL_BUILD_MOVE, err, "tt", target, old->target);
}

static enum status note_name(struct hub *hub, const struct names *names, const struct build *build,
			     struct text target, struct err *err)
{
	struct text prefix = prefix_of(build->id);
	enum status status = OK;

	if (names->count > 0 && text_same(names->items[0].prefix, prefix)) {
		return OK;
	}
	if (names->count > 0) {
		status = follow(hub, &names->items[0], prefix, target, err);
	}
	return status == OK ? db_run(&hub->db, SQL_PIPELINE_PUT, err, "ttti", build->pipeline_uid, prefix,
				     target, hub->next)
			    : status;
}

static enum status put_former(struct hub *hub, const struct build *build, const struct names *names,
			      struct former *former, struct err *err)
{
	struct text own = prefix_of(build->id), number = {build->id.at + own.size, build->id.size - own.size};

	for (size_t i = 0; i < names->count && former->count < FORMER_MAX; i++) {
		struct text prefix = names->items[i].prefix;
		struct text *id = &former->ids[former->count];

		if (text_same(prefix, own)) {
			continue;
		}
		*id = text_of(arena_format(&hub->arena, "%.*s%.*s", TEXT_FMT(prefix), TEXT_FMT(number)));
		if (!id->at) {
			return err_set(err, ERR_DATA, "too big: no room left for the build's id");
		}
		former->count++;
	}
	return OK;
}

enum status identity_former(struct hub *hub, const struct build *build, const struct observation *seen,
			    struct former *former, struct err *err)
{
	struct names names;
	enum status status;

	former->count = 0;
	if (!build->pipeline_uid.at || !build->uid.at) {
		return OK;
	}
	status = names_get(hub, build->pipeline_uid, &names, err);
	if (status == OK && !seen->archived) { /* what an old record says is no news */
		status = note_name(hub, &names, build, seen->target, err);
	}
	return status == OK ? put_former(hub, build, &names, former, err) : status;
}

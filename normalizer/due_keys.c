/* The keys that travel with a lease: builds that its visit should ask for. */
/* SPDX-License-Identifier: MIT */
#include "common/wire.h"
#include "normalizer/hub.h"
#include "normalizer/lease.h"
#include "normalizer/records.h"

#define DUE_KEYS_MAX 200
#define LIVE_KEYS_MAX                                                                                        \
	25 /* of a live walk: it must end before the next one is due, under 50 requests a minute */
#define DEAD_KEYS_MAX 5

struct due_key {
	struct text target, key;
};

static struct text keep(struct hub *hub, struct text text)
{
	return (struct text){arena_text(&hub->arena, text.at, text.size), text.size};
}

struct due_keys {
	struct due_key at[DUE_KEYS_MAX];
	uint32_t count;
};

static bool has_key(const struct due_keys *keys, const struct due_key *key)
{
	for (uint32_t i = 0; i < keys->count; i++) {
		if (text_same(keys->at[i].key, key->key) && text_same(keys->at[i].target, key->target)) {
			return true;
		}
	}
	return false;
}

/* Of a live walk: of all targets of its source. */
static enum status add_due_keys(struct hub *hub, const struct lease *lease, enum sql which, uint32_t most,
				struct due_keys *keys, struct err *err)
{
	const char *of = live_is(lease->target) ? lease->source : lease->target;
	sqlite3_stmt *row;
	enum status status =
		db_query(&hub->db, which, &row, err, "tii", text_of(of), wall_ms(), (int64_t)most);

	most = keys->count + most < DUE_KEYS_MAX ? keys->count + most : DUE_KEYS_MAX;
	while (status == OK && row && keys->count < most) {
		struct due_key *at = &keys->at[keys->count];

		*at = (struct due_key){keep(hub, db_text(row, 0)), keep(hub, db_text(row, 1))};
		keys->count += at->target.at && at->key.at && !has_key(keys, at);
		status = db_next(&hub->db, &row, err);
	}
	db_done(&hub->db, which);
	return status;
}

/* Open builds, and those whose last answer could not be read: what was broken on its way may come whole. */
static enum status list_due_keys(struct hub *hub, const struct lease *lease, struct due_keys *keys,
				 struct err *err)
{
	bool live = live_is(lease->target);
	enum status status = live ? add_due_keys(hub, lease, SQL_LIVE_DUE_KEYS, LIVE_KEYS_MAX, keys, err)
				  : add_due_keys(hub, lease, SQL_BUILD_DUE_KEYS, DUE_KEYS_MAX, keys, err);

	if (status != OK || !hub->unread) {
		return status;
	}
	return add_due_keys(hub, lease, live ? SQL_DEAD_LIVE_DUE_KEYS : SQL_DEAD_DUE_KEYS, DEAD_KEYS_MAX,
			    keys, err);
}

/* A key that this visit fails to bring must not make the target due at once, again and again. */
static enum status hand_out(struct hub *hub, const struct lease *lease, const struct due_key *key,
			    struct err *err)
{
	enum status status = db_run(&hub->db, SQL_BUILD_HANDED_OUT, err, "itt",
				    wall_ms() + hub_poll_ms(hub, lease->source), key->target, key->key);

	return status == OK && hub->unread
		       ? db_run(&hub->db, SQL_DEAD_HANDED_OUT, err, "itt", wall_ms(), key->target, key->key)
		       : status;
}

enum status due_keys_put(struct hub *hub, struct wire_head *head, const struct lease *lease, struct err *err)
{
	struct due_keys keys = {.count = 0};
	enum status status = list_due_keys(hub, lease, &keys, err);

	wire_put_array(head, keys.count);
	for (uint32_t i = 0; i < keys.count; i++) {
		const struct due_key *key = &keys.at[i];

		wire_put_text(head, live_is(lease->target) ? live_key(hub, key->target, key->key) : key->key);
		status = status == OK ? hand_out(hub, lease, key, err) : status;
	}
	return status;
}

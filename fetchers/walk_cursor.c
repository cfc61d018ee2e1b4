/* The cursor as bytes: a msgpack map with string keys. Times that are unknown are nil. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/walk.h"

#include "common/schema.h"
#include "common/time.h"

#define CURSOR_VERSION 1
#define CURSOR_DEPTH   4
#define LEG_FIELDS     7

static const struct {
	const char *key;
	size_t offset;
} numbers[] = {
	{"covered_to", offsetof(struct walk, covered_to)},
	{"finished_to", offsetof(struct walk, finished_to)},
	{"covered_from", offsetof(struct walk, covered_from)},
	{"back_from", offsetof(struct walk, back_from)},
	{"count", offsetof(struct walk, count)},
	{"seam", offsetof(struct walk, seam)},
};
#define NUMBERS (sizeof numbers / sizeof numbers[0])

static void put_key(msgpack_packer *packer, const char *key)
{
	msgpack_pack_str_with_body(packer, key, strlen(key));
}

static void put_time(msgpack_packer *packer, int64_t value)
{
	value == WALK_NONE ? msgpack_pack_nil(packer) : msgpack_pack_int64(packer, value);
}

static void put_bool(msgpack_packer *packer, bool value)
{
	value ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
}

static void put_leg(msgpack_packer *packer, int slot, const struct walk_leg *leg)
{
	msgpack_pack_array(packer, LEG_FIELDS);
	msgpack_pack_int(packer, slot);
	put_time(packer, leg->from);
	put_time(packer, leg->to);
	msgpack_pack_int64(packer, leg->page);
	put_time(packer, leg->date);
	put_bool(packer, leg->guessed);
	msgpack_pack_int64(packer, leg->seam);
}

void walk_pack(const struct walk *walk, msgpack_sbuffer *out)
{
	msgpack_packer packer;
	uint32_t open = 0;

	msgpack_packer_init(&packer, out, msgpack_sbuffer_write);
	msgpack_pack_map(&packer, NUMBERS + 4);
	put_key(&packer, "v");
	msgpack_pack_int(&packer, CURSOR_VERSION);
	for (size_t i = 0; i < NUMBERS; i++) {
		put_key(&packer, numbers[i].key);
		put_time(&packer, *(const int64_t *)((const char *)walk + numbers[i].offset));
	}
	put_key(&packer, "bottom");
	put_bool(&packer, walk->bottom);
	put_key(&packer, "filled");
	put_bool(&packer, walk->filled);
	for (int slot = 0; slot < WALK_LEGS; slot++) {
		open += walk->legs[slot].open;
	}
	put_key(&packer, "walk");
	msgpack_pack_array(&packer, open);
	for (int slot = 0; slot < WALK_LEGS; slot++) {
		if (walk->legs[slot].open) {
			put_leg(&packer, slot, &walk->legs[slot]);
		}
	}
}

/* Counts are bounded like times: nothing that is added to them later overflows. */
static bool get_time(const msgpack_object *object, int64_t *out)
{
	if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER && object->via.u64 <= TIME_MAX_MS) {
		*out = (int64_t)object->via.u64;
		return true;
	}
	if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER && object->via.i64 >= TIME_MIN_MS) {
		*out = object->via.i64;
		return true;
	}
	*out = WALK_NONE;
	return object->type == MSGPACK_OBJECT_NIL;
}

static bool get_bool(const msgpack_object *object)
{
	return object->type == MSGPACK_OBJECT_BOOLEAN && object->via.boolean;
}

static bool get_leg(struct walk *walk, const msgpack_object *object)
{
	const msgpack_object *at = object->via.array.ptr;
	struct walk_leg leg = {.open = true};
	int64_t slot;

	if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size < LEG_FIELDS ||
	    !get_time(&at[0], &slot) || !get_time(&at[1], &leg.from) || !get_time(&at[2], &leg.to) ||
	    !get_time(&at[3], &leg.page) || !get_time(&at[4], &leg.date) || !get_time(&at[6], &leg.seam)) {
		return false;
	}
	leg.guessed = get_bool(&at[5]);
	if (slot < 0 || slot >= WALK_LEGS || leg.page < 0 || leg.seam < 0 ||
	    (leg.to == WALK_NONE && (slot >= WALK_BACK || leg.page > 0))) {
		return false;
	}
	walk->legs[slot] = leg;
	return true;
}

static bool get_legs(struct walk *walk, const msgpack_object *object)
{
	bool good = object->type == MSGPACK_OBJECT_ARRAY;

	for (uint32_t i = 0; good && i < object->via.array.size; i++) {
		good = get_leg(walk, &object->via.array.ptr[i]);
	}
	return good;
}

static bool get_number(struct walk *walk, struct text key, const msgpack_object *value)
{
	for (size_t i = 0; i < NUMBERS; i++) {
		if (text_is(key, numbers[i].key)) {
			return get_time(value, (int64_t *)((char *)walk + numbers[i].offset));
		}
	}
	return true; /* a later version's */
}

static bool get_member(struct walk *walk, const msgpack_object_kv *pair, bool *known)
{
	struct text key = {pair->key.via.str.ptr, pair->key.via.str.size};
	int64_t version;

	if (pair->key.type != MSGPACK_OBJECT_STR) {
		return true;
	}
	if (text_is(key, "v")) {
		*known = get_time(&pair->val, &version) && version == CURSOR_VERSION;
		return *known;
	}
	if (text_is(key, "bottom")) {
		walk->bottom = get_bool(&pair->val);
	} else if (text_is(key, "filled")) {
		walk->filled = get_bool(&pair->val);
	} else if (text_is(key, "walk")) {
		return get_legs(walk, &pair->val);
	}
	return get_number(walk, key, &pair->val);
}

static bool get_walk(struct walk *walk, const msgpack_object *map)
{
	bool known = false, good = map->type == MSGPACK_OBJECT_MAP;

	for (uint32_t i = 0; good && i < map->via.map.size; i++) {
		good = get_member(walk, &map->via.map.ptr[i], &known);
	}
	return good && known && walk->count >= 0 && walk->seam >= 0 &&
	       (walk->covered_to == WALK_NONE) == (walk->finished_to == WALK_NONE);
}

enum status walk_unpack(struct walk *walk, struct text cursor, struct err *err)
{
	msgpack_unpacked unpacked;
	enum status status = msgpack_check(cursor.at, cursor.size, CURSOR_DEPTH, err);

	walk_init(walk);
	if (status != OK) {
		return status;
	}
	msgpack_unpacked_init(&unpacked);
	if (msgpack_unpack_next(&unpacked, cursor.at, cursor.size, NULL) != MSGPACK_UNPACK_SUCCESS ||
	    !get_walk(walk, &unpacked.data)) {
		walk_init(walk);
		status = err_set(err, ERR_DATA, "not a cursor of version %d", CURSOR_VERSION);
	}
	msgpack_unpacked_destroy(&unpacked);
	return status;
}

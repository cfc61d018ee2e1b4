/* The cursor as bytes: a msgpack map with string keys. Times that are unknown are nil. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/walk.h"

#include "common/schema.h"
#include "common/time.h"

#define CURSOR_VERSION 2 /* 1 had legs by time alone */
#define CURSOR_DEPTH   5
#define LEG_FIELDS_1   7
#define LEG_FIELDS     10 /* without a sweep */
#define SWEEP_FIELDS   15
#define STRETCH_FIELDS 6
#define ISLAND_FIELDS  7
#define DOUBT_FIELDS   2

static const struct {
	const char *key;
	size_t offset;
} numbers[] = {
	{"covered_to", offsetof(struct walk, covered_to)},
	{"finished_to", offsetof(struct walk, finished_to)},
	{"covered_from", offsetof(struct walk, covered_from)},
	{"back_from", offsetof(struct walk, back_from)},
	{"count", offsetof(struct walk, count)},
	{"looked_at", offsetof(struct walk, looked_at)},
	{"open_size", offsetof(struct walk, open_size)},
	{"seam", offsetof(struct walk, seam)},
	{"edge", offsetof(struct walk, edge)},
	{"deep", offsetof(struct walk, deep)},
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
	msgpack_pack_array(packer, SWEEP_FIELDS);
	msgpack_pack_int(packer, slot);
	put_time(packer, leg->from);
	put_time(packer, leg->to);
	msgpack_pack_int64(packer, leg->page);
	put_time(packer, leg->date);
	put_bool(packer, leg->guessed);
	msgpack_pack_int64(packer, leg->seam);
	msgpack_pack_int64(packer, leg->at);
	msgpack_pack_int64(packer, leg->until);
	msgpack_pack_int64(packer, leg->base);
	msgpack_pack_int64(packer, leg->seen);
	msgpack_pack_int64(packer, leg->low);
	msgpack_pack_int64(packer, leg->high);
	msgpack_pack_int64(packer, leg->sweep);
	msgpack_pack_int64(packer, leg->up ? -leg->missed - 1 : leg->missed);
}

static void put_numbers(msgpack_packer *packer, const int64_t *numbers_of, size_t count)
{
	msgpack_pack_array(packer, count);
	for (size_t i = 0; i < count; i++) {
		put_time(packer, numbers_of[i]);
	}
}

static void put_stretch(msgpack_packer *packer, const struct walk_stretch *stretch)
{
	const int64_t place[] = {stretch->open, stretch->to,   stretch->base,
				 stretch->next, stretch->seen, stretch->end};

	msgpack_pack_array(packer, 1 + stretch->island_count + stretch->doubt_count);
	put_numbers(packer, place, STRETCH_FIELDS);
	for (size_t i = 0; i < stretch->island_count; i++) {
		const struct walk_island *island = &stretch->islands[i];
		const int64_t ends[] = {island->first,      island->last,           island->top.created,
					island->top.number, island->bottom.created, island->bottom.number,
					island->end};

		put_numbers(packer, ends, ISLAND_FIELDS);
	}
	for (size_t i = 0; i < stretch->doubt_count; i++) {
		const int64_t ends[] = {stretch->doubts[i].from, stretch->doubts[i].to};

		put_numbers(packer, ends, DOUBT_FIELDS);
	}
}

void walk_pack(const struct walk *walk, msgpack_sbuffer *out)
{
	msgpack_packer packer;
	bool stretch = walk->stretch.open || walk->stretch.island_count > 0 || walk->stretch.doubt_count > 0;
	uint32_t open = 0;

	msgpack_packer_init(&packer, out, msgpack_sbuffer_write);
	msgpack_pack_map(&packer, NUMBERS + 4 + (stretch ? 1 : 0));
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
	if (stretch) {
		put_key(&packer, "stretch");
		put_stretch(&packer, &walk->stretch);
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

/* Whole pages below the list's top, of a size that the walk asks for. */
static bool is_position(const struct walk_leg *leg)
{
	return leg->until == 0 ||
	       (leg->base >= 0 && leg->base <= leg->at && leg->at < leg->until &&
		leg->until <= leg->at + WALK_PAGE && leg->until % WALK_PAGE == 0 && leg->page == 0);
}

static bool get_sweep(const msgpack_object *at, struct walk_leg *leg)
{
	if (!get_time(&at[0], &leg->seen) || !get_time(&at[1], &leg->low) || !get_time(&at[2], &leg->high) ||
	    !get_time(&at[3], &leg->sweep) || !get_time(&at[4], &leg->missed)) {
		return false;
	}
	leg->up = leg->missed < 0;
	leg->missed = leg->up ? -leg->missed - 1 : leg->missed;
	return leg->seen >= 0 && leg->sweep >= 0 && leg->sweep < INT64_MAX && leg->high < INT64_MAX &&
	       leg->low <= leg->high && (leg->sweep == 0 || (leg->page > 0 && leg->seen > 0 && leg->low > 0));
}

static bool get_leg(struct walk *walk, const msgpack_object *object)
{
	const msgpack_object *at = object->via.array.ptr;
	struct walk_leg leg = {.open = true};
	int64_t slot;

	if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size < LEG_FIELDS_1 ||
	    !get_time(&at[0], &slot) || !get_time(&at[1], &leg.from) || !get_time(&at[2], &leg.to) ||
	    !get_time(&at[3], &leg.page) || !get_time(&at[4], &leg.date) || !get_time(&at[6], &leg.seam)) {
		return false;
	}
	if (object->via.array.size >= LEG_FIELDS &&
	    (!get_time(&at[7], &leg.at) || !get_time(&at[8], &leg.until) || !get_time(&at[9], &leg.base))) {
		return false;
	}
	if (object->via.array.size >= SWEEP_FIELDS && !get_sweep(&at[LEG_FIELDS], &leg)) {
		return false;
	}
	leg.guessed = get_bool(&at[5]);
	if (slot < 0 || slot >= WALK_LEGS || !is_position(&leg) || (leg.until > 0 && slot < WALK_BACK) ||
	    leg.page < 0 || leg.seam < 0 || (leg.to == WALK_NONE && (slot >= WALK_BACK || leg.page > 0))) {
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

static bool get_numbers(const msgpack_object *object, int64_t *out, uint32_t count)
{
	bool good = object->type == MSGPACK_OBJECT_ARRAY && object->via.array.size == count;

	for (uint32_t i = 0; good && i < count; i++) {
		good = get_time(&object->via.array.ptr[i], &out[i]);
	}
	return good;
}

static bool get_island(struct walk_stretch *stretch, const msgpack_object *object)
{
	struct walk_island *island = &stretch->islands[stretch->island_count];
	int64_t ends[ISLAND_FIELDS];

	/* As many as there may be beside all the legs. */
	if (stretch->island_count >= WALK_ISLANDS - 1 || !get_numbers(object, ends, ISLAND_FIELDS) ||
	    ends[0] < 0 || ends[1] < ends[0] || (stretch->island_count > 0 && ends[0] < island[-1].last)) {
		return false;
	}
	*island =
		(struct walk_island){ends[0], ends[1], {ends[2], ends[3]}, {ends[4], ends[5]}, ends[6] != 0};
	stretch->island_count++;
	return true;
}

static bool get_doubt(struct walk_stretch *stretch, const msgpack_object *object)
{
	struct walk_doubt *doubt = &stretch->doubts[stretch->doubt_count];
	int64_t ends[DOUBT_FIELDS];

	if (stretch->doubt_count >= WALK_DOUBTS || !get_numbers(object, ends, DOUBT_FIELDS) ||
	    ends[0] == WALK_NONE || ends[1] <= ends[0]) {
		return false;
	}
	*doubt = (struct walk_doubt){ends[0], ends[1]};
	stretch->doubt_count++;
	return true;
}

static bool get_stretch(struct walk_stretch *stretch, const msgpack_object *object)
{
	int64_t place[STRETCH_FIELDS];
	bool good = object->type == MSGPACK_OBJECT_ARRAY && object->via.array.size > 0 &&
		    get_numbers(&object->via.array.ptr[0], place, STRETCH_FIELDS);

	if (!good || place[1] == WALK_NONE || place[2] < 0 || place[3] < place[2] ||
	    place[3] % WALK_PAGE != 0) {
		return false;
	}
	*stretch = (struct walk_stretch){.open = place[0] != 0,
					 .to = place[1],
					 .base = place[2],
					 .next = place[3],
					 .seen = place[4],
					 .end = place[5]};
	for (uint32_t i = 1; good && i < object->via.array.size; i++) {
		const msgpack_object *at = &object->via.array.ptr[i];

		good = at->type == MSGPACK_OBJECT_ARRAY && at->via.array.size == DOUBT_FIELDS
			       ? get_doubt(stretch, at)
			       : get_island(stretch, at);
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
		*known = get_time(&pair->val, &version) && version >= 1 && version <= CURSOR_VERSION;
		return *known;
	}
	if (text_is(key, "bottom")) {
		walk->bottom = get_bool(&pair->val);
	} else if (text_is(key, "filled")) {
		walk->filled = get_bool(&pair->val);
	} else if (text_is(key, "walk")) {
		return get_legs(walk, &pair->val);
	} else if (text_is(key, "stretch")) {
		return get_stretch(&walk->stretch, &pair->val);
	}
	return get_number(walk, key, &pair->val);
}

static bool get_walk(struct walk *walk, const msgpack_object *map)
{
	bool known = false, good = map->type == MSGPACK_OBJECT_MAP;

	for (uint32_t i = 0; good && i < map->via.map.size; i++) {
		good = get_member(walk, &map->via.map.ptr[i], &known);
	}
	return good && known && walk->count >= 0 && walk->seam >= 0 && walk->deep > 0 &&
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

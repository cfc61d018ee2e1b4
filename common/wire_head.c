/* Heads: writing and reading frame 0. */
/* SPDX-License-Identifier: MIT */
#include "common/schema.h"
#include "common/wire.h"

#define HEAD_DEPTH 8 /* [version, command, [[…]]]: what later versions nest */

void wire_begin(struct wire_head *head, const char *command, uint32_t fields)
{
	msgpack_sbuffer_init(&head->buffer);
	msgpack_packer_init(&head->packer, &head->buffer, msgpack_sbuffer_write);
	msgpack_pack_array(&head->packer, fields + 2);
	msgpack_pack_int64(&head->packer, WIRE_VERSION);
	wire_put_string(head, command);
}

void wire_put_int(struct wire_head *head, int64_t value)
{
	msgpack_pack_int64(&head->packer, value);
}

void wire_put_bool(struct wire_head *head, bool value)
{
	value ? msgpack_pack_true(&head->packer) : msgpack_pack_false(&head->packer);
}

void wire_put_nil(struct wire_head *head)
{
	msgpack_pack_nil(&head->packer);
}

void wire_put_text(struct wire_head *head, struct text text)
{
	if (!text.at) {
		wire_put_nil(head);
		return;
	}
	msgpack_pack_str_with_body(&head->packer, text.at, text.size);
}

void wire_put_string(struct wire_head *head, const char *string)
{
	wire_put_text(head, text_of(string));
}

void wire_put_bytes(struct wire_head *head, struct text bytes)
{
	if (!bytes.at) {
		wire_put_nil(head);
		return;
	}
	msgpack_pack_bin_with_body(&head->packer, bytes.at, bytes.size);
}

void wire_put_array(struct wire_head *head, uint32_t count)
{
	msgpack_pack_array(&head->packer, count);
}

void wire_put_map(struct wire_head *head, uint32_t count)
{
	msgpack_pack_map(&head->packer, count);
}

void wire_put_position(struct wire_head *head, struct position position)
{
	wire_put_array(head, 2);
	wire_put_int(head, position.epoch);
	wire_put_int(head, position.seq);
}

static bool object_int(const msgpack_object *object, int64_t *out)
{
	if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER && object->via.u64 <= INT64_MAX) {
		*out = (int64_t)object->via.u64;
		return true;
	}
	if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
		*out = object->via.i64;
		return true;
	}
	return false;
}

/* Of a str or bin; msgpack-c has no address for an empty one, which isn't null for us. */
static struct text object_text(const msgpack_object *object)
{
	return (struct text){object->via.str.size ? object->via.str.ptr : "", object->via.str.size};
}

enum status wire_read(const struct wire_message *message, struct wire_fields *fields, int64_t *version,
		      struct err *err)
{
	const msgpack_object *head;
	zmq_msg_t *frame = message->frames;
	enum status status;

	*fields = (struct wire_fields){0};
	*version = 0;
	msgpack_unpacked_init(&fields->unpacked);
	if (message->count == 0) {
		return err_set(err, ERR_DATA, "a message without a head");
	}
	status = msgpack_check(zmq_msg_data(frame), zmq_msg_size(frame), HEAD_DEPTH, err);
	if (status != OK) {
		return status;
	}
	if (msgpack_unpack_next(&fields->unpacked, zmq_msg_data(frame), zmq_msg_size(frame), NULL) !=
	    MSGPACK_UNPACK_SUCCESS) {
		return err_set(err, ERR_DATA, "frame 0 is not msgpack");
	}
	head = &fields->unpacked.data;
	if (head->type != MSGPACK_OBJECT_ARRAY || head->via.array.size < 2 ||
	    !object_int(&head->via.array.ptr[0], version) ||
	    head->via.array.ptr[1].type != MSGPACK_OBJECT_STR) {
		return err_set(err, ERR_DATA, "frame 0 is not [version, command, …]");
	}
	fields->command = object_text(&head->via.array.ptr[1]);
	fields->at = head->via.array.ptr + 2;
	fields->count = head->via.array.size - 2;
	return OK;
}

void wire_fields_fini(struct wire_fields *fields)
{
	msgpack_unpacked_destroy(&fields->unpacked);
}

bool wire_int(const struct wire_fields *fields, uint32_t index, int64_t *out)
{
	return index < fields->count && object_int(&fields->at[index], out);
}

bool wire_text(const struct wire_fields *fields, uint32_t index, struct text *out)
{
	const msgpack_object *object = &fields->at[index];

	if (index >= fields->count ||
	    (object->type != MSGPACK_OBJECT_STR && object->type != MSGPACK_OBJECT_BIN)) {
		return false;
	}
	*out = object_text(object);
	return true;
}

bool wire_true(const struct wire_fields *fields, uint32_t index)
{
	return index < fields->count && fields->at[index].type == MSGPACK_OBJECT_BOOLEAN &&
	       fields->at[index].via.boolean;
}

bool wire_nil(const struct wire_fields *fields, uint32_t index)
{
	return index >= fields->count || fields->at[index].type == MSGPACK_OBJECT_NIL;
}

bool wire_array(const struct wire_fields *fields, uint32_t index, const msgpack_object_array **out)
{
	if (index >= fields->count || fields->at[index].type != MSGPACK_OBJECT_ARRAY) {
		return false;
	}
	*out = &fields->at[index].via.array;
	return true;
}

bool wire_map(const struct wire_fields *fields, uint32_t index, const msgpack_object_map **out)
{
	if (index >= fields->count || fields->at[index].type != MSGPACK_OBJECT_MAP) {
		return false;
	}
	*out = &fields->at[index].via.map;
	return true;
}

bool wire_position(const struct wire_fields *fields, uint32_t index, struct position *out)
{
	const msgpack_object_array *array;

	return wire_array(fields, index, &array) && array->size == 2 &&
	       object_int(&array->ptr[0], &out->epoch) && object_int(&array->ptr[1], &out->seq);
}

/* The ring of the newest records. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/recent.h"
#include "normalizer/hub.h"

#define RECENT_BYTES_MAX (8 << 20)

static void forget_oldest(struct recent *recent)
{
	zmq_msg_t *msg = &recent->records[recent->first++ % RECENT_MAX];

	recent->bytes -= zmq_msg_size(msg);
	zmq_msg_close(msg);
}

enum status recent_put(struct recent *recent, int64_t seq, struct text bytes)
{
	struct wire_message carrier = {0};
	enum status status;

	if (recent->next != seq) { /* the first one, or the ring was emptied */
		while (recent->first < recent->next) {
			forget_oldest(recent);
		}
		recent->first = recent->next = seq;
	}
	status = wire_body_copy(&carrier, bytes.at, bytes.size);
	if (status != OK) {
		wire_fini(&carrier);
		return status;
	}
	while (recent->first < recent->next &&
	       (recent->next - recent->first == RECENT_MAX ||
		recent->bytes + zmq_msg_size(&carrier.frames[0]) > RECENT_BYTES_MAX)) {
		forget_oldest(recent);
	}
	zmq_msg_init(&recent->records[seq % RECENT_MAX]);
	zmq_msg_move(&recent->records[seq % RECENT_MAX], &carrier.frames[0]);
	recent->bytes += zmq_msg_size(&recent->records[seq % RECENT_MAX]);
	recent->next = seq + 1;
	wire_fini(&carrier);
	return OK;
}

zmq_msg_t *recent_get(struct recent *recent, int64_t seq)
{
	return seq >= recent->first && seq < recent->next ? &recent->records[seq % RECENT_MAX] : NULL;
}

void recent_cut(struct recent *recent, int64_t seq)
{
	while (recent->next > recent->first && recent->next > seq) {
		zmq_msg_t *msg = &recent->records[--recent->next % RECENT_MAX];
		recent->bytes -= zmq_msg_size(msg);
		zmq_msg_close(msg);
	}
}

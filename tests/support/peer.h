/* A hand-written peer of the protocol (docs/protocol.md), which shares no code with the programs under test.
 * A test reads like a dialogue:
 *
 *   say(worker, "claim 'buildkite' 'w1'");
 *   hear(worker, "lease 'buildkite:acme/web' $fence nil [] {} nil _");
 *   with(worker, build(17));  say(worker, "publish $fence 1 b'cursor'");
 *   hear(worker, "ack 1 1 0 0 $fence");
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/notation.h"

#include "common/text.h"

struct peer;

/* Connects a DEALER. */
struct peer *peer_new(const char *endpoint);
/* The same with room for one message: what is not heard waits at the other side. */
struct peer *peer_new_narrow(const char *endpoint);
/* The same under CURVE, with keys in Z85. */
struct peer *peer_new_curve(const char *endpoint, const char *hub_key, const char *public_key,
			    const char *secret_key);
void peer_free(struct peer **peer);

/* A body of the next message; the bytes are copied. */
void peer_with(struct peer *peer, const void *bytes, size_t size);
/* Sends [1, 'command', …] and the bodies: the first word of the notation is the command. */
#define say(peer, ...) peer_say(HERE, peer, __VA_ARGS__)
void peer_say(struct spot spot, struct peer *peer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Sends these bytes as frame 0, whatever they are, and the bodies. */
#define say_raw(peer, bytes, size) peer_say_raw(HERE, peer, bytes, size)
void peer_say_raw(struct spot spot, struct peer *peer, const void *bytes, size_t size);

/* Waits for the next message; fails unless it is [1, 'command', …] as noted. */
#define hear(peer, ...) peer_hear(HERE, peer, __VA_ARGS__)
void peer_hear(struct spot spot, struct peer *peer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Waits for the next message up to timeout_ms. False: none came. What it was: heard_*. */
bool peer_wait(struct spot spot, struct peer *peer, int64_t timeout_ms);
bool heard_is(struct peer *peer, const char *command);
/* Whether what was heard is as noted; binds names as hear does. */
bool heard_matches(struct spot spot, struct peer *peer, const char *text);
/* Bytes of its frame 0. */
size_t heard_size(const struct peer *peer);
const msgpack_object_array *heard_head(const struct peer *peer);

/* The bodies of the message that was heard last. */
size_t heard_bodies(const struct peer *peer);
struct text heard_body(const struct peer *peer, size_t index);
/* A member of a body that is a map. Absent: INT64_MIN, null, NaN. */
int64_t heard_int(struct peer *peer, size_t index, const char *key);
struct text heard_text(struct peer *peer, size_t index, const char *key);
double heard_real(struct peer *peer, size_t index, const char *key);

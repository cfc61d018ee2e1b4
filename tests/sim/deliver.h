/* Brings a reply to a connection of libmicrohttpd, whole or as badly as it asks for. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/gate.h"
#include "tests/sim/sim.h"

#include <microhttpd.h>

/* Takes reply->body over. The gate cuts what is slow short. */
enum MHD_Result deliver(struct MHD_Connection *connection, struct gate *gate, struct sim_reply *reply);
/* Resets the connection (RST) as soon as the other side has all that was sent. */
void deliver_reset_after(struct MHD_Connection *connection, struct gate *gate);

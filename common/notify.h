/* What a service manager wants to know (systemd's Type=notify, sd_notify(3)): one datagram to $NOTIFY_SOCKET.
 * Without that variable nothing happens, and whether anybody listens is no concern of the process. */
/* SPDX-License-Identifier: MIT */
#pragma once

/* state: lines of VARIABLE=value, "READY=1". */
void notify_manager(const char *state);
/* Why this process can't go on, as `systemctl status` shows it; one line, secrets hidden. */
void notify_failure(const char *why);

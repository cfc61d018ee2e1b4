/* How far a TCP connection is that has to show a key, by what the kernel counted. */
/* SPDX-License-Identifier: MIT */
#pragma once

enum stranger {
	STRANGER,          /* has shown none yet */
	STRANGER_NOISY,    /* and says more than one does who has one */
	STRANGER_ADMITTED, /* the handshake is over */
	STRANGER_GONE,     /* no connection any more */
};

enum stranger stranger_look(int fd);

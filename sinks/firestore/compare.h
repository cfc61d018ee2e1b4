/* Whether what is stored must give way. Pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/firestore/document.h"

enum document_order {
	DOCUMENT_SAME,  /* nothing to write */
	DOCUMENT_OLDER, /* the stored one is of a later state */
	DOCUMENT_NEWER, /* fresh belongs there */
};

/* Of two states of one build the later has the later start (a re-run is another attempt); of one attempt the
 * finished state follows the running one, and a later end an earlier one. A coverage once known is not
 * forgotten at the same end: it comes later than the result. */
enum document_order document_compare(const struct document *stored, const struct document *fresh);

/* Addresses of repositories, as every provider may report them. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"

/* `git@host:owner/name`, `ssh://git@host:22/owner/name` and `git://host/owner/name` as https address; user
 * and password are taken out of any other, which stays as it is. Null: null, or the arena is full. */
struct text repository_url(struct arena *arena, struct text repository);

/* Waits that the end of the server cuts short. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t ended; /* on the monotonic clock */
	bool end;
};

void gate_init(struct gate *gate);
void gate_fini(struct gate *gate);
/* True: that long has passed. False: the end came. */
bool gate_pass_ms(struct gate *gate, int64_t ms);
void gate_wait(struct gate *gate);
void gate_end(struct gate *gate);

/* A provider limits what a token may ask in a minute, whoever asks. The hub knows the workers that visit a
 * source, and gives each a part with its leases; together the parts are never more than the whole: a worker
 * that joins gets little until the others have heard, with a lease or a heartbeat, that there is less for
 * them. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/hub.h"
#include "normalizer/lease.h"
#include "normalizer/targets.h"

#include <stdlib.h>

#define BUDGET_MAX 1000000000 /* requests; more is no budget */
#define KEPT_TTLS  2          /* a share is its worker's for so many ttls without a lease */
#define LITTLE     4          /* one of that many parts of a fair share, where there is none to give */

static bool holds_lease(const struct hub *hub, const struct source *source, const char *worker)
{
	for (size_t i = 0; i < hub->lease_count; i++) {
		if (strcmp(hub->leases[i].source, source->name) == 0 &&
		    strcmp(hub->leases[i].worker, worker) == 0) {
			return true;
		}
	}
	return false;
}

static void drop_idle(struct hub *hub, struct source *source)
{
	int64_t now = now_ms();

	for (size_t i = source->share_count; i-- > 0;) {
		struct share *share = &source->shares[i];

		if (holds_lease(hub, source, share->worker)) {
			share->alive_ms = now;
		} else if (now - share->alive_ms >= KEPT_TTLS * hub->ttl_ms) {
			free(share->worker);
			*share = source->shares[--source->share_count];
		}
	}
}

/* Its part of the source; new where it has none. NULL: no memory. */
static struct share *share_for(struct source *source, const char *worker)
{
	struct share *shares = source->shares;
	char *copy;

	for (size_t i = 0; i < source->share_count; i++) {
		if (strcmp(shares[i].worker, worker) == 0) {
			return &shares[i];
		}
	}
	copy = strdup(worker);
	shares = realloc(shares, (source->share_count + 1) * sizeof *shares);
	if (shares) {
		source->shares = shares;
	}
	if (!shares || !copy) {
		free(copy);
		return NULL;
	}
	shares[source->share_count] = (struct share){.worker = copy, .per_min = -1, .alive_ms = now_ms()};
	return &shares[source->share_count++];
}

/* Those that this hub has told nothing, because it has just started, go on with what they were told before.
 */
static void add_holders(struct hub *hub, struct source *source)
{
	for (size_t i = 0; i < hub->lease_count; i++) {
		if (strcmp(hub->leases[i].source, source->name) == 0) {
			share_for(source, hub->leases[i].worker);
		}
	}
}

static int64_t left_by_others(const struct source *source, const struct share *mine)
{
	int64_t left = source->budget_per_min;

	for (size_t i = 0; i < source->share_count; i++) {
		const struct share *share = &source->shares[i];

		if (share != mine) {
			left -= share->per_min < 0 ? source->budget_per_min : share->per_min;
		}
	}
	return left;
}

int64_t share_of(struct hub *hub, const struct lease *lease)
{
	struct source *source = source_named(hub, text_of(lease->source));
	int64_t left, fair, little;
	struct share *mine;

	if (!source) {
		return -1;
	}
	drop_idle(hub, source);
	add_holders(hub, source);
	mine = share_for(source, lease->worker);
	if (!mine || source->budget_per_min < 0) {
		return -1;
	}
	left = left_by_others(source, mine);
	fair = source->budget_per_min / (int64_t)source->share_count;
	little = fair / LITTLE > 0 ? fair / LITTLE : 1;
	mine->per_min = left < little ? little : left < fair ? left : fair;
	return mine->per_min;
}

void share_learn(struct hub *hub, const struct lease *lease, int64_t remaining, int64_t reset_ms,
		 int64_t per_min)
{
	struct source *source = source_named(hub, text_of(lease->source));

	if (!source) {
		return;
	}
	if (per_min > 0 && per_min <= BUDGET_MAX) {
		source->budget_per_min = per_min;
	} else if (remaining >= 0 && remaining <= BUDGET_MAX) {
		source->budget_per_min = remaining * 60000 / (reset_ms > 1000 ? reset_ms : 1000);
	}
}

void share_move(struct source *source, struct source *old)
{
	source->budget_per_min = old->budget_per_min;
	source->claimed_ms = old->claimed_ms;
	source->shares = old->shares;
	source->share_count = old->share_count;
	old->shares = NULL;
	old->share_count = 0;
}

void share_fini(struct source *source)
{
	for (size_t i = 0; i < source->share_count; i++) {
		free(source->shares[i].worker);
	}
	free(source->shares);
}

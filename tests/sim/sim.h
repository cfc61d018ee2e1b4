/* The simulator without sockets: a request in, a reply out. server.c brings it to HTTP; tests call it
 * directly. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/budget.h"
#include "tests/sim/payload.h"
#include "tests/sim/query.h"
#include "tests/sim/tally.h"
#include "tests/sim/weather.h"

#include <pthread.h>

enum { SIM_ROUTES_MAX = 48, SIM_AMBUSHES_MAX = 16, SIM_MOVES_MAX = 64, SIM_ARGS_MAX = 5 };

enum sim_clock { CLOCK_MANUAL, CLOCK_REAL };

struct sim_options {
	struct world_options world;
	enum sim_clock clock;
	const char *token;
	const char *base_url;                /* of the API, as clients reach it; NULL: where it listens */
	const char *scopes;                  /* of the token, separated by commas */
	int64_t rate_limit, user_rate_limit; /* requests a window; 0: unlimited */
	int64_t rate_window_ms;
	int64_t latency_ms;
	int64_t deep_limit;     /* builds that can be skipped by paging; beyond is 400 */
	struct weather weather; /* sim_init takes it over */
	bool tls;               /* its URLs begin with https */
	const char *vcs;        /* CircleCI's word of each organization in turn, separated by commas */
};

/* Builds that appear after some list pages of a pipeline have been served: while a client reads. */
struct sim_ambush {
	struct pipeline *pipeline;
	int64_t after_pages, count, age_ms; /* created so long before the moment they appear */
};

/* The old slug of a renamed pipeline that the API redirects. */
struct sim_move {
	const struct pipeline *pipeline;
	const char *slug;
	int status;
};

struct sim_request {
	const char *method, *path; /* path: raw, without the query */
	const char *query;         /* raw, or NULL */
	const char *authorization; /* header, or NULL */
	const char *circle_token;  /* likewise */
	const char *body;
	size_t body_size;
};

/* How a reply goes out. */
enum delivery {
	DELIVER_WHOLE,
	DELIVER_NOTHING,      /* the connection is closed */
	DELIVER_RESET_BEFORE, /* it is reset */
	DELIVER_RESET_WITHIN, /* likewise, after cut_at bytes of the body */
	DELIVER_RESET_AFTER,
	DELIVER_CUT, /* closed after cut_at bytes of the body */
	DELIVER_DRIP,
	DELIVER_HUGE,         /* huge_bytes instead of the body */
	DELIVER_HUGE_CHUNKED, /* likewise, without telling how many */
};

struct sim_reply {
	int status;
	const char *content_type;
	struct text body;
	struct text headers;         /* "Name: value\n" each */
	int64_t wait_ms;             /* hold it back so long */
	int64_t skew_ms;             /* of its Date */
	int64_t retry_after_date_ms; /* > 0: a Retry-After header with the time so long after its Date */
	enum delivery delivery;
	int64_t cut_at, bytes_per_s, huge_bytes;
};

struct sim {
	pthread_mutex_t lock; /* around everything below */
	struct sim_options options;
	struct world world;
	char base[160];   /* URL of the API, without trailing slash */
	char outside[64]; /* URL of the other host, where artifacts lie; "": the same one */
	int64_t (*wall_ms)(void);
	int64_t (*steady_ms)(void);
	size_t cached_bytes;
	struct budget organization_budget, user_budget;
	struct tally tally;
	int64_t limited; /* requests that a budget refused */
	struct weather weather;
	struct sim_ambush ambushes[SIM_AMBUSHES_MAX];
	struct sim_move moves[SIM_MOVES_MAX];
	int move_count;
	int64_t requests[SIM_ROUTES_MAX], builds_served, bytes_served, refused;
	int64_t leaks; /* requests to the other host that brought credentials */
	bool quit;     /* somebody asked for the end */
};

/* What a handler gets: the path's variable segments and the query, decoded. */
struct sim_call {
	const struct sim_request *request;
	const char *args[SIM_ARGS_MAX];
	struct query query;
	int64_t now;
};

typedef void sim_handler(struct sim *sim, const struct sim_call *call, struct sim_reply *reply);

struct sim_route {
	const char *method, *pattern; /* ":" stands for one segment, "*" at the end for all that follow */
	const char *name;             /* in stats and faults */
	sim_handler *handler;
	const char *scope; /* the token must have it; NULL: any token will do */
};
extern const struct sim_route sim_routes[]; /* ends with a NULL method */

void sim_init(struct sim *sim, const struct sim_options *options);
void sim_fini(struct sim *sim);
/* The base URL: --base-url, else from the address. */
void sim_set_base(struct sim *sim, const char *address, int port);
/* Renders every build once, as lists with retried jobs show it, so that the first reader finds the cache
 * full. */
void sim_warm(struct sim *sim);
/* Thread-safe. The reply is to be freed with sim_reply_fini. */
void sim_handle(struct sim *sim, const struct sim_request *request, struct sim_reply *reply);
void sim_reply_fini(struct sim_reply *reply);

/* For handlers. */
void reply_doc(struct sim_reply *reply, int status, yyjson_mut_doc *doc);
void reply_message(struct sim_reply *reply, int status, const char *format, ...) PRINTF(3, 4);
void reply_header(struct sim_reply *reply, const char *name, const char *format, ...) PRINTF(3, 4);
const char *status_phrase(int status);

/* Lists of builds were served from this pipeline (NULL: from all): ambushes that wait for it come nearer. */
void sim_spring_ambushes(struct sim *sim, const struct pipeline *pipeline);

/* Takes the request from the budgets and announces them. False: answered. */
bool sim_within_budget(struct sim *sim, const struct sim_request *request, struct sim_reply *reply);
bool sim_is_circleci(const struct sim_request *request);

/* Answers for the old slug of a renamed pipeline. False: it is not redirected. */
bool sim_redirects(struct sim *sim, const struct sim_call *call, struct sim_reply *reply);

/* A buildbus configuration for this world; port as it listens. Appends YAML. */
void sim_config_add(struct text *out, const struct sim *sim);

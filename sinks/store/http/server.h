/* What the files of the server share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/listen.h"
#include "sinks/store/http/crowd.h"
#include "sinks/store/http/desk.h"
#include "sinks/store/http/events.h"
#include "sinks/store/http/guard.h"
#include "sinks/store/http/readers.h"
#include "sinks/store/http/request.h"
#include "sinks/store/http/stream.h"
#include "sinks/store/http/watch.h"
#include "sinks/store/query/rows.h"

struct dashboard {
	const struct store_config *config;
	const struct bus_config *bus;
	struct MHD_Daemon *daemon;
	char address[LISTEN_ADDRESS_SIZE];
	struct readers readers;
	struct events events;
	struct streams streams;
	struct guard guard;
	struct crowd crowd;
	struct desk desk;
	struct rows rows;
	struct watch watch;
};

/* route.c: the answer to one whole request. */
enum MHD_Result route(struct request *request);

/* The answers of the API. */
enum MHD_Result api_overview(struct request *request);
enum MHD_Result api_pipeline(struct request *request);
enum MHD_Result api_builds(struct request *request);
enum MHD_Result api_build(struct request *request);
enum MHD_Result api_events(struct request *request);
/* share.c: what other programs and pages show. */
enum MHD_Result badge_answer(struct request *request);
enum MHD_Result cctray_answer(struct request *request);
/* export.c: every build that passes the filters, in one stream of constant memory. */
enum MHD_Result export_ndjson(struct request *request);
enum MHD_Result export_csv(struct request *request);
/* login.c; to /login, and back afterwards. */
#define SESSION_COOKIE "buildbus_session"
enum MHD_Result login_redirect(const struct request *request);
enum MHD_Result login_answer(struct request *request);
enum MHD_Result logout_answer(struct request *request);
enum MHD_Result api_session(struct request *request);
/* status.c */
enum MHD_Result health_answer(struct request *request);
enum MHD_Result metrics_answer(struct request *request);
enum MHD_Result api_bus(struct request *request);
enum MHD_Result api_dead(struct request *request);
/* assets.c: a file of the page, or the page itself for any of its own addresses. */
enum MHD_Result asset_answer(struct request *request);

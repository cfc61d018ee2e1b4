/* SPDX-License-Identifier: MIT */
#include "tests/sim/options.h"
#include "tests/sim/when.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char options_help[] =
	"usage: buildbus-sim [OPTION…]\n"
	"\n"
	"Simulates the APIs of Buildkite and CircleCI: a seeded world of organisations, pipelines and builds "
	"on a clock.\n"
	"\n"
	"The world\n"
	"  --seed N             names the world: the same seed gives the same bytes (1)\n"
	"  --organizations N    in total (1)\n"
	"  --pipelines N        in total, dealt to the organisations in turn (5)\n"
	"  --builds N           in the history, in total (200)\n"
	"  --history D          how far back the history goes (30d)\n"
	"  --rate R             new builds per minute after the start (manual clock: 0, real clock: 10)\n"
	"  --demo               instead of what the seed draws, two months of a company that one could "
	"believe in, on\n"
	"                       both providers: --builds 10000 --history 60d --rate 5 --speed 1, all of "
	"them about\n"
	"  --coverage N         so many of 1000 builds have the artifact coverage-summary.json (0)\n"
	"  --tests N            so many of 1000 jobs have test results, as CircleCI (0)\n"
	"  --vcs LIST           as CircleCI, organisations are gh, bb or circleci in this turn (gh)\n"
	"  --speed N            builds after the start run N times faster (manual: 1, real: 20)\n"
	"\n"
	"The clock\n"
	"  --clock real|manual  real: the world's time is the wall time; manual (default): tests advance it\n"
	"  --start TIME|now     where a manual clock starts (2026-01-01T00:00:00Z)\n"
	"\n"
	"The server\n"
	"  --listen ADDR:PORT   port 0: choose one (127.0.0.1:0)\n"
	"  --base-url URL       what clients call it, ending in /v2, where that is not ADDR:PORT "
	"(http://sim:8099/v2)\n"
	"  --token TEXT         the access token to accept (sim-token)\n"
	"  --scopes LIST        the token's scopes "
	"(read_builds,read_pipelines,read_organizations,read_artifacts)\n"
	"  --latency D          hold each answer of the API back so long (0ms)\n"
	"  --rate-limit N       requests a window for the organisation; 0: unlimited (0)\n"
	"  --user-rate-limit N  likewise for the token's user (0)\n"
	"  --rate-window D      the window of both limits (60s)\n"
	"  --deep-limit N       builds that paging may skip before it answers 400 (10000)\n"
	"  --warm               render every build before being ready, so that measured clients do not wait "
	"for it\n"
	"  --ready-fd N         write \"PORT\\n\" to this file descriptor when ready, instead of printing a "
	"line\n"
	"\n"
	"  --certificate FILE, --key FILE  (PEM) serve HTTPS\n"
	"\n"
	"The weather (also while it runs: POST /_sim/faults, /_sim/weather)\n"
	"  --fault KIND[,KEY=VALUE…]  an answer goes wrong; may be given several times. KEYs of every kind: "
	"route (as\n"
	"                       named by /_sim/stats), match (a part of path or query), count (-1: for "
	"ever),\n"
	"                       after (so many pass before), permille (1000); those of some are noted below\n"
	"  --weather N          so many of 1000 requests meet a fault drawn at random (0)\n"
	"  --weather-seed N     the same seed and the same requests meet the same faults (--seed)\n"
	"\n"
	"Configuration\n"
	"  --print-config       print a buildbus configuration for this world and exit (needs a port)\n"
	"  --write-config FILE  write it to FILE once the port is known, and serve\n"
	"\n"
	"  --help, --version\n"
	"\n"
	"Controls for tests are under http://ADDR:PORT/_sim/: tests/sim/README.md specifies them.\n"
	"Exit codes: 0 asked to stop, 1 can't listen or write, 2 bad usage.\n";

enum option_type { NUMBER, DURATION, TIME, TEXT, LISTEN, CLOCK, RATE, FAULT, FLAG };

struct option_row {
	const char *name;
	enum option_type type;
	size_t offset, size; /* of the member; sizes 1 (bool), 4 (int), 8 (int64_t, uint64_t, pointer) */
	int64_t min, max;
};

#define AT(member) offsetof(struct options, member), sizeof((struct options *)0)->member

static const struct option_row rows[] = {
	{"seed", NUMBER, AT(sim.world.seed), 0, INT64_MAX},
	{"organizations", NUMBER, AT(sim.world.organizations), 1, 1000},
	{"pipelines", NUMBER, AT(sim.world.pipelines), 1, 100000},
	{"builds", NUMBER, AT(sim.world.builds), 0, 10000000},
	{"history", DURATION, AT(sim.world.history_ms), 0, INT64_MAX},
	{"rate", RATE, AT(sim.world.arrival_gap_ms), 0, 0},
	{"speed", NUMBER, AT(sim.world.speed), 1, 1000000},
	{"demo", FLAG, AT(sim.world.demo), 0, 0},
	{"coverage", NUMBER, AT(sim.world.coverage), 0, 1000},
	{"tests", NUMBER, AT(sim.world.tests), 0, 1000},
	{"vcs", TEXT, AT(sim.vcs), 0, 0},
	{"clock", CLOCK, AT(sim.clock), 0, 0},
	{"start", TIME, AT(sim.world.start_ms), 0, 0},
	{"listen", LISTEN, AT(address), 0, 0},
	{"base-url", TEXT, AT(sim.base_url), 0, 0},
	{"token", TEXT, AT(sim.token), 0, 0},
	{"scopes", TEXT, AT(sim.scopes), 0, 0},
	{"latency", DURATION, AT(sim.latency_ms), 0, INT64_MAX},
	{"rate-limit", NUMBER, AT(sim.rate_limit), 0, INT64_MAX},
	{"user-rate-limit", NUMBER, AT(sim.user_rate_limit), 0, INT64_MAX},
	{"rate-window", DURATION, AT(sim.rate_window_ms), 1, INT64_MAX},
	{"deep-limit", NUMBER, AT(sim.deep_limit), 1, INT64_MAX},
	{"certificate", TEXT, AT(certificate), 0, 0},
	{"key", TEXT, AT(key), 0, 0},
	{"fault", FAULT, 0, 0, 0, 0},
	{"weather", NUMBER, AT(sim.weather.permille), 0, 1000},
	{"weather-seed", NUMBER, AT(sim.weather.seed), 0, INT64_MAX},
	{"ready-fd", NUMBER, AT(ready_fd), 0, 1000000},
	{"write-config", TEXT, AT(write_config), 0, 0},
	{"warm", FLAG, AT(warm), 0, 0},
	{"print-config", FLAG, AT(print_config), 0, 0},
	{"help", FLAG, AT(help), 0, 0},
	{"version", FLAG, AT(version), 0, 0},
};
enum { ROWS = sizeof rows / sizeof *rows };

static int64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

static void store(struct options *options, const struct option_row *row, int64_t value)
{
	char *at = (char *)options + row->offset;

	if (row->size == sizeof(int)) {
		*(int *)at = (int)value;
	} else {
		*(int64_t *)at = value;
	}
}

static enum status read_number(const struct option_row *row, const char *text, int64_t *out, struct err *err)
{
	char *end;

	*out = strtoll(text, &end, 10);
	if (end == text || *end || *out < row->min || *out > row->max) {
		return err_set(err, ERR_CONFIG, "--%s: '%s' is not a number from %lld to %lld", row->name,
			       text, (long long)row->min, (long long)row->max);
	}
	return OK;
}

/* ADDR:PORT, or PORT alone. */
static enum status read_listen(struct options *options, const char *text, struct err *err)
{
	const struct option_row port_row = {"listen", NUMBER, 0, 0, 0, 65535};
	const char *colon = strrchr(text, ':');
	int64_t port;

	if (read_number(&port_row, colon ? colon + 1 : text, &port, err)) {
		return err_set(err, ERR_CONFIG, "--listen: '%s' is not ADDRESS:PORT", text);
	}
	if (colon && (size_t)(colon - text) < sizeof options->address) {
		memcpy(options->address, text, (size_t)(colon - text));
		options->address[colon - text] = '\0';
	}
	options->port = (int)port;
	return OK;
}

/* Builds per minute, with decimals: "0.5". */
static enum status read_rate(const char *text, int64_t *gap_ms, struct err *err)
{
	char *end;
	double rate = strtod(text, &end);

	if (end == text || *end || !(rate >= 0 && rate <= 60000)) {
		return err_set(err, ERR_CONFIG,
			       "--rate: '%s' is not a number of builds per minute from 0 to 60000", text);
	}
	*gap_ms = rate > 0 ? (int64_t)(MINUTE_MS / rate) : 0;
	return OK;
}

static enum status read_clock(const char *text, int64_t *clock, struct err *err)
{
	*clock = strcmp(text, "real") == 0 ? CLOCK_REAL : CLOCK_MANUAL;
	return *clock == CLOCK_REAL || strcmp(text, "manual") == 0
		       ? OK
		       : err_set(err, ERR_CONFIG, "--clock: '%s' is neither real nor manual", text);
}

static enum status read_option(struct options *options, const struct option_row *row, const char *text,
			       struct err *err)
{
	int64_t value = 0;
	enum status status = OK;

	switch (row->type) {
	case FLAG:
		*(bool *)((char *)options + row->offset) = true;
		return OK;
	case TEXT:
		*(const char **)((char *)options + row->offset) = text;
		return OK;
	case LISTEN:
		return read_listen(options, text, err);
	case FAULT:
		return weather_read_spec(&options->sim.weather, text, err) ? ERR_CONFIG : OK;
	case NUMBER:
		status = read_number(row, text, &value, err);
		break;
	case RATE:
		status = read_rate(text, &value, err);
		break;
	case CLOCK:
		status = read_clock(text, &value, err);
		break;
	case DURATION:
		if (!when_parse_duration(text, &value) || value < row->min) {
			status = err_set(err, ERR_CONFIG,
					 "--%s: '%s' is not a duration like 50ms, 30s, 5m, 1h, 30d",
					 row->name, text);
		}
		break;
	case TIME:
		if (strcmp(text, "now") == 0) {
			value = wall_ms();
		} else if (!when_parse(text, &value)) {
			status =
				err_set(err, ERR_CONFIG, "--%s: '%s' is not a time like 2026-01-01T00:00:00Z",
					row->name, text);
		}
		break;
	}
	if (!status) {
		store(options, row, value);
	}
	return status;
}

static enum status read_all(struct options *options, int argc, char **argv, struct err *err)
{
	struct option names[ROWS + 1] = {{0}};
	int which, got;

	for (int i = 0; i < ROWS; i++) {
		names[i] = (struct option){rows[i].name, rows[i].type != FLAG, NULL, 0};
	}
	optind = 0;
	opterr = 0;
	while ((got = getopt_long(argc, argv, ":", names, &which)) != -1) {
		if (got == ':') {
			return err_set(err, ERR_CONFIG, "%s needs a value (see --help)", argv[optind - 1]);
		}
		if (got != 0) {
			return err_set(err, ERR_CONFIG, "Unknown option %s (see --help)", argv[optind - 1]);
		}
		if (read_option(options, &rows[which], optarg, err)) {
			return ERR_CONFIG;
		}
	}
	return optind == argc ? OK
			      : err_set(err, ERR_CONFIG, "Unknown argument %s (see --help)", argv[optind]);
}

/* What depends on the clock and was not given. */
static void settle(struct options *options)
{
	struct world_options *world = &options->sim.world;
	bool real = options->sim.clock == CLOCK_REAL;

	if (world->arrival_gap_ms < 0) {
		world->arrival_gap_ms = !real ? 0 : world->demo ? 12 * SECOND_MS : 6 * SECOND_MS;
	}
	if (!world->speed) {
		world->speed = real && !world->demo ? 20 : 1;
	}
	if (world->builds < 0) {
		world->builds = world->demo ? 10000 : 200;
	}
	if (world->history_ms < 0) {
		world->history_ms = (world->demo ? 60 : 30) * DAY_MS;
	}
	if (real) {
		world->start_ms = wall_ms();
	}
	if (!options->sim.weather.seed) {
		options->sim.weather.seed = world->seed;
	}
	options->sim.tls = options->key != NULL;
}

static bool ends_in_v2(const char *url)
{
	size_t size = strlen(url);

	return size > 3 && size < sizeof((struct sim *)0)->base && strcmp(url + size - 3, "/v2") == 0;
}

enum status options_parse(struct options *options, int argc, char **argv, struct err *err)
{
	*options = (struct options){.address = "127.0.0.1", .ready_fd = -1};
	options->sim = (struct sim_options){
		.world = {.seed = 1,
			  .organizations = 1,
			  .pipelines = 5,
			  .builds = -1,
			  .history_ms = -1,
			  .arrival_gap_ms = -1,
			  .start_ms = 1767225600000},
		.token = "sim-token",
		.scopes = "read_builds,read_pipelines,read_organizations,read_artifacts",
		.rate_window_ms = MINUTE_MS,
		.deep_limit = 10000,
	};
	if (read_all(options, argc, argv, err)) {
		return ERR_CONFIG;
	}
	if (options->sim.world.pipelines < options->sim.world.organizations) {
		return err_set(err, ERR_CONFIG, "--pipelines: fewer than --organizations");
	}
	if (options->sim.base_url && !ends_in_v2(options->sim.base_url)) {
		return err_set(err, ERR_CONFIG, "--base-url: '%.100s' does not end in /v2 or is too long",
			       options->sim.base_url);
	}
	if (!options->certificate != !options->key) {
		return err_set(err, ERR_CONFIG, "--certificate and --key go together");
	}
	if (options->print_config && !options->port && !options->sim.base_url) {
		return err_set(err, ERR_CONFIG, "--print-config needs the port: add --listen ADDRESS:PORT");
	}
	settle(options);
	return OK;
}

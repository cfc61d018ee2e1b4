/* Who may read the page of the store. */
/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/guard.h"
#include "tests/pipeline/dashboard_run.h"
#include "tests/support/authority.h"
#include "tests/support/command.h"
#include "tests/support/web.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const char password[] = "correct horse & battery";

static void init(void)
{
	static const char *const secrets[] = {password, NULL};

	sink_run_init("buildbus-sink-store", secrets);
}

TestSuite(dashboard_login, .init = init, .fini = sink_run_fini, .timeout = 120);

/* What `buildbus password` prints for it. */
static void make_hash(char hash[static 200])
{
	char *command = NULL;
	struct said said;

	cr_assert(asprintf(&command, "printf '%%s\\n' '%s' | %s/buildbus password", password,
			   BUILDBUS_BIN_DIR) > 0);
	said = command_run(run.place, "/bin/sh", ARGS("-c", command));
	cr_assert_eq(said.code, 0, "%s", said.errors);
	cr_assert_eq(sscanf(said.out, "%199s", hash), 1);
	said_free(&said);
	free(command);
}

static void start_with_user(const char *more)
{
	char hash[200], options[400];

	make_hash(hash);
	snprintf(options, sizeof options, "auth: {users: {ann: %s}%s}", hash, more);
	page_start(options);
}

/* POSTs the form; the whole answer, heap. */
static char *post(const char *from, const char *path, const char *form, const char *headers)
{
	char *request = NULL, *answer;

	cr_assert(asprintf(&request,
			   "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Type: "
			   "application/x-www-form-urlencoded\r\nContent-Length: %zu\r\nConnection: "
			   "close\r\n\r\n%s",
			   path, headers, strlen(form), form) > 0);
	answer = page_raw_from(from, request);
	free(request);
	return answer;
}

static char *log_in(const char *form, const char *headers)
{
	return post(NULL, "/login", form, headers);
}

/* "Cookie: buildbus_session=…\r\n" of an answer that let us in. */
static void take_cookie(const char *answer, char cookie[static 400])
{
	const char *at = strstr(answer, "Set-Cookie: ");
	char value[300];

	cr_assert(at && sscanf(at, "Set-Cookie: %299[^;]", value) == 1, "%s", answer);
	snprintf(cookie, 400, "Cookie: %s\r\n", value);
}

/* Of no password. */
#define HASH_OF(cost)                                                                                        \
	"scrypt-" cost "-00000000000000000000000000000000-"                                                  \
	"0000000000000000000000000000000000000000000000000000000000000000"
#define CHEAP HASH_OF("10-1-1")

static const char good_form[] = "user=ann&password=correct+horse+%26+battery&to=%2Fbus";

static void start_session(char cookie[static 400])
{
	char *answer;

	start_with_user("");
	answer = log_in(good_form, "");
	take_cookie(answer, cookie);
	free(answer);
}

Test(dashboard_login, lets_in_who_knows_the_password)
{
	char *answer, cookie[400];

	start_with_user("");
	expect_status("/api/v1/overview", "", 401);
	expect_status("/", "Accept: text/html\r\n", 303);
	expect_status("/metrics", "", 401);
	expect_status("/api/v1/events", "", 401);
	expect_status("/healthz", "", 200);
	expect_status("/login", "", 200);
	answer = log_in("user=ann&password=wrong", "");
	cr_expect(strstr(answer, "Location: /login?failed=1") && !strstr(answer, "Set-Cookie"), "%s", answer);
	free(answer);
	answer = log_in(good_form, "");
	cr_expect(strstr(answer, "Location: /bus\r\n") && strstr(answer, "HttpOnly; SameSite=Strict"), "%s",
		  answer);
	take_cookie(answer, cookie);
	free(answer);
	expect_status("/api/v1/overview", cookie, 200);
	cookie[strlen(cookie) - 3] ^= 1; /* the last of its digits */
	expect_status("/api/v1/overview", cookie, 401);
	expect_status("/api/v1/overview", "Authorization: Basic YW5uOmNvcnJlY3QgaG9yc2UgJiBiYXR0ZXJ5\r\n",
		      200);
	expect_status("/api/v1/overview", "Authorization: Basic YW5uOng=\r\n", 401);
}

Test(dashboard_login, lets_out_who_asks_on_this_page)
{
	char *answer, cookie[400], elsewhere[500];

	start_session(cookie);
	answer = page_get("/api/v1/session", cookie);
	cr_expect(strstr(answer, "{\"user\":\"ann\"}"), "%s", answer);
	free(answer);
	snprintf(elsewhere, sizeof elsewhere, "%sOrigin: https://evil.example\r\n", cookie);
	answer = post(NULL, "/logout", "", elsewhere);
	cr_expect(strstr(answer, " 403 ") && !strstr(answer, "Set-Cookie"), "%s", answer);
	free(answer);
	answer = post(NULL, "/logout", "", cookie);
	cr_expect(strstr(answer, "Location: /login\r\n") &&
			  strstr(answer, "buildbus_session=; Path=/; Max-Age=0;"),
		  "%s", answer);
	free(answer);
}

Test(dashboard_login, checks_the_passwords_of_several_at_a_time)
{
	static const char get[] = "GET /api/v1/overview HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
				  "Authorization: Basic YW5uOmNvcnJlY3QgaG9yc2UgJiBiYXR0ZXJ5\r\n\r\n";
	struct wire_tap taps[8];

	start_with_user("");
	for (int i = 0; i < 8; i++) {
		tap_open(&taps[i]);
		tap_send(&taps[i], get, sizeof get - 1);
	}
	for (int i = 0; i < 8; i++) {
		cr_expect(tap_until(&taps[i], " 200 OK"), "%d: %s", i, taps[i].text);
		tap_close(&taps[i]);
	}
}

/* Takes as long as a hash may take: some 2 s and 63 MiB. */
#define DEAR HASH_OF("15-15-16")

Test(dashboard_login, tells_who_comes_while_many_log_in_to_come_again)
{
	static const char get[] = "GET /api/v1/overview HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
				  "Authorization: Basic YW5uOng=\r\n\r\n";
	struct wire_tap taps[4];
	int busy = 0;

	page_start("auth: {users: {ann: " DEAR "}}");
	for (int i = 0; i < 4; i++) {
		tap_open(&taps[i]);
		tap_send(&taps[i], get, sizeof get - 1);
		zclock_sleep(200); /* or one thread takes them one after the other */
	}
	for (int i = 0; i < 4; i++) {
		tap_ends(&taps[i]);
		busy += strstr(taps[i].text, " 503 ") && strstr(taps[i].text, "many log in just now");
		cr_expect(!strstr(taps[i].text, " 429 "), "%s", taps[i].text);
		tap_close(&taps[i]);
	}
	cr_expect(busy > 0);
}

/* 128 MiB. */
#define TOO_DEAR HASH_OF("17-8-1")
#define CUT_OFF  "scrypt-14-8-5-00000000000000000000000000000000-00"

Test(dashboard_login, takes_no_hash_that_nothing_can_fit)
{
	static const char *const hashes[] = {"correct", CUT_OFF, TOO_DEAR};

	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
		struct said said;

		place_write(run.place, "buildbus.yml",
			    "destinations:\n  - store: {listen: \"127.0.0.1:0\", auth: {users: {ann: %s}}}\n",
			    hashes[i]);
		said = command_run(run.place, "buildbus", ARGS("validate", "-c", run.place->config));
		cr_expect_eq(said.code, 2);
		cr_expect(strstr(said.errors, "auth.users: ann: this is no hash, or not all of one"), "%s",
			  said.errors);
		said_free(&said);
	}
}

Test(dashboard_login, keeps_a_session_over_a_restart_until_the_password_changes)
{
	char cookie[400];

	start_session(cookie);
	run_stop();
	page_start("auth: {users: {ann: " CHEAP "}}");
	expect_status("/api/v1/overview", cookie, 401);
}

Test(dashboard_login, is_not_fooled_by_other_sites_or_by_guessing)
{
	char *answer;

	page_start("auth: {users: {ann: " CHEAP "}}");
	answer = log_in(good_form, "Origin: https://evil.example\r\n");
	cr_expect(strstr(answer, " 403 ") && !strstr(answer, "Set-Cookie"), "%s", answer);
	free(answer);
	answer = page_get("/login?to=/%22%3E%3Cscript%3E", "");
	cr_expect(!strstr(answer, "<script"), "%s", answer);
	free(answer);
	for (int i = 0; i < 10; i++) {
		answer = log_in("user=ann&password=guess&to=//evil.example/", "");
		cr_expect(strstr(answer, "Location: /login?failed=1&to=/\r\n"), "%s", answer);
		free(answer);
	}
	answer = log_in(good_form, "");
	cr_expect(strstr(answer, " 429 "), "%s", answer);
	free(answer);
}

/* The slot of an address of this machine, as a guess from it is counted. */
static uint64_t slot_of(char address[static 24], int last)
{
	snprintf(address, 24, "127.0.0.%d", last);
	return XXH3_64bits(address, strlen(address)) % GUARD_PEERS;
}

/* Two addresses whose tries are counted in one slot. */
static void find_pair(char one[static 24], char other[static 24])
{
	uint64_t slot = slot_of(one, 1);

	for (int i = 2; i < 255; i++) {
		if (slot_of(other, i) == slot) {
			return;
		}
	}
	cr_assert_fail("no two addresses share a slot");
}

Test(dashboard_login, counts_the_guesses_of_two_who_take_turns)
{
	char addresses[2][24], *answer;

	find_pair(addresses[0], addresses[1]);
	page_start("auth: {users: {ann: " CHEAP "}}");
	for (int i = 0; i < GUARD_TRIES; i++) {
		answer = post(addresses[i % 2], "/login", "user=ann&password=guess", "");
		cr_expect(strstr(answer, "Location: /login?failed=1"), "%s", answer);
		free(answer);
	}
	for (int i = 0; i < 2; i++) {
		answer = post(addresses[i], "/login", good_form, "");
		cr_expect(strstr(answer, " 429 "), "%s: %s", addresses[i], answer);
		free(answer);
	}
}

Test(dashboard_login, believes_the_header_of_its_proxy_alone)
{
	page_start("auth: {header: {name: X-User, from: [127.0.0.1]}}");
	expect_status("/api/v1/overview", "X-User: ann\r\n", 200);
	expect_status("/api/v1/overview", "", 401);
	run_stop();
	page_start("auth: {header: {name: X-User, from: [10.0.0.1]}}");
	expect_status("/api/v1/overview", "X-User: ann\r\n", 401);
}

Test(dashboard_login, speaks_tls)
{
	struct authority *authority = authority_new(run.place);
	char options[700], url[128], *body;
	long status = 0;

	authority_certify(authority, "page", "IP:127.0.0.1", 1);
	snprintf(options, sizeof options, "tls: {certificate: %s, key: %s}",
		 place_path(run.place, "page.pem"), place_path(run.place, "page.key"));
	page_start(options);
	snprintf(url, sizeof url, "https://%s/api/v1/overview", page.address);
	body = web_ask("GET", url, NULL, NULL, &status);
	cr_expect(status == 200, "%ld %s", status, body);
	free(body);
	authority_free(&authority);
}

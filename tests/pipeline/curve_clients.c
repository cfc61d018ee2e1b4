/* Real processes whom the hub refuses: each says one sentence, and goes on by itself once it is let in. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/trio.h"
#include "tests/support/wallet.h"

#include <stdio.h>
#include <string.h>

static void open_hub(void)
{
	hub = hub_new(.bus = wallet_bus, .idle = true);
	wallet_open(hub->place);
	wallet_add(hub->place, "admin", "admin");
	hub_start(hub);
}

static void close_hub(void)
{
	hub_free(&hub);
}

TestSuite(curve_clients, .timeout = 180, .init = open_hub, .fini = close_hub);

/* Another configuration for the same hub, whose line of curve: is that; NULL: none. */
static const char *configure(const char *curve)
{
	place_write(hub->place, "other.yml", "bus:\n  state_dir: %s\n%s%s%s", hub->place->state,
		    curve ? "  curve: " : "", curve ? curve : "",
		    "\nsources:\n  - buildkite: {organization_slug: acme, access_token: none, "
		    "pipeline_slug: web}\n");
	return place_path(hub->place, "other.yml");
}

static void expect_status(const char *curve, int code, const char *words)
{
	struct said said = command_run(hub->place, "buildbus", ARGS("status", "-c", configure(curve)));

	expect_refusal(&said, code, words);
	said_free(&said);
}

Test(curve_clients, are_told_what_is_wrong)
{
	wallet_add(hub->place, "fetch", "fetch");
	wallet_add(hub->place, "new", "admin");
	wallet_revoke(hub->place, "new");
	wallet_reread(hub);
	expect_status(NULL, 1, "asks for a certificate|buildbus keys new|bus.curve.certificate");
	expect_status("{certificate: certs/new.cert_secret}", 1, "does not admit|clients_dir|SIGHUP");
	expect_status("{certificate: certs/fetch.cert_secret}", 1, "the role fetch|may not say status");
	expect_status("{certificate: certs/admin.cert_secret, server_key_file: certs/fetch.cert}", 1,
		      "ends each handshake|bus.curve.server_key");
	expect_status("{certificate: certs/admin.cert}", 2, "admin.cert|public certificate|_secret");
	expect_status("{certificate: certs/none.cert_secret}", 2, "bus.curve.certificate|none.cert_secret");
	expect_status("{certificate: other.yml}", 2, "bus.curve.certificate|no certificate");
}

/* The same sentence from both, and no advice to start what runs. */
Test(curve_clients, that_listen_are_told_what_status_tells)
{
	struct said asked, listened;

	wallet_add(hub->place, "new", "tap");
	wallet_revoke(hub->place, "new");
	wallet_reread(hub);
	configure("{certificate: certs/new.cert_secret}");
	asked = command_run(hub->place, "buildbus",
			    ARGS("status", "-c", place_path(hub->place, "other.yml")));
	listened =
		command_run(hub->place, "buildbus", ARGS("tap", "-c", place_path(hub->place, "other.yml")));
	expect_refusal(&listened, 1, "does not admit|clients_dir|SIGHUP");
	cr_expect_str_eq(listened.errors, asked.errors);
	said_free(&asked);
	said_free(&listened);
}

Test(curve_clients, are_told_that_the_hub_has_no_curve)
{
	hub_stop(hub);
	hub_configure(hub, &(struct hub_setup){0});
	hub_start(hub);
	expect_status("{certificate: certs}", 1, "use CURVE");
}

static struct child *start(const char *program)
{
	return child_start(&(struct launch){
		.place = hub->place, .program = program, .args = ARGS("-c", hub->place->config)});
}

Test(curve_clients, go_on_by_themselves_once_they_are_let_in)
{
	struct child *clients[2];
	struct said said;

	wallet_add(hub->place, "fetch", "fetch");
	wallet_add(hub->place, "sink-store", "sink:store");
	wallet_revoke(hub->place, "fetch");
	wallet_revoke(hub->place, "sink-store");
	clients[0] = start("buildbus-fetch-buildkite");
	clients[1] = start("buildbus-sink-store");
	for (int i = 0; i < 2; i++) {
		cr_assert(strstr(child_event(clients[i], "bus.refused", NULL, NULL), "does not admit"));
	}
	wallet_admit(hub->place, "fetch");
	wallet_admit(hub->place, "sink-store");
	wallet_reread(hub);
	for (int i = 0; i < 2; i++) {
		child_event(clients[i], "bus.admitted", NULL, NULL);
		cr_expect_eq(child_count(clients[i], "bus.refused"), 1, "one sentence");
	}
	said = command_run(hub->place, "buildbus", ARGS("status", "-c", hub->place->config));
	cr_expect_eq(said.code, 0, "%s", said.errors);
	said_free(&said);
	for (int i = 0; i < 2; i++) {
		child_stop(clients[i]);
		child_free(&clients[i]);
	}
}

/* The certificate of another sink opens nothing. */
Test(curve_clients, are_what_their_role_says)
{
	struct child *client;

	wallet_add(hub->place, "sink-store", "sink:slack");
	wallet_reread(hub);
	client = start("buildbus-sink-store");
	cr_assert(strstr(child_event(client, "bus.refused", NULL, NULL),
			 "the role sink:slack may not attach as store"));
	child_stop(client);
	child_free(&client);
}

Test(curve_clients, listen_with_the_certificate_of_the_command)
{
	struct launch launch = {.place = hub->place,
				.program = "buildbus",
				.args = ARGS("tap", "-c", hub->place->config, "-n", "1"),
				.no_ready = true,
				.stdout_path = place_path(hub->place, "tapped")};
	struct keyring keys = wallet_add(hub->place, "fetch", "fetch");
	struct child *listener;
	char *tapped;
	size_t size;

	wallet_reread(hub);
	worker = wallet_peer(hub->place, hub->ingest, &keys);
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $fence ...");
	listener = child_start(&launch);
	for (int i = 1; !child_ended(listener); i++) {
		publish(i, "passed", T0);
	}
	cr_expect_eq(child_end(listener), 0);
	tapped = place_read(hub->place, "tapped", &size);
	cr_expect(tapped && strstr(tapped, "buildkite/acme/web/"));
	free(tapped);
	child_free(&listener);
	peer_free(&worker);
}

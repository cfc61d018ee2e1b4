/* What each role may say, and to whom the hub listens at all. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/wallet.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

TestSuite(curve_roles, .timeout = 120);

enum who { FETCH, STORE, TAP, ADMIN, WHO_COUNT };
static const char *const roles[] = {"fetch", "sink:store", "tap", "admin"};

/* f: fetch, s: the sink, t: tap, a: admin may say it. A session or fence that is nobody's stands for one. */
static const struct row {
	char port; /* i: ingest, f: feed */
	const char *words, *may;
} rows[] = {
	{'i', "claim 'nothing' 'w'", "f"},
	{'i', "publish 1 1 nil", "f"},
	{'i', "targets 1 []", "f"},
	{'i', "heartbeat [1]", "f"},
	{'i', "done 1 0", "f"},
	{'f', "attach nil nil nil", "ta"},
	{'f', "attach 'store' nil nil", "s"},
	{'f', "attach 'slack' nil nil", ""},
	{'f', "credit 1 1", "sta"},
	{'f', "ack 1 [1 1] nil", "s"},
	{'f', "reject 1 1 'why'", "s"},
	{'f', "heartbeat 1", "sta"},
	{'f', "detach 1", "sta"},
	{'f', "status", "sa"},
	{'f', "release", "a"},
	{'f', "dead 'list' 0 nil", "sa"},
	{'f', "dead 'show' 1", "a"},
	{'f', "dead 'drop' [1]", "a"},
};
#define ROWS (sizeof rows / sizeof rows[0])

static struct test_hub *hub;
static struct keyring keys[WHO_COUNT];

static void open_hub(void)
{
	hub = hub_new(.bus = wallet_bus, .idle = true);
	wallet_open(hub->place);
	for (int i = 0; i < WHO_COUNT; i++) {
		keys[i] = wallet_add(hub->place, (const char *[]){"f", "s", "t", "a"}[i], roles[i]);
	}
	hub_start(hub);
}

static void close_hub(void)
{
	hub_free(&hub);
}

static struct peer *peer_at(char port, enum who who)
{
	return wallet_peer(hub->place, port == 'i' ? hub->ingest : hub->feed, &keys[who]);
}

/* Whatever else is wrong with the request, only `denied` says that the role may not make it. */
static void expect_answer(char port, enum who who, const char *words, bool may)
{
	struct peer *peer = peer_at(port, who);
	bool denied;

	say(peer, "%s", words);
	cr_assert(peer_wait(HERE, peer, 20000), "no answer to %s of %s", words, roles[who]);
	denied = heard_matches(HERE, peer, "error 'denied' ...");
	cr_expect_eq(denied, !may, "%s of %s at %c is %s", words, roles[who], port,
		     denied ? "denied" : "allowed");
	peer_free(&peer);
}

Test(curve_roles, refuse_every_command_of_others, .init = open_hub, .fini = close_hub)
{
	for (size_t i = 0; i < ROWS; i++) {
		for (int who = 0; who < WHO_COUNT; who++) {
			bool may = strchr(rows[i].may, "fsta"[who]) != NULL;

			expect_answer(rows[i].port, (enum who)who, rows[i].words, may);
		}
	}
}

static bool has_row(const char *command)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (strncmp(rows[i].words, command, strlen(command)) == 0) {
			return true;
		}
	}
	return false;
}

/* Each `    claim      = [1, "claim", …` of the protocol's grammar; what has no row above is for admin alone.
 */
Test(curve_roles, leave_every_other_command_of_the_protocol_to_admin, .init = open_hub, .fini = close_hub)
{
	char *text = NULL, command[64];
	size_t room = 0;
	FILE *file = fopen(SOURCE_DIR "/docs/protocol.md", "re");
	regex_t pattern;
	regmatch_t match[2];
	int found = 0;

	cr_assert(file && getdelim(&text, &room, '\0', file) > 0);
	fclose(file);
	cr_assert_eq(regcomp(&pattern, "\n    [a-z]+ *= \\[1, \"([a-z]+)\"", REG_EXTENDED), 0);
	for (const char *at = text; regexec(&pattern, at, 2, match, 0) == 0; at += match[1].rm_eo) {
		snprintf(command, sizeof command, "%.*s", (int)(match[1].rm_eo - match[1].rm_so),
			 at + match[1].rm_so);
		found++;
		for (int who = 0; who < WHO_COUNT && !has_row(command); who++) {
			expect_answer('f', (enum who)who, command, who == ADMIN);
		}
	}
	cr_expect_gt(found, 20);
	regfree(&pattern);
	free(text);
}

Test(curve_roles, give_nobody_the_session_of_another, .init = open_hub, .fini = close_hub)
{
	struct peer *mine = peer_at('f', ADMIN), *other = peer_at('f', TAP);

	say(mine, "attach nil nil nil");
	hear(mine, "attached $session ...");
	say(other, "credit $session 10");
	hear(other, "error 'no_session' ...");
	say(other, "detach $session");
	hear(other, "error 'no_session' ...");
	say(other, "attach nil $session nil");
	hear(other, "attached ...");
	say(mine, "heartbeat $session");
	hear(mine, "alive $session 0");
	peer_free(&mine);
	peer_free(&other);
}

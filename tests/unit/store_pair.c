/* The files of the page's certificate: what a server could not use is told before there is one. */
/* SPDX-License-Identifier: MIT */
#include "sinks/store/pair.h"
#include "tests/support/authority.h"

#include <criterion/criterion.h>
#include <string.h>

static struct place *place;

static void open_place(void)
{
	struct authority *authority;

	place = place_new();
	authority = authority_new(place);
	authority_certify(authority, "one", "DNS:localhost", 1);
	authority_certify(authority, "two", "DNS:localhost", 1);
	authority_free(&authority);
	place_write(place, "words", "%s", "neither\n");
}

static void close_place(void)
{
	place_free(&place);
}

TestSuite(store_pair, .init = open_place, .fini = close_place);

static void expect_refused(const char *certificate, const char *key, const char *why)
{
	struct err err = {0};

	cr_expect(pair_check(place_path(place, certificate), place_path(place, key), &err) == ERR_CONFIG,
		  "%s and %s", certificate, key);
	cr_expect_not_null(strstr(err.text, why), "%s", err.text);
}

Test(store_pair, of_certificate_and_key_is_good)
{
	struct err err = {0};

	cr_expect(pair_check(place_path(place, "one.pem"), place_path(place, "one.key"), &err) == OK, "%s",
		  err.text);
}

Test(store_pair, that_can_not_be_used_says_which_file_is_to_blame)
{
	expect_refused("none.pem", "one.key", "/none.pem: can't be read: No such file");
	expect_refused("one.pem", "none.key", "/none.key: can't be read: No such file");
	expect_refused("words", "one.key", "/words: holds no certificate in PEM");
	expect_refused("one.key", "one.key", "/one.key: holds no certificate in PEM");
	expect_refused("one.pem", "one.pem", "/one.pem: holds no private key in PEM");
	expect_refused("one.pem", "two.key", "/two.key is not the key of the first certificate in /");
}

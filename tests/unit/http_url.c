/* Where redirects may lead. */
/* SPDX-License-Identifier: MIT */
#include "common/http/url.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void joins(const char *base, const char *location, const char *want)
{
	char *url = http_url_join(base, location);

	if (want) {
		cr_assert_not_null(url, "%s", location);
		cr_expect_str_eq(url, want);
	} else {
		cr_expect_null(url, "%s", url);
	}
	free(url);
}

Test(http_url, a_location_is_whole_or_seen_from_where_it_was_told)
{
	joins("https://a.example/v2/x?y", "https://s3.example/f?Signature=a%2Bb",
	      "https://s3.example/f?Signature=a%2Bb");
	joins("https://a.example/v2/x?y", "/f?s=1", "https://a.example/f?s=1");
	joins("https://a.example/v2/x", "f", "https://a.example/v2/f");
	joins("https://a.example/v2/x", "//b.example/f", "https://b.example/f");
}

Test(http_url, other_schemes_and_passwords_are_no_locations)
{
	joins("https://a.example/", "file:///etc/passwd", NULL);
	joins("https://a.example/", "ftp://b.example/", NULL);
	joins("https://a.example/", "javascript:alert(1)", NULL);
	joins("https://a.example/", "https://me:secret@b.example/", NULL);
	joins("https://a.example/", "http://", NULL);
}

Test(http_url, from_the_internet_only_to_the_internet_by_https)
{
	static const char api[] = "https://api.buildkite.com/v2";
	static const char *const never[] = {
		"http://s3.example/f",
		"https://localhost/f",
		"https://LOCALHOST./f",
		"https://x.localhost/f",
		"https://127.0.0.1/f",
		"https://127.1.2.3:8443/f",
		"https://[::1]/f",
		"https://[::ffff:127.0.0.1]/f",
		"https://0.0.0.0/f",
		"https://2130706433/f",
		"https://0x7f.1/f",
		"",
		"/f",
	};

	cr_expect(http_url_may_follow(api, "https://s3.example/f?s=1"));
	cr_expect(http_url_may_follow(api, "https://10.0.0.7/f"), "a store of one's own network");
	cr_expect_not(http_url_may_follow("http://proxy.example/v2", "http://s3.example/f"));
	for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
		cr_expect_not(http_url_may_follow(api, never[i]), "%s", never[i]);
	}
}

Test(http_url, an_api_on_this_machine_may_lead_anywhere)
{
	cr_expect(http_url_may_follow("http://127.0.0.1:80/v2", "http://127.0.0.1:81/f"));
	cr_expect(http_url_may_follow("http://localhost/v2", "https://s3.example/f"));
	cr_expect_not(http_url_may_follow("https://localhost/v2", "http://s3.example/f"), "not less safe");
}

Test(http_url, addresses_of_the_machines_own_credentials_are_known)
{
	cr_expect(http_address_is_private_to_host("169.254.169.254"));
	cr_expect(http_address_is_private_to_host("::ffff:169.254.169.254"));
	cr_expect(http_address_is_private_to_host("fe80::1"));
	cr_expect(http_address_is_private_to_host("fd00:ec2::254"));
	cr_expect_not(http_address_is_private_to_host("127.0.0.1"));
	cr_expect_not(http_address_is_private_to_host("10.169.254.1"));
	cr_expect_not(http_address_is_private_to_host("2600:1f00::1"));
}

Test(http_url, one_origin_is_one_scheme_host_and_port)
{
	static const char api[] = "https://circleci.com/api/v2";

	cr_expect(http_url_same_origin(api, "https://circleci.com/output/job/1"));
	cr_expect(http_url_same_origin(api, "https://CircleCI.com:443/x"));
	cr_expect_not(http_url_same_origin(api, "http://circleci.com/x"));
	cr_expect_not(http_url_same_origin(api, "https://circleci.com:8443/x"));
	cr_expect_not(http_url_same_origin(api, "https://circleci.com.example/x"));
	cr_expect_not(http_url_same_origin(api, "https://me:pw@circleci.com/x"));
	cr_expect_not(http_url_same_origin(api, "no url"));
}

Test(http_url, within_a_domain_is_it_and_what_is_below_by_https)
{
	static const char domain[] = "circle-artifacts.com";
	static const char *const never[] = {
		"http://output.circle-artifacts.com/f",
		"https://output.circle-artifacts.com:8443/f",
		"https://circle-artifacts.com.evil.example/f",
		"https://evilcircle-artifacts.com/f",
		"https://me@output.circle-artifacts.com/f",
		"https://evil.example/circle-artifacts.com",
		"https://evil.example#.circle-artifacts.com",
		"https://evil.example\\.circle-artifacts.com/f",
		"circle-artifacts.com",
		"",
	};

	cr_expect(http_url_within("https://output.circle-artifacts.com/output/job/1", domain));
	cr_expect(http_url_within("https://3-84488553-GH.Circle-Artifacts.com/0/f", domain));
	cr_expect(http_url_within("https://circle-artifacts.com/f", domain));
	for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
		cr_expect_not(http_url_within(never[i], domain), "%s", never[i]);
	}
}

/* A request that says its length twice. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/dashboard_run.h"

#include <string.h>

static void init(void)
{
	static const char *const no_secrets[] = {NULL};

	sink_run_init("buildbus-sink-store", no_secrets);
}

TestSuite(dashboard_lengths, .init = init, .fini = sink_run_fini, .timeout = 180);

/* Nothing behind it is taken for a request. */
Test(dashboard_lengths, both_end_the_connection)
{
	static const char *const begins[] = {"GET /healthz", "POST /login"};
	struct wire_tap tap;
	char text[300];

	page_start("");
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
		int size =
			snprintf(text, sizeof text,
				 "%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: "
				 "chunked\r\n\r\n0\r\n\r\nGET /second HTTP/1.1\r\nHost: localhost\r\n\r\n",
				 begins[i]);

		tap_open(&tap);
		tap_send(&tap, text, (size_t)size);
		cr_expect(tap_ends(&tap), "%s keeps the connection", begins[i]);
		cr_expect(strncmp(tap.text, "HTTP/1.1 400 ", 13) == 0, "%s", tap.text);
		cr_expect_null(strstr(tap.text + 1, "HTTP/1.1 "), "%s", tap.text);
		tap_close(&tap);
	}
	expect_status("/healthz", "", 200);
}

/* docker-bigquery: the fake of BigQuery as a program, for sinks in containers. Prints its port, runs until it
 * is killed. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/bigquery/bigquery.h"

#include <unistd.h>

int main(void)
{
	static struct fake_bigquery fake = {.any_token = true};

	fake_bigquery_start(&fake);
	printf("%d\n", fake.port);
	fflush(stdout);
	for (;;) {
		pause();
	}
}

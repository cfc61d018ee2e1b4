/* SPDX-License-Identifier: MIT */
#include "common/denial.h"
#include "common/log.h"
#include "common/metrics.h"

#include <stdio.h>
#include <string.h>

void denial_tell(struct denial *denial, const char *why)
{
	++*metrics_counter("buildbus_bus_refused_total", "Times that the hub did not let this process in.",
			   NULL);
	if (strncmp(denial->told, why, sizeof denial->told - 1) != 0) {
		snprintf(denial->told, sizeof denial->told, "%s", why);
		log_warn("bus.refused", STR("why", why));
	}
}

void denial_over(struct denial *denial)
{
	if (denial->told[0]) {
		denial->told[0] = '\0';
		log_info("bus.admitted", STR("why", "the hub lets this process in again"));
	}
}

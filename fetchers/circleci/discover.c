/* Which projects the token follows: the pipelines of each of its organizations tell. That list has those of
 * projects built lately only, so what was found once stays. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include <stdlib.h>

void discovery_free(struct discovery **discovery)
{
	free(*discovery);
	*discovery = NULL;
}

enum status discover_start(struct visit *visit, struct err *err)
{
	(void)visit;
	return err_set(err, ERR_CONFIG, "circleci: project_slug \"*\" is not there yet: name the projects");
}

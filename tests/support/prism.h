/* Prism, the validator of npm's @stoplight/prism-cli, and the specifications that it reads: neither is part
 * of the project. */
/* SPDX-License-Identifier: MIT */
#pragma once

/* The path of a specification beside the project or in $BUILDBUS_SPECS; NULL: not on this machine. */
const char *prism_specification(const char *name);
/* Prism's program, installed into the build's folder, where it stays for the next run; NULL: no registry gave
 * it.
 */
const char *prism_program(void);

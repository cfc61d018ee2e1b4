/* The units for systemd: tight by its own measure, without a remark of its verifier, and booted. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/place.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define INSTRUMENTED true
#else
#define INSTRUMENTED false
#endif

#define EXPOSURE_MAX 2.0

static struct place *place;

/* What the shell command before it printed, heap. */
static char *read_said(void)
{
	size_t size;
	char *out = place_read(place, "said", &size);

	cr_assert(out);
	return out;
}

/* What a shell command in the place prints, heap. */
#define sh(...) (place_sh(place, __VA_ARGS__), read_said())

static void need(bool is, const char *why)
{
	if (!is) {
		cr_skip_test("%s", why);
	}
}

static void open_place(void)
{
	place = place_new();
}

static void close_place(void)
{
	place_free(&place);
}

TestSuite(systemd, .init = open_place, .fini = close_place, .timeout = 240);

static double exposure(const char *unit)
{
	char *said = sh("systemd-analyze security --offline=true --no-pager '%s'", unit),
	     *level = strstr(said, "exposure level for");
	double number = level ? strtod(strchr(level, ':') + 1, NULL) : -1;

	cr_assert_geq(number, 0, "%s: %s", unit, said);
	free(said);
	return number;
}

Test(systemd, each_unit_is_exposed_to_little)
{
	glob_t units;

	need(access("/usr/bin/systemd-analyze", X_OK) == 0, "no systemd-analyze here");
	cr_assert_eq(glob(SOURCE_DIR "/compose/systemd/*.service", 0, NULL, &units), 0);
	for (size_t i = 0; i < units.gl_pathc; i++) {
		double level = exposure(units.gl_pathv[i]);

		cr_expect_leq(level, EXPOSURE_MAX, "%s: %.1f", units.gl_pathv[i], level);
	}
	cr_expect_geq(units.gl_pathc, 6);
	globfree(&units);
	place_write(place, "open.service", "[Service]\nExecStart=/bin/true\n");
	cr_expect_gt(exposure(place_path(place, "open.service")), EXPOSURE_MAX);
}

Test(systemd, its_verifier_has_no_remark_on_what_is_installed)
{
	static const char verify[] = "systemd-analyze verify --man=no usr/lib/systemd/system/buildbus*";
	char *said;

	need(access("/usr/bin/systemd-analyze", X_OK) == 0, "no systemd-analyze here");
	free(sh("cmake --install '%s' --prefix usr", BUILD_DIR));
	said = sh(verify);
	cr_expect_str_empty(said);
	free(said);
	said = sh("for program in $(ls usr/bin | grep -E '^buildbus-(normalizer|fetch-|sink-)'); do "
		  "ls usr/lib/systemd/system/$program.service usr/lib/systemd/system/$program@.service "
		  "2>/dev/null | grep -q . || echo $program has no unit; done");
	cr_expect_str_empty(said);
	free(said);
	free(sh("sed -i 's/^User=/Usr=/' usr/lib/systemd/system/buildbus-sink-store.service && "
		"rm usr/bin/buildbus-normalizer"));
	said = sh(verify);
	cr_expect(strstr(said, "Unknown key") && strstr(said, "not executable"), "%s", said);
	free(said);
}

/* tests/pipeline/systemd_inside has the steps. */
Test(systemd, a_machine_that_boots_them_carries_builds_and_keeps_them_apart)
{
	char *said;
	int good = 0;

	need(!INSTRUMENTED, "sanitizers need what the units forbid");
	need(geteuid() == 0, "only root may boot a container");
	need(access("/usr/bin/systemd-nspawn", X_OK) == 0,
	     "no systemd-nspawn here (Debian: systemd-container)");
	free(sh("DESTDIR=made cmake --install '%s' --prefix /usr/local", BUILD_DIR));
	said = sh("bash " SOURCE_DIR "/tests/pipeline/systemd_boot made " SOURCE_DIR
		  "/tests/pipeline/systemd_inside '%s/bin/buildbus-sim'",
		  BUILD_DIR);
	need(strncmp(said, "skip: ", 6) != 0, said + 6);
	for (const char *at = said; (at = strstr(at, "ok: ")); at++) {
		good++;
	}
	cr_expect(good == 22 && !strstr(said, "not ok: "), "%s", said);
	free(said);
}

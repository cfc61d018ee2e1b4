/* The tarball: unpacked anywhere, it needs glibc and nothing else of the machine. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/place.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct place *place;

#define sh(...) place_sh(place, __VA_ARGS__)

/* Far from the build, whose files are not to be found by chance. */
static void unpack(void)
{
	place = place_new();
	cr_assert_eq(sh("cmake --install '%s' --prefix made", BUILD_DIR), 0);
	cr_assert_eq(sh("(cd '%s' && compose/package '%s/made' buildbus '%s/out.tar.gz')", SOURCE_DIR,
			place->folder, place->folder),
		     0);
	cr_assert_eq(sh("rm -r made && mkdir -p 'an other' && tar -C 'an other' -xf out.tar.gz && "
			"mv 'an other/buildbus' moved"),
		     0);
}

static void clean(void)
{
	place_free(&place);
}

TestSuite(package, .init = unpack, .fini = clean, .timeout = 240);

#if defined(__SANITIZE_ADDRESS__)
#define INSTRUMENTED true
#else
#define INSTRUMENTED false
#endif

Test(package, takes_nothing_but_glibc_from_the_machine)
{
	if (INSTRUMENTED) {
		cr_skip_test("sanitizers bring libraries of their own");
	}
	cr_expect_eq(sh("for file in moved/bin/buildbus* moved/lib/*.so*; do env -i /usr/bin/ldd $file || "
			"true; done | "
			"grep -v statically >libraries && grep -q \"moved/bin/../lib\" libraries"),
		     0);
	/* Of programs: what is found outside, and is not of glibc. */
	cr_expect_neq(
		sh("for file in moved/bin/buildbus*; do env -i /usr/bin/ldd $file; done | grep '=> ' | "
		   "grep -v \"$PWD/moved/\" | "
		   "grep -vE '^\\s(libc|libm|libdl|libpthread|librt|libresolv|libutil|libanl)\\.so\\.'"),
		0);
}

Test(package, needs_no_glibc_newer_than_that_of_debian_12)
{
	if (INSTRUMENTED) {
		cr_skip_test("sanitizers bring libraries of their own");
	}
	cr_expect_neq(sh("objdump -T moved/bin/buildbus* moved/lib/*.so* | grep -o 'GLIBC_2\\.[0-9]*' | sort "
			 "-u -t. "
			 "-k2 -n | grep -vE 'GLIBC_2\\.([0-9]|[12][0-9]|3[0-6])$'"),
		      0);
}

Test(package, holds_what_people_run_and_no_simulator)
{
	cr_expect_eq(sh("test -x moved/bin/buildbus-normalizer && ! test -e moved/bin/buildbus-sim"), 0);
	cr_expect_eq(
		sh("cmake --install '%s' --prefix demo --component demo && test -x demo/bin/buildbus-sim && "
		   "! test -e demo/bin/buildbus",
		   BUILD_DIR),
		0);
}

Test(package, runs_without_any_variable)
{
	place_write(place, "buildbus.yml", "bus: {state_dir: state}\ndestinations: [store]\n");
	cr_expect_eq(sh("env -i moved/bin/buildbus --version | grep -q '^buildbus '"), 0);
	cr_expect_eq(sh("env -i moved/bin/buildbus validate --online -c buildbus.yml"), 0);
	cr_expect_eq(sh("env -i moved/bin/buildbus-fetch-buildkite --version"), 0);
	cr_expect_eq(sh("env -i moved/bin/buildbus-sink-firestore --version"), 0);
}

/* The scripts of compose/, with what they call replaced by something that only writes down how. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static char folder[64];

/* A script in the folder; its exit code. */
static int sh(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int sh(const char *format, ...)
{
	char *script, *whole;
	va_list values;
	int code;

	va_start(values, format);
	cr_assert(vasprintf(&script, format, values) > 0);
	va_end(values);
	cr_assert(asprintf(&whole, "cd '%s' && { %s\n} >>log 2>&1", folder, script) > 0);
	code = system(whole);
	free(script);
	free(whole);
	return code;
}

static void open_folder(void)
{
	snprintf(folder, sizeof folder, "/tmp/buildbus-test-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(sh("mkdir bin tmp compose && cp " SOURCE_DIR "/compose/install " SOURCE_DIR
			"/compose/build compose/"),
		     0);
}

static void remove_folder(void)
{
	cr_assert_eq(sh("rm -rf '%s'", folder), 0);
}

TestSuite(scripts, .init = open_folder, .fini = remove_folder);

/* compose/up after `BUILDBUS_WEB=OFF compose/up` shares its build folder. */
Test(scripts, of_the_build_say_each_time_whether_the_page_is_wanted)
{
	cr_assert_eq(sh("echo : >compose/install\n"
			"echo '#!/bin/sh\necho \"$@\" >>%s/said' >bin/cmake\n"
			"chmod +x bin/cmake\n"
			"export PATH=\"$PWD/bin:$PATH\"\n"
			"BUILDBUS_WEB=OFF compose/build release build\n"
			"compose/build release build",
			folder),
		     0);
	cr_expect_eq(sh("sed -n 2p said | grep -q -- '--target page$'"), 0, "npm is asked last");
	cr_expect_eq(sh("test \"$(grep -o 'WEB=.*' said | tr '\\n' ,)\" = WEB=OFF,WEB=ON,"), 0);
}

/* Somebody who is neither root nor has sudo. */
Test(scripts, that_may_not_install_leave_nothing_behind)
{
	cr_expect_neq(
		sh("for tool in bash env grep mktemp rm cat; do ln -s \"$(command -v $tool)\" bin/; done\n"
		   "echo '#!/bin/sh\necho 1000' >bin/id\n"
		   "chmod +x bin/id\n"
		   "PATH=$PWD/bin TMPDIR=$PWD/tmp compose/install build"),
		0);
	cr_expect_eq(sh("grep -q 'as root, install: ' log && ! grep 'command not found' log"), 0);
	cr_expect_eq(sh("test -z \"$(ls tmp)\""), 0);
}

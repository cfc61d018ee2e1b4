/* Certificates as libbuildbus-tap reads them. */
/* SPDX-License-Identifier: MIT */
#include "common/tap/certificate.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#define PUBLIC "=l6hh-w)eVi$CU$7xCYX>qGjT&Tq/f6}-t+Wjj:r"
#define SECRET "#{{>/r(m:4AOSLojIJ7B9kWItJ6DP4!U[r*mLJ}="

/* Z85 has = and # among its letters. */
Test(tap_certificate, of_keys_that_begin_with_any_letter)
{
	char path[] = "/tmp/buildbus-certificate-XXXXXX", public_key[41], secret_key[41];
	FILE *file = fdopen(mkstemp(path), "w");
	struct err err = {0};

	cr_assert(file);
	fputs("metadata\n    role = \"tap\"\ncurve\n    public-key = \"" PUBLIC "\"\n"
	      "    secret-key = \"" SECRET "\"\n",
	      file);
	fclose(file);
	cr_expect(certificate_read(path, public_key, secret_key, &err) == OK, "%s", err.text);
	cr_expect_str_eq(public_key, PUBLIC);
	cr_expect_str_eq(secret_key, SECRET);
	unlink(path);
}

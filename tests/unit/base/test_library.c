/* SPDX-License-Identifier: Apache-2.0 */
#include <base/library.h>

#include <criterion/criterion.h>
#include <string.h>

/* The C library is there already; it stands for one that is found. */
#define FOUND "libc.so.6"

static int (*found)(int);
static int (*lacking)(int);

Test(library, found_and_filled_in)
{
	static const struct library_symbol symbols[] = {{"abs", &found}};
	static struct library l = LIBRARY_INIT(FOUND, symbols);
	struct err err = ERR_INIT;

	cr_assert_eq(library_load(&l, &err), 0, "%s", err.msg);
	cr_expect_eq(found(-3), 3);
	cr_expect_eq(library_load(&l, &err), 0);
}

Test(library, missing)
{
	static struct library l = {"libbelljar-nowhere.so.9", NULL, 0, PTHREAD_MUTEX_INITIALIZER,
				   false};
	struct err err = ERR_INIT;

	cr_assert_eq(library_load(&l, &err), -1);
	cr_expect_eq(err.code, ERR_HOST);
	cr_expect(strstr(err.msg, "the library libbelljar-nowhere.so.9 cannot be loaded"), "%s",
		  err.msg);
	cr_expect_eq(library_load(&l, &err), -1, "a failure is not remembered as a success");
}

Test(library, another_version)
{
	static const struct library_symbol symbols[] = {{"abs", &found},
							{"belljar_nowhere", &lacking}};
	static struct library l = LIBRARY_INIT(FOUND, symbols);
	struct err err = ERR_INIT;

	cr_assert_eq(library_load(&l, &err), -1);
	cr_expect_eq(err.code, ERR_HOST);
	cr_expect(strstr(err.msg, FOUND " has no belljar_nowhere"), "%s", err.msg);
	cr_expect_null((void *)(uintptr_t)lacking);
}

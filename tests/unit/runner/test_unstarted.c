/* SPDX-License-Identifier: Apache-2.0 */
#include "unstarted.h"

#include "fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const char *const argv[] = {"/bin/bash", NULL};

/* Of a phase "build" with or without a `dir`. */
static struct err explain(const char *dir, const struct room_result *res, const char *more)
{
	static char name[] = "build", folder[] = "recipes/demo";
	struct phase phase = {.name = name, .dir_line = 24, .dir_column = 10};
	struct recipe recipe = {.dir = folder, .phases = &phase, .n_phases = 1};
	struct plan_node node = {.recipe = &recipe};
	char cwd[300];
	struct room_command cmd = {.name = name, .argv = argv, .cwd = cwd};
	struct err err = ERR_INIT;

	snprintf(cwd, sizeof(cwd), "/build%s%s", dir ? "/" : "", dir ? dir : "");
	phase.dir = dir ? strdup(dir) : NULL;
	cr_assert_lt(unstarted_explain(&node, &cmd, res, "mini", more, &err), 0);
	free(phase.dir);
	return err;
}

Test(unstarted, what_is_there_instead)
{
	struct room_result res = {.start = ROOM_NO_CWD,
				  .start_errno = ENOENT,
				  .there = "/build",
				  .folders = "docs/xen-4.20.1/"};
	struct err err = explain("xen-4.20/tools", &res, "; more");

	cr_assert_eq(err.code, ERR_INPUT);
	cr_assert_str_eq(err.msg, "recipes/demo/recipe.yaml:24:10: 'dir' of phase build: there is "
				  "no folder /build/xen-4.20/tools in the room; /build has the "
				  "folders docs, xen-4.20.1 (did you mean 'xen-4.20.1'?); more");
}

Test(unstarted, one_folder_none_and_many)
{
	struct room_result res = {.start = ROOM_NO_CWD,
				  .start_errno = ENOENT,
				  .there = "/build/src",
				  .folders = "a\x1b[31m/"};
	struct err err = explain("src/none", &res, "");

	cr_assert(strstr(err.msg, "; /build/src has the folder a\\x1b[31m"), "%s", err.msg);
	res.folders[0] = '\0';
	err = explain("src/none", &res, "");
	cr_assert(strstr(err.msg, "; /build/src has no folders"), "%s", err.msg);
	for (int i = 0; i < 100; i++)
		memcpy(res.folders + 2 * i, "f/", 3);
	err = explain("src/none", &res, "");
	cr_assert(strstr(err.msg, "f, f, f, ..."), "%s", err.msg);
	cr_assert_null(strstr(err.msg, "f, f, f, f, f, f, f, f, f, f, f, f, f"), "%s", err.msg);
}

Test(unstarted, what_cannot_be_entered)
{
	struct room_result res = {.start = ROOM_NO_CWD, .start_errno = ENOTDIR};
	struct err err = explain("file", &res, "");

	cr_assert_eq(err.code, ERR_INPUT);
	cr_assert(strstr(err.msg, "24:10: 'dir' of phase build: cannot enter /build/file: Not a"),
		  "%s", err.msg);
	res.start_errno = EACCES;
	err = explain(NULL, &res, "");
	cr_assert_eq(err.code, ERR_BUILD, "the recipe names no folder");
	cr_assert_str_eq(err.msg, "phase build: cannot enter /build: Permission denied");
}

Test(unstarted, no_shell)
{
	struct room_result res = {.start = ROOM_NO_EXEC, .start_errno = ENOENT};
	struct err err = explain(NULL, &res, "");

	cr_assert_eq(err.code, ERR_INPUT);
	cr_assert_str_eq(err.msg, "phase build did not begin: cannot run /bin/bash of toolchain "
				  "'mini': No such file or directory");
	res.start_errno = EAGAIN;
	err = explain(NULL, &res, "; it met a limit: processes");
	cr_assert_eq(err.code, ERR_BUILD);
	cr_assert(strstr(err.msg, "unavailable; it met a limit"), "%s", err.msg);
}

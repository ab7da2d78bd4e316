/* SPDX-License-Identifier: Apache-2.0 */
/* helper_probe NAME: print the path of helper NAME, or the error, as process_helper_path() says. */
#include <base/cleanup.h>
#include <base/process.h>

int main(int argc, char **argv)
{
	_cleanup_free_ char *path = NULL;
	struct err err = ERR_INIT;

	if (argc != 2)
		return 2;
	if (process_helper_path(argv[1], &path, &err) < 0) {
		fputs(err.msg, stderr);
		return err.code;
	}
	fputs(path, stdout);
	return 0;
}

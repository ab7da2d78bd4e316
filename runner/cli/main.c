/* SPDX-License-Identifier: Apache-2.0 */
/* Alone in its file, so that tests/fuzz can link all the rest. */
#include "cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The command line, one word a line, and the values that are more than texts. */
#include "fuzz.h"

#include "cli.h"

#define MAX_WORDS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(parsed_release) struct parsed p = {0};
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_(strv_release) struct strv values = STRV_INIT;
	struct room_limits limits = {0};
	char *argv[MAX_WORDS + 1], name[] = "belljar";
	struct err err = ERR_INIT;
	unsigned number = 7;
	int argc = fuzz_words(text, '\n', name, argv, MAX_WORDS);

	if (fuzz_result(cli_parse(argc, argv, &p, &err), &err) < 0)
		return 0;
	fuzz_check(p.n_operands < (size_t)argc && p.n_given <= size);
	opt_values(&p, OPT_SET, &values);
	fuzz_result(cli_read_limits(&p, &limits, &err), &err);
	if (fuzz_result(opt_number(&p, OPT_CORES, 1, 64, &number, &err), &err) == 0)
		fuzz_check(number >= 1 && number <= 64);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper `unpack`, without its process: any archive into a folder, and the same bytes once more
 * as the data.tar of a package. Nothing beside the folder may change, and what is in it afterwards
 * must be a tree that can be hashed.
 */
#include "fuzz.h"

#include "unpack.h"
#include <base/file.h>
#include <base/nar.h>
#include <fcntl.h>
#include <locale.h>
#include <string.h>

#define AR_MAGIC "!<arch>\n"

static const char sentinel[] = "this must stay as it is\n";

static void set_up(void)
{
	static bool done;

	if (!done) {
		setlocale(LC_CTYPE, "C.UTF-8");
		fuzz_fence();
		fuzz_check(mkdirat(fuzz_dirfd(), "beside", 0755) == 0);
		fuzz_put("beside/sentinel", sentinel, strlen(sentinel));
		done = true;
	}
	fuzz_check(mkdirat(fuzz_dirfd(), "out", 0755) == 0);
}

/* "beside" with one file in it, and "out": nothing else, nothing changed. */
static void check_world(void)
{
	static struct sha256 first;
	static bool known;
	struct nar_stats stats = {0};
	struct err err = ERR_INIT;
	struct sha256 hash;

	fuzz_check(nar_hash_at(fuzz_dirfd(), "out", &hash, &stats, &err) == 0);
	fuzz_check(file_remove_tree(fuzz_dirfd(), "out", &err) == 0);
	fuzz_check(nar_hash_at(fuzz_dirfd(), ".", &hash, &stats, &err) == 0);
	fuzz_check(stats.files == 1 && stats.dirs == 2 && stats.links == 0);
	fuzz_check(!known || sha256_equal(&hash, &first));
	first = hash;
	known = true;
}

static void unpack(const void *data, size_t size, bool deb, unsigned strip)
{
	_cleanup_close_ int fd = fuzz_fd(data, size), dir = -1;
	struct unpack_job job = {.archive_fd = fd,
				 .name = "input",
				 .deb = deb,
				 .strip = strip,
				 .max_bytes = 1 << 20,
				 .max_entries = 1000};
	struct unpack_stats stats = {0};
	struct err err = ERR_INIT;

	set_up();
	dir = openat(fuzz_dirfd(), "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	job.dirfd = dir;
	if (fuzz_result(unpack_archive(&job, &stats, &err), &err) == 0)
		fuzz_check(stats.entries <= job.max_entries && stats.bytes <= job.max_bytes);
	check_world();
}

static void add_member(struct strbuf *sb, const char *name, const void *data, size_t size)
{
	strbuf_addf(sb, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name, 0, 0, 0, "100644", size);
	strbuf_add(sb, data, size);
	if (size % 2)
		strbuf_addc(sb, '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(strbuf_release) struct strbuf deb = STRBUF_INIT;
	size_t magic = strlen(AR_MAGIC);

	if (size >= magic && memcmp(data, AR_MAGIC, magic) == 0) {
		unpack(data, size, true, 0);
		return 0;
	}
	unpack(data, size, false, size / 512 % 2);
	strbuf_adds(&deb, AR_MAGIC);
	add_member(&deb, "debian-binary", "2.0\n", 4);
	add_member(&deb, "control.tar", "", 0);
	add_member(&deb, "data.tar", data, size);
	unpack(deb.s, deb.len, true, 0);
	return 0;
}

#ifdef FUZZ_LIBFUZZER
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

enum { BLOCK = 512, SUM = 148, SUM_LEN = 8, MAGIC = 257 };

/* ustar: the sum of the header's bytes, its own field counted as blanks. */
static void repair(uint8_t *block)
{
	unsigned sum = 0;

	if (memcmp(block + MAGIC, "ustar", 5) != 0)
		return;
	memset(block + SUM, ' ', SUM_LEN);
	for (size_t i = 0; i < BLOCK; i++)
		sum += block[i];
	snprintf((char *)block + SUM, SUM_LEN - 1, "%06o", sum);
}

/* Without a right checksum hardly any mutant would be read further than its first header. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	size_t blocks = size / BLOCK, at = blocks ? seed / 8 % blocks * BLOCK : 0;

	if (!blocks || seed % 8 == 0)
		size = LLVMFuzzerMutate(data, size, max);
	else if (seed % 8 == 1 && size + BLOCK <= max) {
		memmove(data + at + BLOCK, data + at, size - at);
		size += BLOCK;
	} else
		LLVMFuzzerMutate(data + at, BLOCK, BLOCK);
	for (at = 0; at + BLOCK <= size; at += BLOCK)
		repair(data + at);
	return size;
}
#endif

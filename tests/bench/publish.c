/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish STORE FOLDER NAME: what a build does with its output, without the build: FOLDER/NAME is
 * normalised, hashed and moved into the store; prints the tree hash. For tests/bench/run export.
 */
#include <fcntl.h>
#include <stdio.h>
#include <store/store.h>
#include <unistd.h>

static int publish(const char *path, int dirfd, const char *name, struct err *err)
{
	struct tree_stats stats = {0};
	struct store *store = NULL;
	char hex[SHA256_HEX_LEN + 1];
	struct sha256 hash;
	int r = store_open(path, STORE_CREATE, &store, err);

	if (r == 0)
		r = store_tree_publish(store, dirfd, name, false, &hash, &stats, err);
	if (r == 0) {
		sha256_to_hex(&hash, hex);
		puts(hex);
	}
	store_close(store);
	return r;
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	int dirfd;

	if (argc != 4) {
		fprintf(stderr, "usage: publish STORE FOLDER NAME\n");
		return 2;
	}
	dirfd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0 || publish(argv[1], dirfd, argv[3], &err) < 0) {
		fprintf(stderr, "publish: %s\n", dirfd < 0 ? "no such folder" : err.msg);
		return 1;
	}
	close(dirfd);
	return 0;
}

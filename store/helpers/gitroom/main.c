/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gitroom: become the host's git, confined.
 *
 *	gitroom --dir DIRECTORY [--network] [--read PATH] [--file-max BYTES] -- ARGUMENTS
 *
 * DIRECTORY is the only place that git and what it starts may write to, and its working directory;
 * its file `gitconfig` is the only configuration. Programs, certificates and the name service's
 * files may be read, and PATH: a repository on this host. Without --network there are no sockets.
 * When it ends, everything that git has started is dead (alone.h). See ../README.md.
 */
#include "alone.h"

#include <base/cleanup.h>
#include <base/confine.h>
#include <base/file.h>
#include <base/str.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/resource.h>

/* More than any repository needs whose files are streamed; less than what would hurt the host. */
#define MEMORY_MAX (16ull << 30)

#define NOTHING "/dev/null"

static const char *const readable[] = {
	/* git, what it starts, their libraries */
	"/usr",
	"/bin",
	"/lib",
	"/lib64",
	"/nix/store",
	"/gnu/store",
	"/etc/ld.so.cache",
	/* certificates */
	"/etc/ssl",
	"/etc/pki",
	"/etc/ca-certificates",
	/* name service */
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/nsswitch.conf",
	"/etc/gai.conf",
	"/etc/services",
	"/etc/protocols",
	"/etc/passwd",
	"/etc/localtime",
	/* names of temporary files */
	"/dev/urandom",
};

struct options {
	const char *dir, *read;
	bool network;
	unsigned long long file_max;
	char **args; /* of git */
};

static void add_readable(int *fds, size_t *n, const char *path)
{
	int fd = str_empty(path) ? -1 : open(path, O_PATH | O_CLOEXEC);

	if (fd >= 0)
		fds[(*n)++] = fd;
}

static int confine(const struct options *o, struct err *err)
{
	int reads[ARRAY_SIZE(readable) + 4], writes[2];
	struct confine c = {.write_fds = writes,
			    .n_write_fds = 2,
			    .read_fds = reads,
			    .network = o->network,
			    .exec = true};
	const char *missing;

	writes[0] = file_open(AT_FDCWD, o->dir, O_RDONLY | O_DIRECTORY, 0, err);
	if (writes[0] < 0)
		return -1;
	/* git opens it for reading and writing where a standard fd is missing. */
	writes[1] = file_open(AT_FDCWD, NOTHING, O_PATH, 0, err);
	if (writes[1] < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(readable); i++)
		add_readable(reads, &c.n_read_fds, readable[i]);
	add_readable(reads, &c.n_read_fds, o->read);
	add_readable(reads, &c.n_read_fds, o->network ? getenv("SSL_CERT_FILE") : NULL);
	add_readable(reads, &c.n_read_fds, o->network ? getenv("SSL_CERT_DIR") : NULL);
	if (fchdir(writes[0]) < 0)
		return err_set(err, ERR_HOST, errno, "enter the work area");
	/* The fds are closed by exec. */
	if (confine_self(&c, &missing, err) < 0)
		return -1;
	if (missing)
		fprintf(stderr, "gitroom: lacks %s\n", missing);
	return 0;
}

static void pass(struct strv *env, const char *name, const char *as)
{
	const char *value = getenv(name);

	if (!str_empty(value))
		strv_pushf(env, "%s=%s", as, value);
}

/* Nothing of the caller's environment but what says how to reach the network. */
static void environment(const struct options *o, struct strv *env)
{
	static const char *const fixed[] = {"PATH=/usr/bin:/bin",
					    "LC_ALL=C",
					    "TZ=UTC",
					    "GIT_CONFIG_NOSYSTEM=1",
					    "GIT_ATTR_NOSYSTEM=1",
					    "GIT_TERMINAL_PROMPT=0",
					    "GIT_ASKPASS=/bin/false",
					    "SSH_ASKPASS=/bin/false",
					    "GIT_NO_REPLACE_OBJECTS=1",
					    "GIT_OPTIONAL_LOCKS=0"};
	static const char *const proxies[] = {"http_proxy", "https_proxy", "HTTPS_PROXY",
					      "all_proxy",  "ALL_PROXY",   "no_proxy",
					      "NO_PROXY"};

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		strv_push(env, fixed[i]);
	strv_pushf(env, "HOME=%s", o->dir);
	strv_pushf(env, "TMPDIR=%s", o->dir);
	strv_pushf(env, "GIT_CONFIG_GLOBAL=%s/gitconfig", o->dir);
	strv_pushf(env, "GIT_CEILING_DIRECTORIES=%s", o->dir);
	for (size_t i = 0; o->network && i < ARRAY_SIZE(proxies); i++)
		pass(env, proxies[i], proxies[i]);
	if (o->network) {
		pass(env, "SSL_CERT_FILE", "GIT_SSL_CAINFO");
		pass(env, "SSL_CERT_DIR", "GIT_SSL_CAPATH");
	}
}

static int limit(int what, unsigned long long max, struct err *err)
{
	const struct rlimit r = {.rlim_cur = max, .rlim_max = max};
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)what, &now) == 0 && now.rlim_max <= max)
		return 0; /* the host is stricter */
	if (setrlimit((__rlimit_resource_t)what, &r) < 0)
		return err_set(err, ERR_HOST, errno, "setrlimit");
	return 0;
}

static int parse(int argc, char **argv, struct options *o, struct err *err)
{
	static const struct option known[] = {{"dir", required_argument, NULL, 'd'},
					      {"network", no_argument, NULL, 'n'},
					      {"read", required_argument, NULL, 'r'},
					      {"file-max", required_argument, NULL, 'f'},
					      {0}};
	int c;

	while ((c = getopt_long(argc, argv, "+", known, NULL)) != -1) {
		switch (c) {
		case 'd':
			o->dir = optarg;
			break;
		case 'n':
			o->network = true;
			break;
		case 'r':
			o->read = optarg;
			break;
		case 'f':
			o->file_max = strtoull(optarg, NULL, 10);
			break;
		default:
			return err_set(err, ERR_USAGE, 0, "gitroom: unknown option");
		}
	}
	if (!o->dir || o->dir[0] != '/' || optind >= argc)
		return err_set(err, ERR_USAGE, 0,
			       "usage: gitroom --dir DIRECTORY [--network] -- ARGUMENTS");
	o->args = argv + optind;
	return 0;
}

static int run_git(const struct options *o, struct err *err)
{
	_cleanup_(strv_release) struct strv env = STRV_INIT, args = STRV_INIT;

	strv_push(&args, "git");
	for (char **arg = o->args; *arg; arg++)
		strv_push(&args, *arg);
	environment(o, &env);
	umask(022);
	if (confine(o, err) < 0 || limit(RLIMIT_CORE, 0, err) < 0 ||
	    limit(RLIMIT_FSIZE, o->file_max, err) < 0 || limit(RLIMIT_AS, MEMORY_MAX, err) < 0)
		return -1;
	/* By the caller's PATH: git is a program of this host, wherever it keeps it. */
	execvpe("git", args.v, env.v);
	return err_set(err, ERR_HOST, errno,
		       "cannot run git, which fetches sources that are pinned by commit");
}

/* 127 and "gitroom: " are for what is not git's own doing. */
static int complain(const struct err *err)
{
	fprintf(stderr, "gitroom: %s\n", err->msg);
	return 127;
}

static int become_git(void *arg)
{
	struct err err = ERR_INIT;

	run_git(arg, &err);
	return complain(&err);
}

int main(int argc, char **argv)
{
	struct options o = {.file_max = 1ull << 40};
	struct err err = ERR_INIT;
	int status = -1;

	if (parse(argc, argv, &o, &err) == 0)
		status = alone_run(become_git, &o, &err);
	return status < 0 ? complain(&err) : status;
}

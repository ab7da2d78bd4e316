/* SPDX-License-Identifier: Apache-2.0 */
/* belljar doctor: what this host can do. Every line is found out by trying it, not by a version. */
#include "cli.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <base/process.h>
#include <fcntl.h>
#include <sandbox/host.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>

struct findings {
	struct cli *c;
	json_t *doc;
	bool room_failed, other_failed;
};

enum verdict { GOOD, LACKS, FAILS };

static void tell(struct findings *f, enum verdict v, const char *what, const char *text)
{
	static const char *const words[] = {"ok", "lacks", "FAILS"};
	json_t *o = json_object();

	json_set_str(o, "verdict", words[v]);
	json_set_str(o, "text", text);
	json_set(f->doc, what, o);
	if (!f->c->json)
		printf(*text ? "%-6s %-28s %s\n" : "%-6s %s%s\n", words[v], what, text);
}

static void check_feature(struct findings *f, const struct host_feature *h)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	if (h->present) {
		tell(f, GOOD, h->name, h->detail);
		return;
	}
	strbuf_adds(&sb, h->lost);
	if (*h->detail)
		strbuf_addf(&sb, " (%s)", h->detail);
	if (*h->since)
		strbuf_addf(&sb, "; since Linux %s", h->since);
	if (*h->enable)
		strbuf_addf(&sb, "; to turn it on: %s", h->enable);
	tell(f, h->required ? FAILS : LACKS, h->name, strbuf_str(&sb));
}

static void check_features(struct findings *f)
{
	struct host_features host;

	host_features(&host);
	for (size_t i = 0; i < host.n; i++)
		check_feature(f, &host.f[i]);
}

/* The one test that counts: a room with every wall, and a command in it. */
static void check_room(struct findings *f)
{
	static const char *const argv[] = {"/bin/true", NULL}, *const env[] = {NULL};
	struct room_command command = {.name = "true", .argv = argv, .env = env, .cwd = "/"};
	struct room_spec spec = {.root = ROOM_ROOT_HOST_RO,
				 .commands = &command,
				 .n_commands = 1,
				 .stdin_fd = -1,
				 .stdout_fd = -1,
				 .stderr_fd = -1,
				 .record_fd = -1};
	struct room_handler handler = {0};
	struct room_result result = {0};
	struct err err = ERR_INIT;
	_cleanup_free_ char *text = NULL;

	f->room_failed = room_run(&spec, &handler, &result, &err) < 0 || result.status;
	if (!f->room_failed)
		text = xasprintf("%s, in %.1f ms; walls: %s",
				 geteuid() ? "without privilege" : "as root, under its own uid",
				 result.seconds * 1000, result.walls);
	else
		text = err.code ? xstrdup(err.msg)
				: xasprintf("/bin/true ended with status %d", result.status);
	tell(f, f->room_failed ? FAILS : GOOD, "room", text);
}

static void check_helper(struct findings *f, const char *name, const char *need)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	struct err err = ERR_INIT;

	if (process_helper_path(name, &path, &err) < 0) {
		f->other_failed = true;
		text = xasprintf("%s; needed to %s", err.msg, need);
	}
	tell(f, text ? FAILS : GOOD, name, text ? text : path);
}

static bool on_path(const char *name)
{
	_cleanup_free_ char *copy = xstrdup(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	char *save = NULL;

	for (char *dir = strtok_r(copy, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		_cleanup_free_ char *path = path_join(dir, name);

		if (!access(path, X_OK))
			return true;
	}
	return false;
}

static void check_program(struct findings *f, const char *name, const char *need)
{
	_cleanup_free_ char *text =
		xasprintf("%sneeded to %s", on_path(name) ? "" : "not on PATH; ", need);

	tell(f, on_path(name) ? GOOD : LACKS, name, text);
}

static void check_store(struct findings *f)
{
	_cleanup_free_ char *text = NULL;
	struct err err = ERR_INIT;
	struct statvfs fs;
	char bytes[32] = "?";

	if (cli_open_store(f->c, STORE_CREATE, &err) < 0) {
		f->other_failed = true;
		tell(f, FAILS, "store", err.msg);
		return;
	}
	if (!fstatvfs(store_fd(f->c->runner.store), &fs))
		cli_format_bytes((uint64_t)fs.f_bavail * fs.f_frsize, bytes, sizeof(bytes));
	text = xasprintf("%s, %s free", store_path(f->c->runner.store), bytes);
	tell(f, GOOD, "store", text);
}

/* Builds are in memory unless told otherwise: what does not fit wants --build-on disk. */
static void check_memory(struct findings *f)
{
	_cleanup_free_ char *text = NULL;
	struct sysinfo info;
	char bytes[32];

	sysinfo(&info);
	cli_format_bytes((uint64_t)info.totalram * info.mem_unit / 2, bytes, sizeof(bytes));
	text = xasprintf("%s for /build; --build-on disk for what is larger", bytes);
	tell(f, GOOD, "memory", text);
}

int cmd_doctor(struct cli *c, struct err *err)
{
	_cleanup_json_ json_t *doc = json_object();
	struct findings f = {.c = c, .doc = doc};

	if (opt_has(&c->parsed, OPT_ATTACK))
		return doctor_attack(c, err);
	check_features(&f);
	check_room(&f);
	check_memory(&f);
	check_store(&f);
	check_helper(&f, "belljar-shim", "stand in for git, wget and others");
	check_helper(&f, "belljar-attack", "attack this host's rooms");
	check_helper(&f, "unpack", "open archives");
	check_helper(&f, "pack", "export results");
	check_helper(&f, "fetch", "fetch over the network");
	check_helper(&f, "gitroom", "fetch sources that are pinned by commit");
	check_helper(&f, "index", "lock toolchains");
	check_program(&f, "git", "fetch sources that are pinned by commit, look for releases");
	check_program(&f, "gpgv", "lock toolchains, verify upstream's releases");
	if (c->json && cli_result(c, json_incref(doc), err) < 0)
		return -1;
	if (cli_flush(err) < 0)
		return -1;
	if (f.room_failed)
		return err_set(err, ERR_HOST, 0, "this host cannot build: no room can be made");
	return f.other_failed ? err_set(err, ERR_HOST, 0, "something that is needed is missing")
			      : 0;
}

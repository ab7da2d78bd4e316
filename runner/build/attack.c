/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/attack.h>

#include <runner/canary.h>

#include <base/cleanup.h>
#include <base/process.h>
#include <base/str.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#define WALL_SECONDS 120
#define OUTPUT_BYTES (4U << 20)
#define INSIDE       "/inputs/belljar-attack"

void attack_release(struct attack *a)
{
	json_decref(a->checks);
	json_decref(a->summary);
	*a = ATTACK_INIT;
}

static uint64_t namespace_inode(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* How the program can tell inside from outside, and what it is to look for. */
static void arguments(const struct canary *c, const struct room_spec *like, struct strv *argv)
{
	strv_push(argv, INSIDE);
	strv_push(argv, "--outside");
	strv_pushf(argv, "%" PRIu64 ":%" PRIu64 ":%" PRIu64, namespace_inode("/proc/self/ns/user"),
		   namespace_inode("/proc/self/ns/pid"), namespace_inode("/proc/self/ns/mnt"));
	strv_push(argv, "--room");
	if (like->proc == ROOM_PROC_FULL)
		strv_push(argv, "--proc-full");
	if (like->cpus)
		strv_pushf(argv, "--cpus=%u", like->cpus);
	canary_arguments(c, argv);
}

static void on_output(void *arg, const char *data, size_t len)
{
	struct strbuf *text = arg;

	if (text->len + len <= OUTPUT_BYTES)
		strbuf_add(text, data, len);
}

static int run_room(const struct room_spec *like, const char *program, const struct strv *argv,
		    struct strbuf *text, struct err *err)
{
	static const char *const env[] = {"PATH=/usr/bin:/bin", "HOME=/build", "LC_ALL=C.UTF-8",
					  NULL};
	struct room_mount mounts[] = {{.kind = ROOM_TMPFS, .dst = "/build"},
				      {.kind = ROOM_BIND_RO, .src = program, .dst = INSIDE}};
	struct room_command command = {
		.name = "attack", .argv = (const char *const *)argv->v, .env = env};
	struct room_spec spec = {.root = like->root,
				 .root_path = like->root_path,
				 .mounts = mounts,
				 .n_mounts = ARRAY_SIZE(mounts),
				 .commands = &command,
				 .n_commands = 1,
				 .cpus = like->cpus,
				 .proc = like->proc,
				 .limits = like->limits,
				 .stdin_fd = -1,
				 .stdout_fd = -1,
				 .stderr_fd = -1,
				 .record_fd = -1};
	struct room_handler handler = {.arg = text, .on_output = on_output};
	struct room_result result = {0};

	spec.limits.wall_seconds = WALL_SECONDS;
	if (room_run(&spec, &handler, &result, err) < 0)
		return -1;
	if (result.status > 2 || *result.limit)
		return err_set(err, ERR_HOST, 0, "belljar-attack ended with status %d%s%s: %.200s",
			       result.status, *result.limit ? ", " : "", result.limit,
			       strbuf_str(text));
	return 0;
}

/* The last line is the summary; without it the program did not come to its end. */
static int read_lines(const struct strbuf *text, struct attack *out, struct err *err)
{
	const char *line = strbuf_str(text), *end;

	out->checks = json_array();
	for (; (end = strchr(line, '\n')); line = end + 1) {
		json_t *j = NULL;

		if (json_parse("belljar-attack", line, (size_t)(end - line), &j, err) < 0)
			return -1;
		if (json_get_bool(j, "summary", false))
			out->summary = j;
		else
			json_array_append_new(out->checks, j);
	}
	if (!out->summary)
		return err_set(err, ERR_HOST, 0, "belljar-attack did not run to its end");
	return 0;
}

static void count(struct attack *a, const char *key)
{
	json_set(a->summary, key, json_integer(json_get_int(a->summary, key, 0) + 1));
}

/* What only the outside can see. */
static void add_outside(struct attack *a, int class, const char *family, const char *what, bool ok)
{
	json_t *o = json_object();

	json_set(o, "class", json_integer(class));
	json_set_str(o, "family", family);
	json_set_str(o, "check", what);
	json_set_str(o, "verdict", ok ? "contained" : "succeeded");
	json_set(o, "ok", json_boolean(ok));
	json_set(o, "deed", json_true());
	json_set_str(o, "seen", "");
	json_set_str(o, "expected", "");
	json_set_str(o, "detail", "seen from outside");
	json_array_append_new(a->checks, o);
	count(a, "checks");
	count(a, "deeds");
	count(a, ok ? "contained" : "succeeded");
	if (!ok)
		count(a, "unexpected");
}

int attack_run(const struct room_spec *like, struct attack *out, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	_cleanup_(canary_release) struct canary c = CANARY_INIT;
	_cleanup_(strv_release) struct strv argv = STRV_INIT;
	_cleanup_free_ char *program = NULL;

	*out = ATTACK_INIT;
	if (process_helper_path("belljar-attack", &program, err) < 0)
		return -1;
	canary_set_out(&c);
	arguments(&c, like, &argv);
	if (run_room(like, program, &argv, &text, err) < 0 || read_lines(&text, out, err) < 0)
		return -1;
	if (c.victim > 0)
		add_outside(out, 25, "IPC, signals, pids", "a process of the host lives on",
			    canary_victim_lives(&c));
	add_outside(out, 6, "descriptor smuggling over sockets",
		    "nobody called the sockets of the host", !canary_was_called(&c));
	return 0;
}

unsigned attack_succeeded(const struct attack *a)
{
	return (unsigned)json_get_int(a->summary, "succeeded", 0);
}

json_t *attack_attestation(const struct attack *a)
{
	json_t *o = json_copy(a->summary), *list = json_array(), *check;
	size_t i;

	json_array_foreach (a->checks, i, check) {
		const char *verdict = json_get_str(check, "verdict", "");

		if (strcmp(verdict, "refused") != 0 && strcmp(verdict, "contained") != 0)
			json_array_append(list, check);
	}
	json_object_del(o, "summary");
	json_set(o, "not_refused", list);
	return o;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What commands share: the store, the folders of recipes and toolchains, a plan. */
#include "cli.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void cli_release(struct cli *c)
{
	store_close(c->runner.store);
	strv_release(&c->mirrors);
	strv_release(&c->from);
	strv_release(&c->set);
	free(c->recipes_dir);
	free(c->toolchains_dir);
	render_release(&c->render);
	parsed_release(&c->parsed);
}

int cli_open_store(struct cli *c, int flags, struct err *err)
{
	struct store_wait wait = {.sink = &c->sink, .stopped = cli_stopped};

	if (c->runner.store)
		return 0;
	return store_open_waiting(opt_value(&c->parsed, OPT_STORE), flags, &wait, &c->runner.store,
				  err);
}

/* PREFIX/share/belljar/WHAT when installed, the source tree's WHAT in a build tree below it. */
static char *beside_program(const char *what)
{
	static const char *const above[] = {"../share/belljar", "../../..", "../.."};
	_cleanup_free_ char *exe = NULL;
	struct err ignored = ERR_INIT;
	char *slash;

	if (file_readlink(AT_FDCWD, "/proc/self/exe", &exe, &ignored) < 0)
		return NULL;
	slash = strrchr(exe, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(above); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s/%s", exe, above[i], what);
		char *real = realpath(path, NULL); /* without dots: messages name it */

		if (real)
			return real;
	}
	return NULL;
}

static int find_folder(const char *given, const char *variable, const char *what,
		       const char *option, char **out, struct err *err)
{
	if (!given)
		given = getenv(variable);
	if (!str_empty(given)) {
		if (!file_exists(AT_FDCWD, given))
			return err_set(err, ERR_USAGE, ENOENT, "folder of %s: %s", what, given);
		*out = xstrdup(given);
		return 0;
	}
	if (file_exists(AT_FDCWD, what)) {
		*out = xstrdup(what);
		return 0;
	}
	*out = beside_program(what);
	if (*out)
		return 0;
	return err_set(err, ERR_USAGE, 0, "no folder of %s here: give --%s DIR or set %s", what,
		       option, variable);
}

int cli_find_recipes(struct cli *c, struct err *err)
{
	return find_folder(opt_value(&c->parsed, OPT_RECIPES), "BELLJAR_RECIPES", "recipes",
			   "recipes", &c->recipes_dir, err);
}

int cli_find_toolchains(struct cli *c, struct err *err)
{
	return find_folder(opt_value(&c->parsed, OPT_TOOLCHAINS), "BELLJAR_TOOLCHAINS",
			   "toolchains", "toolchains", &c->toolchains_dir, err);
}

int cli_request(struct cli *c, struct request *out, struct err *err)
{
	*out = (struct request){
		.selector = c->parsed.n_operands ? c->parsed.operands[0] : NULL,
		.target = opt_value(&c->parsed, OPT_TARGET),
		.set = &c->set,
		.toolchain = opt_value(&c->parsed, OPT_TOOLCHAIN),
	};
	if ((!c->recipes_dir && cli_find_recipes(c, err) < 0) ||
	    (!c->toolchains_dir && cli_find_toolchains(c, err) < 0))
		return -1;
	out->recipes_dir = c->recipes_dir;
	out->toolchains_dir = c->toolchains_dir;
	return 0;
}

void cli_warn_future(struct cli *c, const char *recipe, const struct branch *b)
{
	time_t when = (time_t)b->epoch;
	struct tm tm = {0};
	char date[16];

	if (when <= time(NULL) || !gmtime_r(&when, &tm) ||
	    !strftime(date, sizeof(date), "%Y-%m-%d", &tm))
		return;
	event_warn(&c->sink, "%s@%s: its epoch is in the future by this host's clock: %lld, on %s",
		   recipe, b->name, (long long)b->epoch, date);
}

void cli_warn_epochs(struct cli *c, const struct plan *p)
{
	for (size_t i = 0; i < p->n_nodes; i++) {
		const struct plan_node *n = &p->nodes[i];
		bool told = false;

		for (size_t k = 0; k < i && !told; k++)
			told = p->nodes[k].recipe == n->recipe &&
			       !strcmp(p->nodes[k].branch->name, n->branch->name);
		if (!told)
			cli_warn_future(c, n->recipe->name, n->branch);
	}
}

int cli_make_plan(struct cli *c, int store_flags, struct plan *out, struct err *err)
{
	struct request rq;

	if (cli_request(c, &rq, err) < 0 || plan_make(&rq, out, err) < 0)
		return -1;
	return cli_open_store(c, store_flags, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a branch of a recipe, and loading it. */
#include <runner/recipe.h>

#include "choice.h"
#include "patches.h"
#include "source.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <runner/names.h>
#include <string.h>

static void free_lists(struct branch *b)
{
	for (size_t i = 0; i < b->n_sources; i++)
		source_release(&b->sources[i]);
	for (size_t i = 0; i < b->n_patches; i++) {
		free(b->patches[i].file);
		free(b->patches[i].project);
		free(b->patches[i].description);
	}
	for (size_t i = 0; i < b->n_golden; i++) {
		free(b->golden[i].variant);
		free(b->golden[i].target);
		free(b->golden[i].host);
		free(b->golden[i].toolchain);
		settings_release(&b->golden[i].set);
		settings_release(&b->golden[i].outputs);
	}
}

void branch_free(struct branch *b)
{
	if (!b)
		return;
	free_lists(b);
	free(b->name);
	free(b->version);
	free(b->dir);
	free(b->released);
	free(b->full_until);
	free(b->security_until);
	free(b->support_source);
	free(b->sources);
	free(b->patches);
	free(b->golden);
	choice_free_refusals(b->refusals, b->n_refusals);
	settings_release(&b->env);
	free(b);
}

void branch_freep(struct branch **b)
{
	branch_free(*b);
	*b = NULL;
}

static int no_branch(const struct recipe *r, const char *name, const struct strv *names,
		     struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < names->n; i++)
		strbuf_addf(&sb, " %s", names->v[i]);
	return err_set(err, ERR_USAGE, 0, "recipe '%s' has no branch '%s'; there %s:%s", r->name,
		       name, names->n == 1 ? "is" : "are", names->n ? strbuf_str(&sb) : " none");
}

static int load(const struct recipe *r, const char *name, struct branch **out, struct err *err)
{
	_cleanup_(branch_freep) struct branch *b = NULL;
	_cleanup_free_ char *dir = path_join(r->dir, name), *path = NULL, *text = NULL;
	size_t len = 0;

	path = path_join(dir, "branch.yaml");
	if (file_read(AT_FDCWD, path, BRANCH_MAX, &text, &len, err) < 0 ||
	    branch_parse(r, path, text, len, name, dir, &b, err) < 0 || patches_find(b, err) < 0)
		return -1;
	*out = TAKE_PTR(b);
	return 0;
}

/*
 * The newest branch that can be built. One that is written down before its commit is known must not
 * take the place of the one that everybody builds; where no other is there, it is the answer, and
 * says what it lacks when it is built.
 */
static int load_newest(const struct recipe *r, const struct strv *names, struct branch **out,
		       struct err *err)
{
	if (!names->n)
		return err_set(err, ERR_INPUT, 0,
			       "recipe '%s' has no branch: expected %s/BRANCH/branch.yaml", r->name,
			       r->dir);
	for (size_t i = names->n; i > 0; i--) {
		_cleanup_(branch_freep) struct branch *b = NULL;

		if (load(r, names->v[i - 1], &b, err) < 0)
			return -1;
		if (!branch_pinned(b, NULL))
			continue;
		*out = TAKE_PTR(b);
		return 0;
	}
	return load(r, names->v[names->n - 1], out, err);
}

int branch_load(const struct recipe *r, const char *name, struct branch **out, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;

	if (branch_names(r, &names, err) < 0)
		return -1;
	if (!name)
		return load_newest(r, &names, out, err);
	if (!strv_contains(&names, name))
		return no_branch(r, name, &names, err);
	return load(r, name, out, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/recipe.h>

#include "choice.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <runner/upstream.h>
#include <string.h>

#define RECIPE_MAX (1024 * 1024)

static void free_lists(struct recipe *r)
{
	for (size_t i = 0; i < r->n_options; i++) {
		free(r->options[i].name);
		free(r->options[i].help);
	}
	for (size_t i = 0; i < r->n_variants; i++) {
		free(r->variants[i].name);
		settings_release(&r->variants[i].set);
	}
	for (size_t i = 0; i < r->n_inputs; i++) {
		free(r->inputs[i].name);
		free(r->inputs[i].branch);
		free(r->inputs[i].variant);
		free(r->inputs[i].target);
		settings_release(&r->inputs[i].when);
	}
	for (size_t i = 0; i < r->n_shims; i++) {
		free(r->shims[i].name);
		free(r->shims[i].policy);
		free(r->shims[i].text);
	}
}

static void free_steps(struct recipe *r)
{
	for (size_t i = 0; i < r->n_phases; i++) {
		free(r->phases[i].name);
		free(r->phases[i].dir);
		free(r->phases[i].run);
		strv_release(&r->phases[i].uses);
		settings_release(&r->phases[i].when);
		settings_release(&r->phases[i].env);
	}
	for (size_t i = 0; i < r->n_requires; i++) {
		free(r->requires[i].path);
		free(r->requires[i].why);
		settings_release(&r->requires[i].when);
	}
}

static void free_choices(struct recipe *r)
{
	for (size_t i = 0; i < r->n_toolchains; i++) {
		free(r->toolchains[i].name);
		free(r->toolchains[i].why);
		settings_release(&r->toolchains[i].when);
		strv_release(&r->toolchains[i].instead);
	}
	for (size_t i = 0; i < r->n_outputs; i++) {
		free(r->outputs[i].name);
		settings_release(&r->outputs[i].when);
	}
	free(r->toolchains);
	free(r->outputs);
}

void recipe_free(struct recipe *r)
{
	if (!r)
		return;
	free_choices(r);
	choice_free_refusals(r->refusals, r->n_refusals);
	free_lists(r);
	free_steps(r);
	free(r->name);
	free(r->summary);
	free(r->homepage);
	free(r->default_variant);
	free(r->dir);
	strv_release(&r->licenses);
	strv_release(&r->targets);
	settings_release(&r->env);
	free(r->options);
	free(r->variants);
	free(r->inputs);
	free(r->shims);
	free(r->phases);
	free(r->requires);
	upstream_free(r->upstream);
	free(r);
}

void recipe_freep(struct recipe **r)
{
	recipe_free(*r);
	*r = NULL;
}

/* Folders below @path that hold @file. */
static int folders_with(const char *path, const char *file, struct strv *out, struct err *err)
{
	_cleanup_closedir_ DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return err_set(err, ERR_INPUT, errno, "cannot read folder %s", path);
	while ((e = readdir(d))) {
		_cleanup_free_ char *inside = NULL;

		if (e->d_name[0] == '.')
			continue;
		inside = xasprintf("%s/%s", e->d_name, file);
		if (!faccessat(dirfd(d), inside, F_OK, 0))
			strv_push(out, e->d_name);
	}
	return 0;
}

int recipe_names(const char *recipes_dir, struct strv *out, struct err *err)
{
	if (folders_with(recipes_dir, "recipe.yaml", out, err) < 0)
		return -1;
	strv_sort(out);
	return 0;
}

static int by_version(const void *a, const void *b)
{
	return version_compare(*(char *const *)a, *(char *const *)b);
}

int branch_names(const struct recipe *r, struct strv *out, struct err *err)
{
	if (folders_with(r->dir, "branch.yaml", out, err) < 0)
		return -1;
	strv_sort(out);
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_version);
	return 0;
}

static int no_recipe(const char *recipes_dir, const char *name, struct err *err)
{
	_cleanup_(strv_release) struct strv names = STRV_INIT;
	const char *near;

	if (recipe_names(recipes_dir, &names, err) < 0)
		return -1;
	near = str_nearest(name, (const char *const *)names.v, names.n);
	if (near)
		return err_set(err, ERR_USAGE, 0,
			       "there is no recipe '%s' in %s; did you mean '%s'?", name,
			       recipes_dir, near);
	return err_set(err, ERR_USAGE, 0, "there is no recipe '%s' in %s; see `belljar list`", name,
		       recipes_dir);
}

int recipe_load(const char *recipes_dir, const char *name, struct recipe **out, struct err *err)
{
	_cleanup_free_ char *dir = path_join(recipes_dir, name);
	_cleanup_free_ char *path = path_join(dir, "recipe.yaml");
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	if (!file_exists(AT_FDCWD, path))
		return no_recipe(recipes_dir, name, err);
	if (file_read(AT_FDCWD, path, RECIPE_MAX, &text, &len, err) < 0)
		return -1;
	return recipe_parse(path, text, len, name, dir, out, err);
}

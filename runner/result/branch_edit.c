/* SPDX-License-Identifier: Apache-2.0 */
#include "branch_edit.h"

#include <base/cleanup.h>
#include <base/file.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BRANCH_MAX (1024 * 1024)

void branch_edit_release(struct branch_edit *e)
{
	free(e->path);
	strbuf_release(&e->text);
	yaml_doc_release(&e->doc);
	*e = BRANCH_EDIT_INIT;
}

int branch_edit_allowed(const char *dir, struct err *err)
{
	_cleanup_free_ char *path = path_join(dir, "branch.yaml"), *real = realpath(path, NULL);
	_cleanup_free_ char *folder = NULL;

	if (!real)
		return err_set(err, ERR_INPUT, errno, "%s", path);
	folder = xstrndup(real, (size_t)(path_base(real) - real));
	if (str_starts(real, "/usr/"))
		return err_set(err, ERR_INPUT, 0,
			       "%s is installed, and the next update would undo what is written "
			       "there: copy the recipes and give --recipes DIR",
			       real);
	/* A rename writes the folder; a file that is read-only is meant to stay as it is. */
	if (faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) < 0 ||
	    faccessat(AT_FDCWD, real, W_OK, AT_EACCESS) < 0)
		return err_set(err, ERR_INPUT, errno,
			       "%s cannot be written: copy the recipes and give --recipes DIR",
			       real);
	return 0;
}

static int parse(struct branch_edit *e, struct err *err)
{
	struct yaml_doc now = {0};

	if (yaml_parse(e->path, strbuf_str(&e->text), e->text.len, &now, err) < 0)
		return -1;
	yaml_doc_release(&e->doc);
	e->doc = now;
	return 0;
}

int branch_edit_open(struct branch_edit *e, const char *dir, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	*e = BRANCH_EDIT_INIT;
	e->path = path_join(dir, "branch.yaml");
	if (file_read(AT_FDCWD, e->path, BRANCH_MAX, &text, &len, err) < 0)
		return -1;
	strbuf_add(&e->text, text, len);
	return parse(e, err);
}

size_t branch_edit_line(const struct branch_edit *e, int line)
{
	return yaml_line_offset(strbuf_str(&e->text), e->text.len, line);
}

size_t branch_edit_offset(const struct branch_edit *e, int line, int column)
{
	return yaml_offset(strbuf_str(&e->text), e->text.len, line, column);
}

int branch_edit_last_line(const struct yaml *node)
{
	int last = node->line;

	for (size_t i = 0; i < node->n; i++) {
		int line = branch_edit_last_line(node->items[i]);

		last = line > last ? line : last;
	}
	return last;
}

int branch_edit_splice(struct branch_edit *e, size_t from, size_t to, const char *by,
		       struct err *err)
{
	struct strbuf now = STRBUF_INIT;

	strbuf_add(&now, strbuf_str(&e->text), from);
	strbuf_adds(&now, by);
	strbuf_add(&now, strbuf_str(&e->text) + to, e->text.len - to);
	strbuf_release(&e->text);
	e->text = now;
	return parse(e, err);
}

int branch_edit_save(const struct branch_edit *e, struct err *err)
{
	/* A link stays a link: what it leads to is replaced. */
	_cleanup_free_ char *real = realpath(e->path, NULL);
	struct stat st;

	if (!real || stat(real, &st) < 0)
		return err_set(err, ERR_INPUT, errno, "%s", e->path);
	if (file_write_atomic(AT_FDCWD, real, strbuf_str(&e->text), e->text.len, st.st_mode & 0777,
			      err) < 0)
		return -1;
	/* Under sudo the file stays its owner's. */
	if (geteuid() == 0 && lchown(real, st.st_uid, st.st_gid) < 0)
		return err_set(err, ERR_STORE, errno, "give %s back to its owner", real);
	return 0;
}

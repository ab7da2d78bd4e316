/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack.h"

#include "layers.h"
#include "name.h"
#include "place.h"

#include <base/cleanup.h>
#include <base/printable.h>
#include <base/str.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* Headers and padding come on top of the contents, and are worth bounding too. */
#define HEADERS_PER_ENTRY 4096

static int write_block(int fd, const char *data, size_t len, int64_t offset, struct err *err)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, data, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_STORE, errno, "write");
		data += n;
		len -= (size_t)n;
		offset += n;
	}
	return 0;
}

static int put_file(struct layers *l, struct place *p, struct archive_entry *entry,
		    const char *path, struct err *err)
{
	const int64_t size = archive_entry_size(entry);
	_cleanup_close_ int fd = -1;
	const void *data;
	int64_t offset, end = 0;
	size_t len;
	int r;

	if (size < 0 || place_count(p, (uint64_t)size, err) < 0)
		return size < 0 ? err_set(err, ERR_INPUT, 0, "has a negative size") : -1;
	fd = place_file(p, path, archive_entry_mode(entry) & S_IXUSR, err);
	if (fd < 0)
		return -1;
	while ((r = layers_data(l, &data, &len, &offset, err)) > 0) {
		if (offset < end || (int64_t)len > size - offset)
			return err_set(err, ERR_INPUT, 0, "has data outside its %" PRId64 " bytes",
				       size);
		if (write_block(fd, data, len, offset, err) < 0)
			return -1;
		end = offset + (int64_t)len;
	}
	if (r == 0 && end < size && ftruncate(fd, size) < 0) /* a sparse file ends in a hole */
		return err_set(err, ERR_STORE, errno, "extend");
	return r;
}

static int put_symlink(struct place *p, struct archive_entry *entry, const char *path, bool deb,
		       struct err *err)
{
	const char *target = archive_entry_symlink(entry);

	if (str_empty(target))
		return err_set(err, ERR_INPUT, 0, "is a symbolic link without a target");
	/* bin -> usr/bin, as base packages ship it: what the rewrite has done already */
	if (deb && entry_is_merged_dir(path)) {
		while (*target == '/' || str_starts(target, "./"))
			target++;
		if (strcmp(target, path) == 0)
			return 0;
	}
	return place_symlink(p, path, target, err);
}

static int put_hardlink(const struct unpack_job *job, struct place *p, const char *raw_target,
			const char *path, struct err *err)
{
	_cleanup_free_ char *target = NULL;

	if (entry_name(raw_target, job->strip, job->deb, &target, err) < 0)
		return err_wrap(err, "is a hard link whose target");
	return place_copy(p, path, target, err);
}

static int refuse_special(const struct unpack_job *job, struct archive_entry *entry,
			  struct err *err)
{
	const mode_t mode = archive_entry_mode(entry);
	const bool dir = S_ISDIR(mode);

	/* set-gid on a directory only says how groups are inherited: it is dropped */
	if (!job->deb && mode & (dir ? S_ISUID : S_ISUID | S_ISGID))
		return err_set(err, ERR_INPUT, 0, "has a set-id bit (mode %04o)", mode & 07777);
	if (archive_entry_hardlink(entry) || dir || S_ISREG(mode) || S_ISLNK(mode))
		return 0;
	return err_set(err, ERR_INPUT, 0, "is a %s, which no tree can hold",
		       S_ISCHR(mode) || S_ISBLK(mode) ? "device"
		       : S_ISFIFO(mode)               ? "fifo"
						      : "special file");
}

static int put_entry(const struct unpack_job *job, struct layers *l, struct place *p,
		     struct archive_entry *entry, struct err *err)
{
	const char *raw = archive_entry_pathname(entry);
	_cleanup_free_ char *path = NULL;

	if (refuse_special(job, entry, err) < 0 ||
	    entry_name(raw, job->strip, job->deb, &path, err) < 0)
		return -1;
	if (archive_entry_filetype(entry) == AE_IFDIR && !archive_entry_hardlink(entry))
		return place_dir(p, path, err);
	if (*path == '\0')
		return err_set(err, ERR_INPUT, 0,
			       "is no directory, and strip %u leaves nothing of it", job->strip);
	if (archive_entry_hardlink(entry))
		return put_hardlink(job, p, archive_entry_hardlink(entry), path, err);
	if (archive_entry_filetype(entry) == AE_IFLNK)
		return put_symlink(p, entry, path, job->deb, err);
	return put_file(l, p, entry, path, err);
}

static int wrap_entry(struct archive_entry *entry, struct err *err)
{
	const char *raw = archive_entry_pathname(entry);
	_cleanup_free_ char *shown = printable(raw, 200);

	return err_wrap(err, "entry %s", shown);
}

static int put_all(const struct unpack_job *job, struct layers *l, struct place *p,
		   struct unpack_stats *stats, struct err *err)
{
	struct archive_entry *entry;
	int r;

	while ((r = layers_next(l, &entry, err)) > 0) {
		if (++stats->entries > job->max_entries)
			return err_set(err, ERR_INPUT, 0, "has more than %" PRIu64 " entries",
				       job->max_entries);
		/* a name that is no UTF-8 where the format promises UTF-8 */
		if (!archive_entry_pathname(entry))
			return err_set(err, ERR_INPUT, 0, "entry %" PRIu64 ": has no readable name",
				       stats->entries);
		if (put_entry(job, l, p, entry, err) < 0)
			return wrap_entry(entry, err);
	}
	return r;
}

static int unpack_layers(const struct unpack_job *job, struct layers *l, struct place *p,
			 struct unpack_stats *stats, struct err *err)
{
	if (layers_open(l, job->archive_fd, job->deb,
			job->max_bytes + job->max_entries * HEADERS_PER_ENTRY, err) < 0 ||
	    put_all(job, l, p, stats, err) < 0 || layers_finish(l, err) < 0)
		return -1;
	if (stats->entries == 0 && !job->deb)
		return err_set(err, ERR_INPUT, 0, "has no entries");
	stats->bytes = p->bytes;
	return 0;
}

int unpack_archive(const struct unpack_job *job, struct unpack_stats *out, struct err *err)
{
	_cleanup_(layers_release) struct layers l = LAYERS_INIT;
	_cleanup_(place_release) struct place p = PLACE_INIT;

	*out = (struct unpack_stats){0};
	p.root = job->dirfd;
	p.max_bytes = job->max_bytes;
	if (unpack_layers(job, &l, &p, out, err) < 0)
		return err_wrap(err, "%s", job->name);
	return 0;
}

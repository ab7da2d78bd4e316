/* SPDX-License-Identifier: Apache-2.0 */
#include <base/file.h>

#include <base/str.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

/* What the caller named is wrong, or else the disk is. */
static enum err_code code_of(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case ELOOP:
	case EXDEV:
	case EACCES:
	case ENAMETOOLONG:
	case ENXIO:
		return ERR_INPUT;
	default:
		return ERR_STORE;
	}
}

static bool creates(int flags)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

int file_open_beneath(int dirfd, const char *path, int flags, mode_t mode, struct err *err)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.mode = creates(flags) ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do /* EAGAIN: a rename elsewhere raced with the resolution; openat2(2) says to retry */
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	if (fd >= 0)
		return (int)fd;
	if (errno == EXDEV)
		return err_set(err, ERR_INPUT, errno, "open %s: it leads outside its folder", path);
	if (errno == ELOOP)
		return err_set(err, ERR_INPUT, errno, "open %s: a symbolic link is in the way",
			       path);
	if (errno == ENOSYS)
		return err_set(err, ERR_HOST, errno, "open %s: openat2 needs Linux 5.6", path);
	return err_set(err, code_of(errno), errno, "open %s", path);
}

int file_open(int dirfd, const char *path, int flags, mode_t mode, struct err *err)
{
	int fd;

	do
		fd = openat(dirfd, path, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return err_set(err, code_of(errno), errno, "open %s", path);
	return fd;
}

int file_read_fd(int fd, const char *name, size_t max, char **out, size_t *out_len, struct err *err)
{
	_cleanup_free_ char *buf = NULL;
	size_t len = 0, cap = 0;
	struct stat st;

	/* The size is a hint: files of /proc say 0, and a file may grow while it is read. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		cap = (uint64_t)st.st_size < max ? (size_t)st.st_size : max;
	cap += 4096;
	buf = xmalloc(cap);
	for (;;) {
		ssize_t n;

		if (cap - len < 2) {
			cap *= 2;
			buf = xrealloc(buf, cap);
		}
		n = read(fd, buf + len, cap - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, code_of(errno), errno, "read %s", name);
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max)
			return err_set(err, ERR_INPUT, EFBIG, "%s is larger than %zu bytes", name,
				       max);
	}
	buf[len] = '\0';
	if (out_len)
		*out_len = len;
	*out = TAKE_PTR(buf);
	return 0;
}

int file_read(int dirfd, const char *path, size_t max, char **out, size_t *out_len, struct err *err)
{
	_cleanup_close_ int fd = file_open(dirfd, path, O_RDONLY | O_NOCTTY, 0, err);

	if (fd < 0)
		return -1;
	return file_read_fd(fd, path, max, out, out_len, err);
}

int file_write_all(int fd, const void *data, size_t len, struct err *err)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_STORE, errno, "write");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_fsync_dir(int dirfd, struct err *err)
{
	if (fsync(dirfd) < 0)
		return err_set(err, ERR_STORE, errno, "fsync a folder");
	return 0;
}

/* A fresh file in @dir for later renaming to @base; its name goes to @tmp. */
static int open_temporary(int dir, const char *base, char tmp[NAME_MAX + 1], struct err *err)
{
	static atomic_uint counter;

	for (int tries = 0; tries < 100; tries++) {
		int fd;

		snprintf(tmp, NAME_MAX + 1, ".%.200s.%d.%u.tmp", base, (int)getpid(),
			 atomic_fetch_add(&counter, 1));
		fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST && errno != EINTR)
			return err_set(err, ERR_STORE, errno, "create %s", tmp);
	}
	return err_set(err, ERR_STORE, EEXIST, "create %s", tmp);
}

static int publish(int dir, int fd, const char *tmp, const char *base, mode_t mode,
		   const void *data, size_t len, struct err *err)
{
	if (file_write_all(fd, data, len, err) < 0)
		return -1;
	if (fchmod(fd, mode) < 0)
		return err_set(err, ERR_STORE, errno, "chmod");
	if (fsync(fd) < 0)
		return err_set(err, ERR_STORE, errno, "fsync");
	if (renameat(dir, tmp, dir, base) < 0)
		return err_set(err, ERR_STORE, errno, "rename");
	return file_fsync_dir(dir, err);
}

int file_write_atomic(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		      struct err *err)
{
	_cleanup_free_ char *folder = xstrndup(path, (size_t)(path_base(path) - path));
	_cleanup_close_ int dir = -1, fd = -1;
	const char *base = path_base(path);
	char tmp[NAME_MAX + 1];

	dir = file_open(dirfd, *folder ? folder : ".", O_RDONLY | O_DIRECTORY, 0, err);
	if (dir < 0)
		return err_wrap(err, "write %s", path);
	fd = open_temporary(dir, base, tmp, err);
	if (fd < 0)
		return err_wrap(err, "write %s", path);
	if (publish(dir, fd, tmp, base, mode, data, len, err) < 0) {
		unlinkat(dir, tmp, 0);
		return err_wrap(err, "write %s", path);
	}
	return 0;
}

static int make_one(int dirfd, const char *part, const char *path, mode_t mode, struct err *err)
{
	struct stat st;

	if (mkdirat(dirfd, part, mode) == 0)
		return 0;
	/* A read-only parent says EROFS or EACCES although the folder is there already. */
	int why = errno;

	if (fstatat(dirfd, part, &st, 0) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		why = ENOTDIR;
	}
	return err_set(err, code_of(why), why, "create folder %s", path);
}

int file_mkdir_p(int dirfd, const char *path, mode_t mode, struct err *err)
{
	_cleanup_free_ char *part = xstrdup(path);

	for (char *p = part + 1; *part && *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (make_one(dirfd, part, path, mode, err) < 0)
			return -1;
		*p = '/';
	}
	return make_one(dirfd, part, path, mode, err);
}

/* Only a copy from start to end into an empty file can be a reflink. */
static bool try_reflink(int in, int out)
{
	struct stat st;

	if (lseek(in, 0, SEEK_CUR) != 0 || lseek(out, 0, SEEK_CUR) != 0)
		return false;
	if (fstat(out, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != 0)
		return false;
	if (ioctl(out, FICLONE, in) < 0)
		return false;
	lseek(in, 0, SEEK_END);
	lseek(out, 0, SEEK_END);
	return true;
}

/* 1: all copied; 0: not possible here, go on by read and write from the present offsets. */
static int copy_in_kernel(int in, int out, struct err *err)
{
	bool any = false;

	for (;;) {
		ssize_t n = copy_file_range(in, NULL, out, NULL, 1 << 30, 0);

		if (n > 0) {
			any = true;
			continue;
		}
		/* Some pseudo file systems answer 0 at once although there is something to read. */
		if (n == 0)
			return any;
		if (errno == EINTR)
			continue;
		if (errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG)
			return err_set(err, ERR_STORE, errno, "copy a file");
		return 0;
	}
}

int file_copy_fd(int in, int out, struct err *err)
{
	enum { CHUNK = 128 * 1024 };
	_cleanup_free_ char *buf = NULL;
	int r;

	if (try_reflink(in, out))
		return 0;
	r = copy_in_kernel(in, out, err);
	if (r)
		return r < 0 ? -1 : 0;
	buf = xmalloc(CHUNK);
	for (;;) {
		ssize_t n = read(in, buf, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_STORE, errno, "read a file to copy");
		if (n == 0)
			return 0;
		if (file_write_all(out, buf, (size_t)n, err) < 0)
			return -1;
	}
}

bool file_exists(int dirfd, const char *path)
{
	struct stat st;

	return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int file_readlink(int dirfd, const char *path, char **out, struct err *err)
{
	for (size_t cap = 256;; cap *= 2) {
		_cleanup_free_ char *buf = xmalloc(cap);
		ssize_t n = readlinkat(dirfd, path, buf, cap);

		if (n < 0)
			return err_set(err, errno == EINVAL ? ERR_INPUT : code_of(errno), errno,
				       "read link %s", path);
		if ((size_t)n < cap) {
			buf[n] = '\0';
			*out = TAKE_PTR(buf);
			return 0;
		}
	}
}

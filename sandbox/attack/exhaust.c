/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Class 27, as far as it is observable without exhausting anything: the bounds are there. The test
 * that runs into each of them is in tests/escape.
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void bounded(const char *what, __rlimit_resource_t resource)
{
	struct rlimit l = {0, 0};

	getrlimit(resource, &l);
	contained(l.rlim_max != RLIM_INFINITY, what, "limit %llu", (unsigned long long)l.rlim_max);
}

static void bounded_folder(const char *path)
{
	struct statvfs v;

	if (statvfs(path, &v) < 0) {
		not_applicable(path, "it is not there");
		return;
	}
	contained((v.f_flag & ST_NOSUID) && (v.f_flag & ST_NODEV), path,
		  "%llu MiB, %llu files free, %s",
		  (unsigned long long)v.f_bavail * v.f_frsize >> 20, (unsigned long long)v.f_favail,
		  (v.f_flag & ST_NOSUID) && (v.f_flag & ST_NODEV) ? "nosuid,nodev"
								  : "not nosuid,nodev");
}

static long sched_fifo(void)
{
	struct sched_param one = {.sched_priority = 1};

	return sched_setscheduler(0, SCHED_FIFO, &one);
}

void attack_exhaustion(void)
{
	static const char p[] = "attack-sparse";
	struct rlimit core = {0, 0};
	int fd = open(p, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	signal(SIGXFSZ, SIG_IGN);
	refused("a sparse file of 1 EiB", ftruncate(fd, 1L << 60), EITHER(EFBIG, EINVAL));
	close(fd);
	unlink(p);
	bounded("processes are bounded", RLIMIT_NPROC);
	bounded("open files are bounded", RLIMIT_NOFILE);
	bounded("the size of a file is bounded", RLIMIT_FSIZE);
	getrlimit(RLIMIT_CORE, &core);
	contained(core.rlim_max <= 1, "a crash writes no core, and starts no handler of the host",
		  "limit %llu", (unsigned long long)core.rlim_max);
	refused("real-time priority", sched_fifo(), EPERM);
	refused("a better nice value", setpriority(PRIO_PROCESS, 0, -20), EITHER(EACCES, EPERM));
	bounded_folder("/tmp");
	bounded_folder(".");
	bounded_folder("/dev/shm");
}

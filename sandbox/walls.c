/* SPDX-License-Identifier: Apache-2.0 */
/* Which walls stand, in words, and which ones somebody will not do without. */
#include "plan.h"

#include <base/cleanup.h>
#include <string.h>

/* Those that a room goes on without where the kernel lacks them: each has another one behind it. */
static const char *const optional[] = {"landlock", "landlock-scopes", "timens", "cgroup"};
/* Without these there is no room, so that they always stand. */
static const char *const always[] = {"userns", "userns2", "mountns", "pidns",
				     "netns",  "ipcns",   "utsns",   "cgroupns",
				     "caps",   "nnp",     "rlimits", "seccomp"};

void room_plan_describe_walls(struct room_plan *plan, const struct room_spec *spec,
			      const struct room_facts *facts)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_adds(&sb, "userns userns2 mountns pidns netns ipcns utsns cgroupns");
	if (facts->time_ns)
		strbuf_adds(&sb, " timens");
	strbuf_adds(&sb, spec->proc == ROOM_PROC_FULL ? " proc-full" : " proc-pid");
	strbuf_adds(&sb, " caps nnp rlimits");
	if (facts->landlock > 0)
		strbuf_addf(&sb, " landlock%d", facts->landlock);
	if (facts->landlock >= 6)
		strbuf_adds(&sb, " landlock-scopes");
	strbuf_addf(&sb, " seccomp-%s", room_filter_name(spec));
	if (facts->root_mode)
		strbuf_addf(&sb, " uid%u", facts->uid);
	snprintf(plan->walls, sizeof(plan->walls), "%s", strbuf_str(&sb));
	strbuf_release(&sb);
}

/* "landlock" is met by "landlock7", "seccomp" by "seccomp-ledger"; scopes have a word of their own.
 */
static bool stands(const char *wall, const char *walls)
{
	size_t n = strlen(wall);

	for (const char *at = walls; (at = strstr(at, wall)); at += n) {
		const char *end = at + n + strspn(at + n, "0123456789");

		if (at > walls && at[-1] != ' ')
			continue;
		if (*end == '\0' || *end == ' ' || (*end == '-' && !strcmp(wall, "seccomp")))
			return true;
	}
	return false;
}

static bool is_known(const char *wall)
{
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
		if (!strcmp(optional[i], wall))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		if (!strcmp(always[i], wall))
			return true;
	return false;
}

static int require(const char *wall, const char *walls, struct err *err)
{
	if (!is_known(wall))
		return err_set(err, ERR_USAGE, 0,
			       "there is no wall '%s'; expected all, or of landlock, "
			       "landlock-scopes, timens, cgroup (the others always stand)",
			       wall);
	if (!stands(wall, walls))
		return err_set(err, ERR_HOST, 0,
			       "the wall '%s' is required, and this host cannot raise it: see "
			       "belljar doctor",
			       wall);
	return 0;
}

int room_require_walls(const char *list, const char *walls, struct err *err)
{
	_cleanup_free_ char *copy = xstrdup(list ? list : "");
	char *save = NULL;
	bool any = false;

	for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		any = true;
		if (strcmp(w, "all") != 0) {
			if (require(w, walls, err) < 0)
				return -1;
			continue;
		}
		for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
			if (require(optional[i], walls, err) < 0)
				return -1;
	}
	return !list || any ? 0 : err_set(err, ERR_USAGE, 0, "no wall is named");
}

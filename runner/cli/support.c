/* SPDX-License-Identifier: Apache-2.0 */
/* How long upstream supports a branch, in words. */
#include "describe.h"

#include <base/cleanup.h>
#include <time.h>

void today_is(char buf[16])
{
	time_t now = time(NULL);
	struct tm tm = {0};

	gmtime_r(&now, &tm);
	if (!strftime(buf, 16, "%Y-%m-%d", &tm))
		buf[0] = '\0';
}

const char *support_name(enum support s)
{
	static const char *const names[] = {[SUPPORT_UNKNOWN] = "unknown",
					    [SUPPORT_FULL] = "full",
					    [SUPPORT_SECURITY] = "security",
					    [SUPPORT_PAST] = "past"};

	return names[s];
}

char *support_dates(const struct branch *b)
{
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

	if (b->released)
		strbuf_addf(&sb, "released %s", b->released);
	if (b->full_until)
		strbuf_addf(&sb, "%sfull support until %s", sb.len ? ", " : "", b->full_until);
	if (b->security_until)
		strbuf_addf(&sb, "%ssecurity support until %s", sb.len ? ", " : "",
			    b->security_until);
	return strbuf_steal(&sb);
}

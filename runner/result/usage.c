/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/usage.h>

void usage_set(json_t *o, const struct room_cpu *cpu)
{
	json_set(o, "user_ms", json_integer((json_int_t)(cpu->user_us / 1000)));
	json_set(o, "system_ms", json_integer((json_int_t)(cpu->system_us / 1000)));
}

bool usage_of(const json_t *o, struct room_cpu *out)
{
	int64_t user = json_get_int(o, "user_ms", -1), sys = json_get_int(o, "system_ms", -1);

	/* what a person or a disk did to a record is not for us to multiply */
	if (user < 0 || sys < 0 || user > INT32_MAX || sys > INT32_MAX)
		return false;
	*out = (struct room_cpu){(uint64_t)user * 1000, (uint64_t)sys * 1000};
	return true;
}

void usage_set_room(json_t *o, const struct room_result *r)
{
	usage_set(o, &r->cpu);
	if (r->cpu_from)
		json_set_str(o, "cpu_from", r->cpu_from);
	json_set(o, "max_rss_kib", json_integer((json_int_t)r->max_rss_kib));
	json_set(o, "processes", json_integer((json_int_t)r->processes));
}

double usage_seconds(const struct room_cpu *cpu)
{
	return (double)(cpu->user_us + cpu->system_us) / 1e6;
}

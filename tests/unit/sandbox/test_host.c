/* SPDX-License-Identifier: Apache-2.0 */
#include <sandbox/host.h>

#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>

static const struct host_feature *row(const struct host_features *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (!strcmp(h->f[i].name, name))
			return &h->f[i];
	cr_assert_fail("no row '%s'", name);
	return NULL;
}

Test(host, every_row_says_what_it_means)
{
	struct host_features h;
	bool all = true;

	host_features(&h);
	cr_assert_geq(h.n, 12);
	cr_expect(strlen(h.kernel) > 0);
	for (size_t i = 0; i < h.n; i++) {
		cr_expect(*h.f[i].name && *h.f[i].lost && h.f[i].since && h.f[i].enable);
		if (!h.f[i].present)
			cr_expect(*h.f[i].detail, "%s is absent without a reason", h.f[i].name);
		all &= h.f[i].present || !h.f[i].required;
	}
	cr_expect_eq(h.rooms, all);
	cr_expect(row(&h, "kernel")->required);
	cr_expect(row(&h, "user namespaces")->required);
	cr_expect_not(row(&h, "Landlock")->required);
}

/* The tries ran in children, which are gone, and changed nothing here. */
Test(host, leaves_nothing)
{
	struct host_features h;

	host_features(&h);
	cr_expect_lt(waitpid(-1, NULL, WNOHANG), 0);
	host_features(&h);
	cr_expect_geq(h.n, 12);
}

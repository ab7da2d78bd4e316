/* SPDX-License-Identifier: Apache-2.0 */
#include "emit.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>

#define X32_BIT 0x40000000U

/* From @start on up to the next segment, all numbers are judged alike. */
struct segment {
	unsigned start;
	const struct call *call; /* NULL: the default */
};

struct emitter {
	struct segment *seg;
	enum filter_kind kind;
};

static void add(struct code *c, unsigned code, unsigned jt, unsigned jf, unsigned k)
{
	if (jt > 255 || jf > 255)
		abort();
	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 64;
		c->f = realloc(c->f, c->cap * sizeof(*c->f));
		if (!c->f)
			abort();
	}
	c->f[c->n++] =
		(struct sock_filter){(unsigned short)code, (unsigned char)jt, (unsigned char)jf, k};
}

static void append(struct code *dst, struct code *src)
{
	for (size_t i = 0; i < src->n; i++)
		add(dst, src->f[i].code, src->f[i].jt, src->f[i].jf, src->f[i].k);
	free(src->f);
}

static unsigned answer(const struct emitter *e, enum verdict v)
{
	switch (v) {
	case VERDICT_ALLOW:
		return SECCOMP_RET_ALLOW;
	case VERDICT_EPERM:
		return SECCOMP_RET_ERRNO | EPERM;
	case VERDICT_ENOTSUP:
		return SECCOMP_RET_ERRNO | EOPNOTSUPP;
	case VERDICT_ZERO:
		return SECCOMP_RET_ERRNO;
	case VERDICT_NOTIFY:
		return SECCOMP_RET_USER_NOTIF;
	case VERDICT_EXEC:
		return e->kind == FILTER_QUIET ? SECCOMP_RET_ALLOW : SECCOMP_RET_USER_NOTIF;
	case VERDICT_LOOK:
		return e->kind == FILTER_TRACE ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW;
	case VERDICT_ENOSYS:
		break;
	}
	return SECCOMP_RET_ERRNO | ENOSYS;
}

static void ret(const struct emitter *e, struct code *c, enum verdict v)
{
	add(c, BPF_RET | BPF_K, 0, 0, answer(e, v));
}

static void load(struct code *c, unsigned offset)
{
	add(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

/* Both machines are little-endian. */
static unsigned low_word(unsigned arg)
{
	return (unsigned)offsetof(struct seccomp_data, args) + arg * 8;
}

/*
 * Falls through when the test holds. A jump to "the test failed" is marked 255 and patched by
 * emit_rule() to the rule's end.
 */
#define FAILED 255

static void emit_test(struct code *c, const struct policy_test *t)
{
	if (t->op == TEST_NULL) {
		load(c, low_word(t->arg) + 4);
		add(c, BPF_JMP | BPF_JEQ | BPF_K, 0, FAILED, 0);
	}
	load(c, low_word(t->arg));
	if (t->op == TEST_MASKED_EQ || t->op == TEST_MASKED_GT)
		add(c, BPF_ALU | BPF_AND | BPF_K, 0, 0, t->mask);
	if (t->op == TEST_NE)
		add(c, BPF_JMP | BPF_JEQ | BPF_K, FAILED, 0, t->value);
	else if (t->op == TEST_ANY)
		add(c, BPF_JMP | BPF_JSET | BPF_K, 0, FAILED, t->mask);
	else if (t->op == TEST_MASKED_GT)
		add(c, BPF_JMP | BPF_JGT | BPF_K, 0, FAILED, t->value);
	else
		add(c, BPF_JMP | BPF_JEQ | BPF_K, 0, FAILED, t->value);
}

static void emit_rule(const struct emitter *e, struct code *out, const struct policy_rule *r)
{
	struct code c = {0};

	for (size_t i = 0; i < POLICY_TESTS && r->test[i].op != TEST_NONE; i++)
		emit_test(&c, &r->test[i]);
	ret(e, &c, r->verdict);
	for (size_t i = 0; i < c.n; i++) {
		if (c.f[i].jt == FAILED)
			c.f[i].jt = (unsigned char)(c.n - i - 1);
		if (c.f[i].jf == FAILED)
			c.f[i].jf = (unsigned char)(c.n - i - 1);
	}
	append(out, &c);
}

static void emit_leaf(const struct emitter *e, struct code *c, const struct call *call)
{
	if (!call || !call->rules) {
		ret(e, c, call ? call->verdict : VERDICT_ENOSYS);
		return;
	}
	for (size_t i = 0; i < call->n_rules; i++)
		emit_rule(e, c, &call->rules[i]);
}

/* Segments [lo, hi): "number >= middle?" leads to the right half, which stands after the left. */
static struct code emit_search(const struct emitter *e, size_t lo, size_t hi)
{
	size_t mid = lo + (hi - lo) / 2;
	struct code out = {0}, left, right;

	if (hi - lo == 1) {
		emit_leaf(e, &out, e->seg[lo].call);
		return out;
	}
	left = emit_search(e, lo, mid);
	right = emit_search(e, mid, hi);
	if (left.n < FAILED) {
		add(&out, BPF_JMP | BPF_JGE | BPF_K, (unsigned)left.n, 0, e->seg[mid].start);
	} else {
		add(&out, BPF_JMP | BPF_JGE | BPF_K, 0, 1, e->seg[mid].start);
		add(&out, BPF_JMP | BPF_JA, 0, 0, (unsigned)left.n);
	}
	append(&out, &left);
	append(&out, &right);
	return out;
}

static int alike(const struct emitter *e, const struct call *a, const struct call *b)
{
	if ((a && a->rules) || (b && b->rules))
		return 0;
	return answer(e, a ? a->verdict : VERDICT_ENOSYS) ==
	       answer(e, b ? b->verdict : VERDICT_ENOSYS);
}

static size_t segments(struct emitter *e, const struct call *calls, size_t n)
{
	size_t used = 1;
	unsigned next = 0;

	e->seg = calloc(2 * n + 2, sizeof(*e->seg));
	if (!e->seg)
		abort();
	/* seg[0] is the default and swallows a leading gap; it is replaced when there is none */
	for (size_t i = 0; i < n; i++) {
		if (calls[i].number != next && !alike(e, e->seg[used - 1].call, NULL))
			e->seg[used++] = (struct segment){next, NULL};
		if (calls[i].number == 0)
			e->seg[0].call = &calls[i];
		else if (!alike(e, e->seg[used - 1].call, &calls[i]))
			e->seg[used++] = (struct segment){calls[i].number, &calls[i]};
		next = calls[i].number + 1;
	}
	e->seg[used++] = (struct segment){next, NULL};
	return used;
}

void emit_program(const struct call *calls, size_t n, unsigned audit_arch, int x32,
		  enum filter_kind kind, struct code *out)
{
	struct emitter e = {.kind = kind};
	size_t n_seg = segments(&e, calls, n);
	struct code body = emit_search(&e, 0, n_seg);

	load(out, offsetof(struct seccomp_data, arch));
	add(out, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, audit_arch);
	ret(&e, out, VERDICT_ENOSYS);
	load(out, offsetof(struct seccomp_data, nr));
	if (x32) {
		add(out, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32_BIT);
		ret(&e, out, VERDICT_ENOSYS);
	}
	append(out, &body);
	free(e.seg);
}

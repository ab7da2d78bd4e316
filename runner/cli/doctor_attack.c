/* SPDX-License-Identifier: Apache-2.0 */
/* belljar doctor --attack: this host's rooms, attacked. One row per class, with -v one per check.
 */
#include "cli.h"

#include <base/cleanup.h>
#include <runner/attack.h>
#include <string.h>

#define CLASSES 41
#define REASONS 6

struct class_row {
	const char *family; /* borrowed from the checks */
	unsigned refused, contained, open, otherwise, skipped;
	const char *reasons[REASONS]; /* errnos, each once */
	size_t n_reasons;
};

static void add_reason(struct class_row *row, const char *seen)
{
	for (size_t i = 0; i < row->n_reasons; i++)
		if (!strcmp(row->reasons[i], seen))
			return;
	if (*seen && row->n_reasons < REASONS)
		row->reasons[row->n_reasons++] = seen;
}

static void add_check(struct class_row *rows, const json_t *check)
{
	int64_t class = json_get_int(check, "class", 0);
	const char *verdict = json_get_str(check, "verdict", "");
	struct class_row *row;

	if (class < 1 || class >= CLASSES)
		return;
	row = &rows[class];
	row->family = json_get_str(check, "family", "");
	if (!strcmp(verdict, "not-applicable") || !strcmp(verdict, "not-tried")) {
		row->skipped++;
		return;
	}
	if (!strcmp(verdict, "refused"))
		row->refused++;
	else if (!strcmp(verdict, "contained"))
		row->contained++;
	else
		row->open++;
	row->otherwise += !json_get_bool(check, "ok", false) && !strcmp(verdict, "refused");
	add_reason(row, json_get_str(check, "seen", ""));
}

static const char *verdict_of(const struct class_row *row)
{
	if (row->open)
		return "OPEN";
	if (row->refused)
		return "refused";
	return row->contained ? "contained" : "not applicable";
}

static void print_row(int class, const struct class_row *row)
{
	printf("%5d  %-32s %-9s %7u %9u", class, row->family, verdict_of(row), row->refused,
	       row->contained);
	for (size_t i = 0; i < row->n_reasons; i++)
		printf("%s%s", i ? " " : "  ", row->reasons[i]);
	if (row->otherwise)
		printf("  (%u for another reason than expected)", row->otherwise);
	putchar('\n');
}

static void print_check(const char *room, const json_t *check)
{
	printf("%-9s %5d  %-14s %-48.48s %s%s%s\n", room, (int)json_get_int(check, "class", 0),
	       json_get_str(check, "verdict", ""), json_get_str(check, "check", ""),
	       json_get_str(check, "seen", ""), *json_get_str(check, "seen", "") ? " " : "",
	       json_get_str(check, "detail", ""));
}

/* What succeeded, each; and why what was left out was left out, each reason once. */
static void print_notes(const char *room, const struct attack *a)
{
	json_t *check;
	size_t i;

	json_array_foreach (a->checks, i, check) {
		const char *verdict = json_get_str(check, "verdict", "");

		if (strcmp(verdict, "refused") != 0 && strcmp(verdict, "contained") != 0)
			print_check(room, check);
	}
}

static void print_summary(const char *room, const json_t *s)
{
	printf("%s room: %d checks: %d refused, %d contained, %d succeeded, %d not applicable, "
	       "%d for another reason than expected\n",
	       room, (int)json_get_int(s, "checks", 0), (int)json_get_int(s, "refused", 0),
	       (int)json_get_int(s, "contained", 0), (int)json_get_int(s, "succeeded", 0),
	       (int)json_get_int(s, "not_applicable", 0), (int)json_get_int(s, "unexpected", 0));
}

static const char *const rooms[] = {"plain", "proc-full"};
#define N_ROOMS ARRAY_SIZE(rooms)

static void print_table(const struct cli *c, const struct attack *a)
{
	struct class_row rows[CLASSES] = {0};
	json_t *check;
	size_t i;

	for (size_t r = 0; r < N_ROOMS; r++) {
		json_array_foreach (a[r].checks, i, check) {
			add_check(rows, check);
			if (c->render.verbosity > 0)
				print_check(rooms[r], check);
		}
	}
	printf("class  %-32s %-9s %7s %9s  %s\n", "what", "verdict", "refused", "contained",
	       "reasons");
	for (int k = 1; k < CLASSES; k++)
		if (rows[k].family)
			print_row(k, &rows[k]);
	for (size_t r = 0; r < N_ROOMS; r++)
		print_notes(rooms[r], &a[r]);
	for (size_t r = 0; r < N_ROOMS; r++)
		print_summary(rooms[r], a[r].summary);
}

static int print_json(struct cli *c, const struct attack *a, struct err *err)
{
	json_t *doc = json_object();

	for (size_t r = 0; r < N_ROOMS; r++) {
		json_t *o = json_object();

		json_set(o, "summary", json_incref(a[r].summary));
		json_set(o, "checks", json_incref(a[r].checks));
		json_set(doc, rooms[r], o);
	}
	return cli_result(c, doc, err);
}

int doctor_attack(struct cli *c, struct err *err)
{
	struct attack a[N_ROOMS] = {ATTACK_INIT, ATTACK_INIT};
	unsigned open = 0;
	int rc = 0;

	for (size_t r = 0; rc == 0 && r < N_ROOMS; r++) {
		struct room_spec like = {.root = ROOM_ROOT_HOST_RO,
					 .proc = r ? ROOM_PROC_FULL : ROOM_PROC_PID};

		rc = attack_run(&like, &a[r], err);
		open += rc == 0 ? attack_succeeded(&a[r]) : 0;
	}
	if (rc == 0 && c->json)
		rc = print_json(c, a, err);
	else if (rc == 0)
		print_table(c, a);
	for (size_t r = 0; r < N_ROOMS; r++)
		attack_release(&a[r]);
	if (rc < 0 || cli_flush(err) < 0)
		return -1;
	if (open)
		return err_set(err, ERR_HOST, 0, "%u attacks on this host's rooms succeeded", open);
	return 0;
}

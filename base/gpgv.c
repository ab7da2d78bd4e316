/* SPDX-License-Identifier: Apache-2.0 */
#include <base/gpgv.h>

#include <base/cleanup.h>
#include <base/process.h>
#include <stdio.h>
#include <string.h>

#define MAX_STATUS (1u << 20)
#define PREFIX     "[GNUPG:] "

bool gpg_fingerprint_ok(const char *s)
{
	return strlen(s) == 40 && strspn(s, "0123456789ABCDEF") == 40;
}

void gpgv_report_release(struct gpgv_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].said);
	free(r->v);
	*r = GPGV_REPORT_INIT;
}

/* What one signature's lines told so far. VALIDSIG alone is not enough: it is said of expired and
 * revoked keys, too; GOODSIG is not. */
struct told {
	bool any, good, valid, decided;
	enum gpgv_verdict verdict;
	char primary[41];
	char *said; /* borrowed from the copy of the status */
};

static void end_of_signature(struct told *t, struct gpgv_report *out)
{
	struct gpgv_signature *s;

	if (t->any) {
		ARRAY_GROW(out->v, out->n, out->cap);
		s = &out->v[out->n++];
		*s = (struct gpgv_signature){.verdict = t->verdict};
		if (!t->decided)
			s->verdict = t->good && t->valid ? GPGV_GOOD : GPGV_ERROR;
		memcpy(s->primary, t->primary, sizeof(s->primary));
		s->said = xstrdup(t->said ? t->said : "");
	}
	*t = (struct told){0};
}

/* The first bad word stays, and what follows explains it; nothing outweighs a changed text. */
static void decide(struct told *t, enum gpgv_verdict verdict, char *line)
{
	/* NO_PUBKEY is the reason for an ERRSIG before it. */
	if (t->decided && verdict != GPGV_BAD &&
	    !(t->verdict == GPGV_ERROR && verdict == GPGV_NO_KEY))
		return;
	t->decided = true;
	t->verdict = verdict;
	t->said = line;
}

static void take_word(struct told *t, const char *word, char *line)
{
	static const struct {
		const char *word;
		enum gpgv_verdict verdict;
	} bad[] = {
		{"BADSIG", GPGV_BAD},
		{"EXPSIG", GPGV_EXPIRED},
		{"EXPKEYSIG", GPGV_KEY_EXPIRED},
		{"REVKEYSIG", GPGV_KEY_REVOKED},
		{"ERRSIG", GPGV_ERROR},
		{"NO_PUBKEY", GPGV_NO_KEY},
	};
	const char *last = strrchr(line, ' ');

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (strcmp(word, bad[i].word) == 0) {
			t->any = true;
			decide(t, bad[i].verdict, line);
			return;
		}
	}
	if (strcmp(word, "GOODSIG") == 0) {
		t->any = t->good = true;
		if (!t->said)
			t->said = line;
	}
	/* Its last word is the primary key's fingerprint. */
	if (strcmp(word, "VALIDSIG") == 0) {
		t->any = true;
		t->valid = last && gpg_fingerprint_ok(last + 1);
		if (t->valid)
			memcpy(t->primary, last + 1, sizeof(t->primary));
	}
}

void gpgv_parse(const char *status, struct gpgv_report *out)
{
	_cleanup_free_ char *copy = xstrdup(status);
	struct told t = {0};
	char *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char word[32] = "";

		if (!str_starts(line, PREFIX) || sscanf(line, PREFIX "%31s", word) != 1)
			continue;
		out->plaintexts += strcmp(word, "PLAINTEXT") == 0;
		/* One signature is the lines from NEWSIG to the next NEWSIG. */
		if (strcmp(word, "NEWSIG") == 0) {
			end_of_signature(&t, out);
			t.any = true;
		} else {
			take_word(&t, word, line + strlen(PREFIX));
		}
	}
	end_of_signature(&t, out);
}

int gpgv_run(const struct gpgv *g, struct gpgv_report *out, struct err *err)
{
	_cleanup_free_ char *keyring = realpath(g->keyring, NULL);
	/* SHA-1 collides: whoever makes two texts with one digest needs one signature only. */
	const char *argv[16] = {"gpgv",        "--homedir", g->home,         "--keyring", keyring,
				"--status-fd", "1",         "--weak-digest", "SHA1"};
	struct process_spec spec = {.argv = argv, .in_fd = -2, .out_fd = -1, .err_fd = -1};
	_cleanup_free_ char *status = NULL, *said = NULL;
	int n = 9, exit_status = 0;

	if (!keyring)
		return err_set(err, ERR_INPUT, errno, "keys %s", g->keyring);
	if (g->output) {
		argv[n++] = "--output";
		argv[n++] = g->output;
	}
	argv[n++] = "--";
	if (g->signature)
		argv[n++] = g->signature;
	argv[n] = g->file;
	if (process_capture(&spec, NULL, MAX_STATUS, &exit_status, &status, &said, err) < 0)
		return err_wrap(err, "gpgv, which checks signatures");
	gpgv_parse(status, out);
	return 0;
}

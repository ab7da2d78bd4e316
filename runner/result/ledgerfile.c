/* SPDX-License-Identifier: Apache-2.0 */
#include <runner/ledgerfile.h>

#include <base/cleanup.h>
#include <base/json.h>
#include <base/str.h>

const char *ledger_kind_name(enum ledger_kind kind)
{
	switch (kind) {
	case LEDGER_NET:
		return "net";
	case LEDGER_EXEC:
		return "exec";
	case LEDGER_FACT:
		return "fact";
	case LEDGER_SHIM:
		return "shim";
	case LEDGER_LIMIT:
		return "limit";
	}
	return "?";
}

char *ledger_line(const struct ledger_row *row)
{
	_cleanup_json_ json_t *o = json_object();
	_cleanup_free_ char *text = NULL;

	json_set_str(o, "kind", ledger_kind_name(row->kind));
	json_set(o, "us", json_integer((json_int_t)(row->time * 1e6)));
	json_set_str(o, "phase", row->phase);
	json_set(o, "pid", json_integer(row->pid));
	json_set_str(o, "parents", row->parents);
	json_set_str(o, "exe", row->exe);
	json_set_str(o, "argv", row->argv);
	json_set_str(o, "cwd", row->cwd);
	json_set_str(o, "call", row->call);
	json_set_str(o, "object", row->object);
	json_set_str(o, "answer", row->answer);
	if (!str_empty(row->url))
		json_set_str(o, "url", row->url);
	json_set(o, "refused", json_boolean(row->refused));
	text = json_dumps(o, JSON_COMPACT);
	return xasprintf("%s\n", text ? text : "{}");
}

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the scripts here: a room root of the test's own, one call at a time with its outputs and its record, and a count.
# Each script gets SHIM (the binary that was built to look below ROOT) and ROOT from CTest.

set -u
: "${SHIM:?the program under test}" "${ROOT:?its root}"
passed=0 failed=0
out='' err='' status=0 record=''
TAB=$'\t'
work=$(mktemp -d)
trap 'rm -rf "$work" "$ROOT"' EXIT
all_records=$work/records

rm -rf "$ROOT"
mkdir -p "$ROOT/shims" "$ROOT/inputs/files" "$ROOT/usr/libexec/real" "$work/bin" "$work/cwd"
for name in git wget curl hostname dnsdomainname domainname date uname whoami sed; do
	ln -s "$SHIM" "$work/bin/$name"
done
mkfifo "$ROOT/shims/record"
# open for both, so that neither side waits for the other
exec 9<>"$ROOT/shims/record"
cd "$work/cwd" || exit 1

ok() { passed=$((passed + 1)); }

not_ok() {
	failed=$((failed + 1))
	printf 'FAILED: %s\n' "$1"
	shift
	printf '    %s\n' "$@"
}

# shellcheck disable=SC2120
# policy LINE...: the policy file; with no argument there is none.
policy() {
	rm -f "$ROOT/shims/policy"
	[ $# -eq 0 ] || printf '%s\n' 'belljar-shims 1' "$@" >"$ROOT/shims/policy"
}

# call NAME ARG...: sets out, err, status, record.
call() {
	local name=$1
	shift
	"$work/bin/$name" "$@" >"$work/out" 2>"$work/err"
	status=$?
	out=$(cat "$work/out")
	err=$(cat "$work/err")
	record=
	if IFS= read -r -t 5 -u 9 record; then
		printf '%s\n' "$record" >>"$all_records"
	fi
}

# want WHAT STATUS OUT RECORD-PART ERR-PART: what the last call must have done; a part may be empty.
want() {
	local problem=
	[ "$status" = "$2" ] || problem="status $status, not $2"
	[ "$out" = "$3" ] || problem="$problem; stdout '$out', not '$3'"
	[[ $record == *"$4"* ]] || problem="$problem; the record lacks '$4'"
	[[ $err == *"$5"* ]] || problem="$problem; stderr lacks '$5'"
	[ -n "$record" ] || problem="$problem; no record"
	if [ -z "$problem" ]; then ok; else not_ok "$1" "$problem" "stderr: $err" "record: $record"; fi
}

same() {
	if [ "$2" = "$3" ]; then ok; else not_ok "$1" "is:   $2" "want: $3"; fi
}

# shellcheck disable=SC2089,SC2090
denied='"answer":"denied"' succeeded='"answer":"succeeded"' served='"answer":"served"'
# shellcheck disable=SC2089,SC2090
printed='"answer":"printed"' ran='"answer":"ran"'
# shellcheck disable=SC2090
export denied succeeded served printed ran TAB

finish() {
	local least=$1 complaint
	complaint=$(python3 "$(dirname "$0")/check-records.py" "$all_records") || not_ok "records" "$complaint"
	[ $passed -ge "$least" ] || not_ok "only $passed checks ran, $least are expected"
	printf '%d passed, %d failed\n' $passed $failed
	[ $failed -eq 0 ]
}

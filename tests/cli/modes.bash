# SPDX-License-Identifier: Apache-2.0
# Sourced first by the tests that run twice, as root and as a user: MODE is the second argument. Started by root, the
# user's pass begins anew as nobody, with a copy of all that it needs: the folder this was built in may be closed.
mode=${2:?root or user}
self=$(readlink -f "$0")
if [ "$mode" = root ] && [ "$(id -u)" != 0 ]; then
	[ -z "${BELLJAR_TEST_MUST_RUN:-}" ] || exit 1
	echo "skipped: not started by root"
	exit 77
fi
if [ "$mode" = user ] && [ "$(id -u)" = 0 ]; then
	there=$(mktemp -d /tmp/bj-user-XXXXXX) || exit 70
	chmod 755 "$there"
	cp -R "$(dirname "$self")" "$there/tests" && cp "$1" "$there/belljar" &&
		cp -R "${BELLJAR_LIBEXEC:?is where the helper programs are}" "$there/libexec" || exit 70
	chmod -R a+rX "$there"
	mkdir "$there/home" && chown 65534:65534 "$there/home"
	HOME=$there/home BELLJAR_LIBEXEC=$there/libexec setpriv --reuid 65534 --regid 65534 --clear-groups \
		bash "$there/tests/$(basename "$self")" "$there/belljar" user </dev/null
	status=$?
	rm -rf "$there"
	exit $status
fi

# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests beside it: counting of cases, a toolchain made of the host's own programs, small recipes.
# shellcheck disable=SC2034 # what is set here is used by the tests
set -u
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
belljar=$(readlink -f "$1")
: "${BELLJAR_LIBEXEC:?is where the helper programs are}"
unset BELLJAR_STORE BELLJAR_RECIPES BELLJAR_TOOLCHAINS BELLJAR_MIRROR_HERE
export NO_COLOR=1 LC_ALL=C.UTF-8
T=$(mktemp -d /tmp/bj-cli-XXXXXX) || exit 70
trap 'rm -rf "$T"' EXIT
cd "$T" || exit 70
passed=0 failed=0

ok() { passed=$((passed + 1)); }
bad() {
	failed=$((failed + 1))
	printf 'FAILED: %s\n' "$*" >&2
}
# is WHAT FOUND EXPECTED
is() { if [ "$2" = "$3" ]; then ok; else bad "$1: expected '$3', found '$2'"; fi; }
# holds WHAT TEXT PART, lacks WHAT TEXT PART
holds() { case $2 in *"$3"*) ok ;; *) bad "$1: '$3' is not in '$2'" ;; esac; }
lacks() { case $2 in *"$3"*) bad "$1: '$3' is in '$2'" ;; *) ok ;; esac; }
# finish CASES: fewer than CASES that passed is a failure too
finish() {
	printf '%d passed, %d failed\n' $passed $failed
	[ $failed -eq 0 ] && [ $passed -ge "$1" ]
	exit
}

# bj ARGUMENTS: run belljar; its output is in $out and $err, its status in $status
bj() {
	"$belljar" "$@" >"$T/.out" 2>"$T/.err" </dev/null
	status=$?
	out=$(<"$T/.out") err=$(<"$T/.err")
	case $err in *Sanitizer* | *"runtime error:"*) bad "belljar $*: $err" ;; esac
}
# expect WHAT STATUS PART: of the last bj
expect() {
	is "$1: status" "$status" "$2"
	holds "$1" "$err" "$3"
}

need_rooms() {
	local why
	why=$("$belljar" run -- /bin/true 2>&1) && return
	if [ -n "${BELLJAR_TEST_MUST_RUN:-}" ]; then
		printf 'FAILED: no room can be made here: %s\n' "$why" >&2
		exit 1
	fi
	printf 'skipped, no room can be made here: %s\n' "$why"
	exit 77
}

arch=$(uname -m)
programs="bash cat chmod cp date env find head id ln ls mkdir mkfifo mv od patch rm sleep sort touch tr true uname"

# A .deb of the host's programs and the libraries that they need, and a lock that names it.
make_toolchain() {
	local root=$T/deb tc=$T/toolchains/mini p lib size hash
	mkdir -p "$root/DEBIAN" "$root/usr/bin" "$T/pool" "$tc/locks" "$tc/keys"
	for p in $programs; do
		cp -L "$(type -P "$p")" "$root/usr/bin/$p" || exit 70
		while read -r lib; do
			mkdir -p "$root/usr$(dirname "${lib#/usr}")"
			cp -L "$lib" "$root/usr${lib#/usr}"
		done < <(ldd "$root/usr/bin/$p" | grep -o '/[^ ]*')
	done
	ln -s bash "$root/usr/bin/sh"
	mkdir -p "$root/usr/lib/locale"
	cp -r /usr/lib/locale/C.utf8 "$root/usr/lib/locale/"
	printf 'Package: mini\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody <n@example.org>\nDescription: test\n' \
		>"$root/DEBIAN/control"
	dpkg-deb --root-owner-group -Zgzip -z1 -b "$root" "$T/pool/mini.deb" >/dev/null || exit 70
	size=$(stat -c %s "$T/pool/mini.deb") hash=$(sha256sum <"$T/pool/mini.deb" | cut -d' ' -f1)
	: >"$tc/keys/none.gpg"
	cat >"$tc/toolchain.yaml" <<-END
		belljar: 1
		name: mini
		suite: test
		components: [main]
		mirror: here
		keys: {file: keys/none.gpg, fingerprints: [0000000000000000000000000000000000000000]}
		essential: [mini]
		pairs:
		  - {host: $arch, target: $arch, packages: [mini]}
		links: {}
		drop: []
	END
	cat >"$tc/locks/$arch-$arch.yaml" <<-END
		belljar: 1
		host: $arch
		target: $arch
		suite: test
		mirror: here
		release:
		  sha256: $hash
		  date: "Sat, 11 Jul 2026 10:16:37 UTC"
		  signed_by:
		    - 0000000000000000000000000000000000000000
		wanted: |
		  mini
		packages: |
		  mini 1 amd64 $size $hash pool/mini.deb
	END
	rm -rf "$root"
}

# recipe NAME: recipe.yaml's own part from stdin, a branch 1.0 without sources unless BRANCH holds text
recipe() {
	mkdir -p "$T/recipes/$1/1.0"
	{
		printf 'belljar: 1\nname: %s\nsummary: A test\nlicenses: [MIT]\ntoolchain: mini\ntargets: [%s]\n' "$1" "$arch"
		cat
	} >"$T/recipes/$1/recipe.yaml"
	printf 'belljar: 1\nversion: "1.0"\nepoch: 1700000000\n%s' "${BRANCH:-}" >"$T/recipes/$1/1.0/branch.yaml"
}

# The options that point at all this. The first use composes the root.
world() {
	need_rooms
	make_toolchain
	export BELLJAR_STORE=$T/store BELLJAR_RECIPES=$T/recipes BELLJAR_TOOLCHAINS=$T/toolchains
	export BELLJAR_MIRROR_HERE=file://$T
}
# Nothing of a build is left in the store's work area.
tmp_is_empty() { is "$1: the store's tmp" "$(ls -A "$BELLJAR_STORE/tmp")" ""; }

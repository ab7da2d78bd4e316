# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests beside it: a small Debian archive that is made, signed and served here, and the counting of
# cases. $tool is toolchaintool; $T is a temporary folder; everything ends with the script.

tool=$(readlink -f "$1")
: "${BELLJAR_LIBEXEC:?is where the helper programs are}"
T=$(mktemp -d /tmp/bj-archive-XXXXXX) || exit 70
export GNUPGHOME=$T/gnupg
passed=0 failed=0 skipped=0

cleanup() {
	gpgconf --homedir "$GNUPGHOME" --kill all 2>/dev/null
	rm -rf "$T"
}
trap cleanup EXIT

ok() { passed=$((passed + 1)); }
bad() {
	failed=$((failed + 1))
	printf 'FAILED: %s\n' "$*" >&2
}
# is WHAT FOUND EXPECTED
is() { if [ "$2" = "$3" ]; then ok; else bad "$1: expected '$3', found '$2'"; fi; }
# holds WHAT TEXT PART
holds() { case $2 in *"$3"*) ok ;; *) bad "$1: '$3' is not in '$2'" ;; esac; }
finish() {
	printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
	[ $failed -eq 0 ] && [ $passed -ge "$1" ]
	exit
}

# refused WHAT STATUS PART COMMAND...: it must fail with this status and with PART in its message
refused() {
	local what=$1 want=$2 part=$3 said status
	shift 3
	said=$("$@" 2>&1 >/dev/null)
	status=$?
	is "$what: status" "$status" "$want"
	holds "$what" "$said" "$part"
}

mkdir -m 700 "$GNUPGHOME"
gpg() { command gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase '' "$@"; }
# new_key NAME [gpg options]: prints the fingerprint
new_key() {
	local name=$1
	shift
	gpg "$@" --quick-gen-key "$name <$name@example.org>" ed25519 sign "${expire:-never}" 2>/dev/null
	gpg --with-colons --list-keys "$name@example.org" 2>/dev/null | awk -F: '/^fpr/ { print $10; exit }'
}

# deb NAME VERSION ARCH FIELDS FILES: FIELDS are further control lines; FILES are "path=text" or "path->target" words
deb() {
	local dir=$T/work/$1_$3 word path
	rm -rf "$dir"
	mkdir -p "$dir/DEBIAN" "$A/pool/main"
	printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: nobody <n@example.org>\nDescription: test\n' \
		"$1" "$2" "$3" >"$dir/DEBIAN/control"
	[ -z "$4" ] || printf '%b\n' "$4" >>"$dir/DEBIAN/control"
	for word in ${5:-}; do
		path=${word%%[=-]*}
		mkdir -p "$dir/$(dirname "$path")"
		case $word in
		*"->"*) ln -s "${word#*->}" "$dir/$path" ;;
		*)
			printf '%s' "${word#*=}" >"$dir/$path"
			case $path in */bin/* | bin/*) chmod 755 "$dir/$path" ;; esac
			;;
		esac
	done
	dpkg-deb --root-owner-group -Zgzip -b "$dir" "$A/pool/main/$1_${2#*:}_$3.deb" >/dev/null
}

# index ARCH: the Packages file of the .debs of this architecture and of "all"
index() {
	local f
	for f in "$A"/pool/main/*_"$1".deb "$A"/pool/main/*_all.deb; do
		[ -e "$f" ] || continue
		dpkg-deb -f "$f"
		printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "${f#"$A"/}" "$(stat -c %s "$f")" \
			"$(sha256sum <"$f" | cut -d' ' -f1)"
	done
}

pack_index() { # ARCH
	mkdir -p "$A/dists/test/main/binary-$1"
	index "$1" | xz -0 >"$A/dists/test/main/binary-$1/Packages.xz"
}

# release_text: DATE, CODENAME and MORE may be set by the caller
release_text() {
	local f
	printf 'Origin: test\nCodename: %s\nDate: %s\n' "${CODENAME:-test}" "${DATE:-Sat, 11 Jul 2020 10:00:00 UTC}"
	[ -z "${MORE:-}" ] || printf '%s\n' "$MORE"
	echo SHA256:
	for f in "$A"/dists/test/main/binary-*/Packages.xz; do
		printf ' %s %s %s\n' "$(sha256sum <"$f" | cut -d' ' -f1)" "$(stat -c %s "$f")" "${f#"$A"/dists/test/}"
	done
}

sign() { gpg "${@:2}" --local-user "$1" --clearsign --output - 2>/dev/null; } # KEY [gpg options]

# archive: indices, Release, signature
archive() {
	pack_index amd64
	pack_index arm64
	release_text | sign "${KEY:-$good_key}" >"$A/dists/test/InRelease"
}

# toolchain NAME PAIRS LINKS: a toolchain.yaml below $T/tc that pins $good_key
toolchain() {
	mkdir -p "$T/tc/$1/keys"
	gpg --export "$good_key" ${also_key:+"$also_key"} >"$T/tc/$1/keys/test.gpg"
	cat >"$T/tc/$1/toolchain.yaml" <<-END
		belljar: 1
		name: $1
		suite: test
		components: [main]
		mirror: debian
		keys: {file: keys/test.gpg, fingerprints: [$good_key]}
		essential: [base]
		pairs:
		$2
		links: {${3:-}}
		drop: [usr/share/doc]
	END
}

pair() { printf '  - {host: %s, target: %s, packages: [%s]}\n' "$1" "$2" "$3"; } # HOST TARGET PACKAGES
# run NAME PAIR VERB
run() { "$tool" "${S:-$T/store}" "$T/tc" "$1" "$2" "file://$A" "$3"; }
packages() { sed -n '/^packages:/,$ { s/^  \([^ ]*\) \([^ ]*\) \([^ ]*\) .*/\1:\3/p }' "$T/tc/$1/locks/$2.yaml" | xargs; }

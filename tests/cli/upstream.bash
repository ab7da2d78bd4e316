# SPDX-License-Identifier: Apache-2.0
# Sourced by test-update*: an upstream made by the test (repositories, keys, signed tags) and the recipe that follows it.
# shellcheck shell=bash disable=SC2034,SC2154 # see lib.bash
export GNUPGHOME=$T/gnupg
mkdir -m 700 "$GNUPGHOME"
trap 'gpgconf --kill all 2>/dev/null; rm -rf "$T"' EXIT
export BELLJAR_STORE=$T/store BELLJAR_RECIPES=$T/recipes
unset BELLJAR_FETCH_STALL_S

git_at() { # FOLDER ARGUMENTS: git without this host's configuration
	env -i PATH="$PATH" HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.org \
		GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE="${WHEN:-1700000000} +0000" \
		GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.org git -C "$@"
}
# key NAME [GPG OPTIONS]: a new key; its fingerprint is in $fpr
key() {
	local name=$1
	shift
	gpg --batch --quiet --passphrase '' "$@" --no-auto-check-trustdb --quick-gen-key "$name <$name@example.org>" ed25519 sign "${KEY_EXPIRES:-never}" \
		2>/dev/null || exit 70
	fpr=$(gpg --batch --no-auto-check-trustdb --with-colons --list-keys "$name@" | awk -F: '$1 == "fpr" { print $10; exit }')
}
# object TAG COMMIT: the unsigned text of a tag object
object() { printf 'object %s\ntype commit\ntag %s\ntagger t <t@example.org> 1700000000 +0000\n\n%s\n' "$2" "$1" "${3:-release}"; }
# put_tag REPOSITORY NAME: the object on stdin becomes that tag, however wrong it is
put_tag() {
	local oid
	oid=$(git_at "$1" hash-object -t tag -w --stdin --literally) && git_at "$1" update-ref "refs/tags/$2" "$oid"
}
# sign KEY [GPG OPTIONS] <TEXT: the text, then its signature
sign() {
	local who=$1
	shift
	cat >"$T/.text"
	gpg --batch --quiet --yes --armor --detach-sign --local-user "$who@" "$@" -o "$T/.sig" "$T/.text" 2>/dev/null || exit 70
	cat "$T/.text" "$T/.sig"
}
# release VERSION [KEY]: a commit whose tree says the version, and a signed tag
release() {
	echo "$1" >"$T/up/xen/VERSION"
	git_at "$T/up/xen" add -A
	git_at "$T/up/xen" commit -q --allow-empty -m "$1"
	head=$(git_at "$T/up/xen" rev-parse HEAD)
	object "RELEASE-$1" "$head" | sign "${2:-good}" | put_tag "$T/up/xen" "RELEASE-$1"
}
new_repository() {
	mkdir -p "$T/up/$1"
	git_at "$T/up/$1" init -q -b main
	echo "$1" >"$T/up/$1/file"
	git_at "$T/up/$1" add -A
	git_at "$T/up/$1" commit -qm first
}
keyring() { gpg --batch --export "$@" >"$T/recipes/xen/keys/xen.gpg"; }

# What Config.mk of real releases looks like: values of make, legacy names, a conditional.
config_mk() {
	cat >"$T/up/xen/Config.mk" <<-END
		# -*- mode: Makefile; -*-
		QEMU_UPSTREAM_INTREE ?= \$(XEN_ROOT)/tools/qemu-xen
		ifneq (,\$(SEABIOS_UPSTREAM_TAG))
		SEABIOS_UPSTREAM_REVISION ?= \$(SEABIOS_UPSTREAM_TAG)
		endif
		ifeq (\$(GIT_HTTP),y)
		QEMU_UPSTREAM_URL ?= file://$T/up/qemu
		else
		QEMU_UPSTREAM_URL ?= git://nowhere.example.org/qemu-xen.git
		endif
		QEMU_UPSTREAM_REVISION ?= ${QEMU_REVISION:-qemu-xen-1}   # a comment
		SEABIOS_UPSTREAM_URL ?= file://$T/up/seabios
		SEABIOS_UPSTREAM_REVISION ?= rel-1.16.3
		QEMU_UPSTREAM_LOC ?= \$(call or,\$(wildcard \$(QEMU_UPSTREAM_INTREE)),\\
		                               \$(QEMU_UPSTREAM_URL))
	END
	mkdir -p "$T/up/xen/tools/firmware/etherboot"
	printf 'IPXE_GIT_URL ?= file://%s/up/ipxe\n\nIPXE_GIT_TAG := %s\n\n$T:\n\tIPXE_GIT_TAG = evil\n' "$T" "$ipxe" \
		>"$T/up/xen/tools/firmware/etherboot/Makefile"
	printf '# Release Support\n\n    Xen-Version: 4.21\n    Initial-Release: %s\n    Supported-Until: 2028-11-19\n    Security-Support-Until: 2030-11-19\n' \
		"${RELEASED:-2025-11-19}" >"$T/up/xen/SUPPORT.md"
}

# make_upstream: components, keys, releases of several branches
make_upstream() {
	mkdir -p "$T/up" "$T/recipes/xen/keys"
	new_repository qemu
	new_repository seabios
	new_repository ipxe
	qemu=$(git_at up/qemu rev-parse HEAD) seabios=$(git_at up/seabios rev-parse HEAD) ipxe=$(git_at up/ipxe rev-parse HEAD)
	git_at up/qemu tag -am qemu qemu-xen-1
	git_at up/seabios tag rel-1.16.3
	new_repository xen
	config_mk
	key good
	good=$fpr
	keyring good@
	local v
	for v in 4.9.4 4.19.1 4.20.4 4.20.9 4.20.10; do release $v; done
	# Odd names, of which none is a release.
	for v in 4.20.99-rc1 4.20.11-rc2 v4.20.98 4.20.012 4.20..13 4.20.14. 4.20.1e9 99999999999.1; do
		git_at up/xen update-ref "refs/tags/RELEASE-$v" "$head" 2>/dev/null
	done
	git_at up/xen tag 4.21.0
	git_at up/xen tag -- "RELEASE-4.20.10-x"
}

# write_recipe [KEYS]: recipes/xen with its upstream
write_recipe() {
	cat >"$T/recipes/xen/recipe.yaml" <<-END
		belljar: 1
		name: xen
		summary: A test
		licenses: [MIT]
		toolchain: mini
		targets: [x86_64, aarch64]
		options:
		  fw: {type: bool, default: false}
		upstream:
		  source: xen
		  urls: ["${URL:-file://$T/up/xen}"]
		  tag: "RELEASE-{version}"
		  keys: ${1:-{file: keys/xen.gpg, fingerprints: [$good]\}}
		  env: {XEN_CHANGESET: "git:{commit:10}"}
		  support:
		    file: SUPPORT.md
		    released: Initial-Release
		    full_until: Supported-Until
		    security_until: Security-Support-Until
		  components:
		    - {name: qemu, file: Config.mk, url: QEMU_UPSTREAM_URL, revision: QEMU_UPSTREAM_REVISION}
		    - {name: seabios, file: Config.mk, url: SEABIOS_UPSTREAM_URL, revision: SEABIOS_UPSTREAM_REVISION${SEABIOS_TO:-}}
		    - {name: ipxe, file: tools/firmware/etherboot/Makefile, url: IPXE_GIT_URL, revision: IPXE_GIT_TAG}
		phases:
		  - {name: build, run: "true"}
		outputs: [out]
	END
}

# git_branch NAME VERSION [COMMIT NAR]: a branch as people write one
git_branch() {
	mkdir -p "$T/recipes/xen/$1"
	cat >"$T/recipes/xen/$1/branch.yaml" <<-END
		# SPDX-License-Identifier: Apache-2.0
		belljar: 1
		# Said by hand: é, and why.
		version: "$2"   # trailing
		epoch: 1722211200

		support:
		  released: 2024-07-29
		  full_until: 2026-01-29
		  security_until: ${SECURITY_UNTIL:-2099-07-29}
		  source: "somewhere"
		sources:
		  # the one source
		  - name: xen
		    git:
		      commit: ${3:-unknown}
		      tag: RELEASE-$2
		      nar: ${4:-unknown}   # of the checkout
		    urls: ["file://$T/up/xen"]
		    to: xen
		env:
		  # abbreviated
		  XEN_CHANGESET: 'git:0000000000'
		# Reproduced everywhere.
		golden:
		  - target: x86_64
		    host: x86_64
		    root: "bea3bf219d18a946a527abc094b25fbc85c92e815e05907d66acb54d083fa918"
		    outputs:
		      out: "efdf41c31795f05098118b9b2e0a85d6810c6acac7ceb871669894edb18a8291"
	END
}
tarball_branch() { # NAME VERSION SECURITY_UNTIL
	mkdir -p "$T/recipes/xen/$1"
	cat >"$T/recipes/xen/$1/branch.yaml" <<-END
		belljar: 1
		version: "$2"
		epoch: 1722211200
		support: {security_until: $3}
		sources:
		  - name: xen
		    file: xen-$2.tar.xz
		    sha256: bea3bf219d18a946a527abc094b25fbc85c92e815e05907d66acb54d083fa918
		    size: 1
		    urls: ["https://example.org/xen.tar.xz"]
		    to: xen
	END
}

# state: all of the recipes: names, modes, times, contents
state() { (cd "$T/recipes" && find . -printf '%p %y %m %T@ %l\n' | sort && find . -type f -exec sha256sum {} + | sort -k2); }
snapshot() { before=$(state); }
untouched() { is "$1: the recipes are as they were" "$(state)" "$before"; }
# refused WHAT STATUS PART ARGUMENTS...: update fails so, and touches nothing
refused() {
	local what=$1 code=$2 part=$3
	shift 3
	snapshot
	bj update "$@" --yes
	expect "$what" "$code" "$part"
	is "$what: stdout" "$out" ""
	untouched "$what"
	is "$what: the store's tmp" "$(ls -A "$BELLJAR_STORE/tmp" 2>/dev/null)" ""
}
# What other people's programs say the hash of a commit's checkout is.
nar_of() { # REPOSITORY COMMIT
	rm -rf "$T/plain"
	git clone -q -n "$T/up/$1" "$T/plain" 2>/dev/null
	git_at "$T/plain" checkout -q "$2" 2>/dev/null
	rm -rf "$T/plain/.git"
	printf 'sha256-%s' "$(nix-hash --type sha256 "$T/plain" | tr -d "\n" | sed 's/../\\x&/g' | xargs -0 printf | base64 -w0)"
}

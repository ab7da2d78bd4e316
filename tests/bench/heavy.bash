# shellcheck shell=bash disable=SC2154 # bin, top and work are run's
# SPDX-License-Identifier: Apache-2.0
# Benchmarks that take minutes; sourced by run. They need files that the network would give: the sources and packages
# of the locks, in the folder BENCH_FILES (what `belljar fetch --keep` leaves). BENCH_STORE is a store to keep between runs.
: "${BENCH_ROUNDS:=3}"

need_files() {
	[ -n "${BENCH_FILES:-}" ] && return
	echo "$1: BENCH_FILES is not set to a folder of locked files; skipped"
	return 1
}

need_root_user() {
	[ "$(id -u)" = 0 ] && return
	echo "$1: the other side needs root; skipped"
	return 1
}

seconds() { # COMMAND...: "WALL CPU" of all its processes
	local TIMEFORMAT='%R %U %S'
	{ time "$@" >"$work/log" 2>&1; } 2>"$work/time" || {
		echo "$1 failed:" >&2
		tail -n 5 "$work/log" >&2
		return 1
	}
	awk '{ print $1, $2 + $3 }' "$work/time"
}

# rounds NAME-A NAME-B LIMIT SETUP A B: functions; SETUP runs before each and is not timed. Medians of wall time; the
# ratio of CPU time is told too, because other jobs of the machine disturb it less.
rounds() {
	local a=() b=() i t
	for ((i = 0; i < BENCH_ROUNDS; i++)); do
		"$4" "$i" a && t=$(seconds "$5" "$i") || return 1
		a+=("$t")
		"$4" "$i" b && t=$(seconds "$6" "$i") || return 1
		b+=("$t")
	done
	{
		printf 'a %s\n' "${a[@]}"
		printf 'b %s\n' "${b[@]}"
	} | sort -k1,1 -k2,2n | awk -v na="$1" -v nb="$2" -v limit="$3" '
		{ v[$1, ++n[$1]] = $2; cpu[$1] += $3 }
		function median(s) { return (v[s, int((n[s] + 1) / 2)] + v[s, int(n[s] / 2) + 1]) / 2 }
		END {
			r = median("a") / median("b")
			printf "%-28s %9.2f s    %-28s %9.2f s    ratio %.3f, of CPU %.3f  (at most %s: %s)\n", na,
				median("a"), nb, median("b"), r, cpu["a"] / cpu["b"], limit, r <= limit ? "met" : "MISSED"
			exit r > limit
		}'
}

# The root of the AArch64 cross toolchain and Xen's sources, both outside the room and inside the same files.
xen_world() {
	store=${BENCH_STORE:-$work/store}
	"$bin" toolchain compose debian-12 --host x86_64 --target aarch64 --store "$store" --from "$BENCH_FILES" --offline \
		--toolchains "$top/toolchains" >/dev/null 2>&1 || return 1
	root=$store/trees/$(awk '$1 == "tree:" { print $2 }' "$top/toolchains/debian-12/locks/x86_64-aarch64.yaml")
	[ -d "$root" ] || { echo "no root at $root" >&2; return 1; }
	mkdir -p "$work/src/xen"
	tar -C "$work/src/xen" --strip-components=1 -xf "$BENCH_FILES"/xen_4.20.*.orig.tar.xz
	printf 'bench\n' >"$work/src/xen/.scmversion"
	cat >"$work/src/build" <<-'END'
		#!/bin/bash
		set -e
		mkdir /build/xen
		cp -R /inputs/src/xen/. /build/xen/
		cd /build/xen/xen
		make="make -j2 XEN_TARGET_ARCH=arm64 XEN_COMPILE_ARCH=x86_64 CROSS_COMPILE=aarch64-linux-gnu- XEN_OS=Linux
			PYTHON=/usr/bin/python3 XEN_WHOAMI=b XEN_DOMAIN=b XEN_BUILD_HOST=b XEN_BUILD_DATE=d XEN_BUILD_TIME=t"
		$make defconfig
		$make
		test -s xen
	END
	chmod 755 "$work" "$work/src" "$work/src/build"
}

xen_room() {
	"$bin" run --root "$root" --ro "$work/src:/inputs/src" --ledger "$work/ledger" -- /inputs/src/build &&
		grep -q '"execve"' "$work/ledger"
}

# Inside namespaces of its own, so that no mount is seen outside.
xen_chroot() {
	unshare --mount --pid --fork --propagation private bash -eu -c '
		mount --bind "$1" "$2" && mount -t tmpfs tmpfs "$2/build" && mount -t proc proc "$2/proc"
		mount -t tmpfs tmpfs "$2/tmp" && mount --rbind /dev "$2/dev" && mount -t tmpfs tmpfs "$2/inputs"
		mkdir "$2/inputs/src" && mount --bind "$3" "$2/inputs/src"
		env -i PATH=/usr/bin:/usr/sbin:/bin:/sbin HOME=/build LC_ALL=C.UTF-8 TZ=UTC TMPDIR=/tmp \
			chroot "$2" /inputs/src/build' - "$root" "$work/mnt" "$work/src"
}

bench_ledger() {
	need_files ledger && need_root_user ledger || return 0
	xen_world || return 1
	mkdir -p "$work/mnt"
	rounds "Xen in the room, ledger on" "Xen in a chroot" 1.02 : xen_room xen_chroot
	echo "  $(wc -l <"$work/ledger") rows in the ledger"
}

# The most that belljar itself (not its helpers, not the room) ever held while it built Xen.
bench_memory() {
	need_files memory || return 0
	local store=${BENCH_STORE:-$work/store} pid peak=0 now
	"$bin" build xen@4.20:hypervisor --target aarch64 --store "$store" --from "$BENCH_FILES" --offline --no-link \
		--recipes "$top/recipes" --toolchains "$top/toolchains" --set debug=true >"$work/log" 2>&1 &
	pid=$!
	while now=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
		peak=$now
		sleep 0.05
	done
	wait "$pid" || { tail -n 5 "$work/log" >&2; return 1; }
	grep -q 'built in' "$work/log" || echo "  it was in the store already: only the lookup was measured"
	awk -v kib="$peak" 'BEGIN {
		printf "%-28s %9.1f MiB  (at most 64: %s)\n", "memory of the supervisor", kib / 1024, kib <= 65536 ? "met" : "MISSED"
		exit kib > 65536
	}'
}

# 100 recipes that write a number, and one that needs them all; a new number each round, so that nothing is in a store.
actions_setup() { # ROUND SIDE
	local n inputs=''
	if [ "$2" = b ]; then
		cat >"$work/many.nix" <<-END
			let one = n: derivation {
				name = "n\${toString n}"; system = builtins.currentSystem; builder = "/bin/sh";
				args = [ "-c" "echo round $1 \${toString n} > \$out" ];
			}; in derivation {
				name = "all"; system = builtins.currentSystem; builder = "/bin/sh";
				inputs = map one (builtins.genList (n: n) 100); args = [ "-c" "echo \$inputs > \$out" ];
			}
		END
		return 0
	fi
	rm -rf "$work/recipes"
	for ((n = 0; n < 100; n++)); do
		actions_recipe "n$n" "echo round $1 $n > \$OUT/n"
		inputs+="  - {name: n$n}"$'\n'
	done
	actions_recipe all "echo done > \$OUT/n" "inputs:"$'\n'"$inputs"
}

actions_recipe() { # NAME SCRIPT [INPUTS]
	mkdir -p "$work/recipes/$1/1.0"
	printf 'belljar: 1\nname: %s\nsummary: A number\nlicenses: [MIT]\ntoolchain: debian-12\ntargets: [x86_64, aarch64]\n%sphases:\n  - {name: write, run: "%s"}\noutputs: [out]\n' \
		"$1" "${3:-}" "$2" >"$work/recipes/$1/recipe.yaml"
	printf 'belljar: 1\nversion: "1.0"\nepoch: 1735689600\nsources: []\n' >"$work/recipes/$1/1.0/branch.yaml"
}

actions_ours() {
	"$bin" build all --target aarch64 --store "$store" --from "$BENCH_FILES" --offline --no-link --jobs 2 \
		--recipes "$work/recipes" --toolchains "$top/toolchains"
}

actions_nix() {
	NIX_REMOTE='' NIX_STORE_DIR=$work/nix/store NIX_STATE_DIR=$work/nix/var NIX_LOG_DIR=$work/nix/log \
		nix-build --option sandbox false --option build-users-group '' --max-jobs 2 --no-out-link "$work/many.nix"
}

bench_actions() {
	need_files actions || return 0
	store=$work/actions-store
	"$bin" toolchain compose debian-12 --host x86_64 --target aarch64 --store "$store" --from "$BENCH_FILES" --offline \
		--toolchains "$top/toolchains" >/dev/null 2>&1 || return 1
	BENCH_ROUNDS=$((BENCH_ROUNDS + 2)) rounds "100 actions" "nix-build of 100" 0.5 actions_setup actions_ours actions_nix
}

compose_setup() { rm -rf "$work/compose"; }

compose_ours() {
	"$bin" toolchain compose debian-12 --host x86_64 --target aarch64 --store "$work/compose" --from "$BENCH_FILES" --offline \
		--toolchains "$top/toolchains"
}

compose_loop() {
	local p
	mkdir "$work/compose"
	while read -r p; do
		dpkg-deb --fsys-tarfile "$p" | tar -C "$work/compose" -xf - || return 1
	done <"$work/packages"
}

bench_compose() {
	need_files compose || return 0
	awk '/\.deb$/ { n = split($NF, part, "/"); print ENVIRON["BENCH_FILES"] "/" part[n] }' \
		"$top/toolchains/debian-12/locks/x86_64-aarch64.yaml" >"$work/packages"
	echo "  $(wc -l <"$work/packages") packages"
	rounds "root from .deb files" "dpkg-deb | tar" 0.5 compose_setup compose_ours compose_loop
}

export_setup() { # ROUND SIDE: the same files, as a build would leave them
	rm -rf "$work/export"
	mkdir -p "$work/export/out" "$work/export/from"
	cp -R "$export_from" "$work/export/from/bench"
	sync -f "$work/export"
}

export_ours() {
	local hash
	hash=$("$work/publish" "$work/export/store" "$work/export/from" bench) || return 1
	"$bin" export "$hash" --store "$work/export/store" --format tar.zst -o "$work/export/out/a.tar.zst"
}

export_tar() {
	(cd "$work/export/from/bench" && find . -type f -print0 | sort -z | xargs -0 sha256sum >"$work/export/out/sums") &&
		tar -C "$work/export/from/bench" --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner -cf - . |
		zstd -q -T0 -o "$work/export/out/a.tar.zst"
}

bench_export() {
	local build
	build=$(dirname "$(dirname "$bin")")
	export_from=${BENCH_TREE:-/usr/lib/gcc}
	cc -O2 -D_GNU_SOURCE -I"$top/base/include" -I"$top/store/include" -o "$work/publish" "$top/tests/bench/publish.c" \
		"$build/store/libbj_store.a" "$build/base/libbj_base.a" -ljansson -lpthread || return 1
	echo "  $(du -sh "$export_from" | cut -f1) in $(find "$export_from" | wc -l) files of $export_from"
	BENCH_ROUNDS=$((BENCH_ROUNDS + 2)) rounds "normalise, hash, export" "tar | zstd -T0, sha256sum" 0.7 export_setup \
		export_ours export_tar
}

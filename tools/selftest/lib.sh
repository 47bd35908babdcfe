# SPDX-License-Identifier: GPL-2.0
# Common ground of the tests of the tools. Sourced by run.
# shellcheck disable=SC2154 # work, REAL_CACHE: set by run
# shellcheck disable=SC2034 # rc, out, CASE, TREE: used by the tests

set -u

real_cache() { echo "${VRAM_BACKUP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vram-backup}"; }

wanted() {
	local name=$1 pattern
	shift
	[ $# -gt 0 ] || return 0
	for pattern; do
		# shellcheck disable=SC2053 # a pattern
		[[ $name == $pattern ]] && return 0
	done
	return 1
}

# A kernel as far as the tools look into one, the tools, and a series for it.
make_template() {
	local src=$work/src tree=$work/template/tree
	mkdir -p "$src/drivers/gpu/drm" "$src/include/drm" "$tree/patches" "$work/template/cache"
	printf 'VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 9\nEXTRAVERSION =\n' >"$src/Makefile"
	echo 'obj-y += a.o' >"$src/drivers/gpu/drm/Makefile"
	seq -f 'line %g' 20 >"$src/drivers/gpu/drm/a.c"
	echo 'old' >"$src/include/drm/b.h"

	cp -a "${TOOLS:-..}" "$tree/tools"
	mkdir -p "$tree/drivers/gpu/drm" "$tree/include/drm"
	echo 'new' >"$tree/drivers/gpu/drm/new.c"
	echo 'ours' >"$tree/include/drm/b.h"
	write_patch "$tree/patches/0001-first.patch" 'first: one' 'line 3' <<-END
		The body of the first.

		In two paragraphs.
	END
	write_patch "$tree/patches/0002-second.patch" 'second: two' '' <<<'Overlay only.'
	write_patch "$tree/patches/0003-third.patch" 'third: three' 'line 15' <<<'A fix.'
	printf '%s\n' '# a comment' 0001-first.patch '	drivers/gpu/drm/new.c' 0002-second.patch \
		'	replace include/drm/b.h' '[stock]' 0003-third.patch >"$tree/patches/series"
	printf 'all of it\n\nWhat it is for.\n' >"$tree/patches/cover-letter"
	ln -s "$REAL_CACHE/root" "$work/template/cache/root"
	VRAM_BACKUP_CACHE=$work/template/cache KERNEL_SRC=$src "$tree/tools/source" 2>"$work/log" ||
		{ cat "$work/log" >&2; exit 1; }
}

# write_patch FILE SUBJECT LINE: a patch that changes LINE of a.c, or nothing; its body
# on stdin.
write_patch() {
	local n=${3#line }
	{
		printf 'Subject: [PATCH] %s\nDate: Sat, 21 Nov 2026 14:00:00 +0000\n\n' "$2"
		cat
		echo '---'
		[ -n "$3" ] || return 0
		printf 'diff --git a/drivers/gpu/drm/a.c b/drivers/gpu/drm/a.c\n'
		printf -- '--- a/drivers/gpu/drm/a.c\n+++ b/drivers/gpu/drm/a.c\n'
		printf '@@ -%d,3 +%d,3 @@\n line %d\n-%s\n+%s, changed\n line %d\n' \
			$((n - 1)) $((n - 1)) $((n - 1)) "$3" "$3" $((n + 1))
	} >"$1"
}

begin_case() {
	CASE=$work/case
	TREE=$CASE/tree
	cp -a "$work/template" "$CASE"
	export VRAM_BACKUP_CACHE=$CASE/cache
	export KERNEL_SRC=$work/src
	cd "$TREE" || exit 1
	set -e
}

# try CMD...: its status in $rc, what it says in $out.
try() {
	rc=0
	out=$("$@" 2>&1 </dev/null) || rc=$?
	printf '%s\n' "$ $* -> $rc" "$out"
}

fail() { echo "=> $*"; exit 1; }
succeeds() { try "$@"; [ "$rc" -eq 0 ] || fail "status $rc, expected 0"; }
fails() { try "$@"; [ "$rc" -ne 0 ] || fail "must fail, and did not"; }
says() { grep -qF -- "$1" <<<"$out" || fail "does not say: $1"; }
says_not() { ! grep -qF -- "$1" <<<"$out" || fail "must not say: $1"; }
one_line() { [ "$(wc -l <<<"$out")" -eq 1 ] || fail "expected one line"; }
same() { [ "$1" = "$2" ] || fail "expected '$1', got '$2'"; }

lgit() { git --git-dir="$CASE/cache/linux" "$@"; }
refs() { lgit for-each-ref --format='%(refname) %(objectname)'; }

wait_for() {
	local i
	for i in $(seq 200); do
		[ ! -e "$1" ] || return 0
		sleep 0.05
	done
	fail "$1 did not appear"
}

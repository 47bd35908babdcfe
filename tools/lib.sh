# SPDX-License-Identifier: GPL-2.0
# Common ground of the scripts in tools/. Sourced by bash, never run.

set -euo pipefail

# Physical paths: the same names must be good inside and outside the build root.
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=${VRAM_BACKUP_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/vram-backup}
mkdir -p "$CACHE" || { echo "cannot create the cache directory $CACHE" >&2; exit 1; }
CACHE=$(cd "$CACHE" && pwd -P)
export VRAM_BACKUP_CACHE=$CACHE

PROG=${0##*/}

say() { printf '%s: %s\n' "$PROG" "$*" >&2; }
die() { say "$*"; exit 1; }

need_root() {
	[ "$(id -u)" -eq 0 ] || die "must run as root (it makes mounts and changes root)"
}

# lock NAME: one writer at a time. The lock ends with the script and what it started.
lock() {
	mkdir -p "$CACHE/lock"
	exec 9>"$CACHE/lock/$1"
	flock -n 9 && return
	say "waiting for another run that holds the lock '$1'"
	flock 9
}

# Go on inside the build root: git and the compilers there are the same for everyone.
enter_root() {
	[ -z "${VRAM_BACKUP_IN_ROOT:-}" ] || return 0
	exec "$TOP/tools/in-root" "$TOP/tools/$PROG" "$@"
}

# A stamp is a file that holds what its result was made from.
stamp_is() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
stamp_set() { printf '%s\n' "$2" >"$1.tmp" && mv "$1.tmp" "$1"; }

# run_logged LOG CMD...: run quietly; on failure show how it ended.
run_logged() {
	local log=$1 rc=0
	shift
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	[ "$rc" -eq 0 ] && return 0
	say "failed (status $rc): $*"
	# Errors of a parallel make can stand far above the end of its log.
	{ grep -aE '(^|[^a-z])([Ee]rror|E:|fatal)[: ]' "$log" || true; } | tail -n 15 >&2
	say "last lines of $log:"
	tail -n 15 "$log" >&2
	return "$rc"
}

# apt_reason LOG: what apt or dpkg stumbled over; what comes after that follows from it.
apt_reason() { { grep -aE '^(E:|dpkg: error)' "$1" || true; } | head -n 1; }

# attach_tree NAME: a cache may have been moved or copied. The work tree of a kernel is one of
# the repository beside it.
attach_tree() {
	echo "gitdir: $CACHE/linux/worktrees/$1" >"$CACHE/src/$1/.git"
	echo "$CACHE/src/$1/.git" >"$CACHE/linux/worktrees/$1/gitdir"
}

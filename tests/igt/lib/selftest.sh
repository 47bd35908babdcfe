#!/bin/bash
# SPDX-License-Identifier: MIT
# selftest.sh PROGRAM: runs the harness's test program in every way it can end, and compares.
set -u
prog=$1
bad=0
count=0

# want STATUS "PLAN" "OPTIONS" LINE...: the exit status, and lines its output must have.
# A line that begins with ! must not be there.
want() {
	local status=$1 plan=$2 options=$3 out got line
	shift 3
	count=$((count + 1))
	# shellcheck disable=SC2086 # options are words
	out=$(HARNESS_PLAN=$plan "$prog" $options 2>&1)
	got=$?
	if [ "$got" != "$status" ]; then
		echo "FAIL plan '$plan' options '$options': status $got, expected $status"
		bad=$((bad + 1))
	fi
	for line; do
		if [ "${line#!}" != "$line" ]; then
			grep -qE -- "${line#!}" <<<"$out" || continue
		else
			grep -qE -- "$line" <<<"$out" && continue
		fi
		echo "FAIL plan '$plan' options '$options': line '$line'"
		printf '%s\n' "$out" | sed 's/^/     /'
		bad=$((bad + 1))
	done
}

want 0 '' '' '^fixture runs' '^Subtest good: SUCCESS' '^Subtest row-2: SUCCESS' '^last fixture runs after 2'
want 0 '' '--list-subtests' '^good$' '^bad$' '^row-0$' '^row-2$' '!fixture runs' '!SUCCESS'
want 0 '' '--describe' '^Shows how tests end' '^SUB good' '^  Fails in a function called by the subtest' 'not described' '!fixture runs'
want 0 '' '--describe=row-1' '^SUB row-1' '!SUB good'
want 0 '' '--run-subtest good' '^Subtest good: SUCCESS' '!Subtest bad'
want 0 '' '--run-subtest row-*' 'row-0: SUCCESS' 'row-2: SUCCESS' '!good'
want 0 '' '--run-subtest row-*,!row-1' 'row-0: SUCCESS' '!row-1' 'row-2: SUCCESS'
want 0 '' '--run-subtest !row-*' 'good: SUCCESS' '!row-'
want 79 '' '--run-subtest nothing' "no subtest matches 'nothing'"
want 79 '' '--no-such-option' 'usage'
want 79 '' 'stray' "unexpected argument 'stray'"
want 0 '' '--level 7 --run-subtest good' '^level 7$'
want 0 '' '-l 9' '^level 9$'
want 0 '' '--help' 'a number to print'
want 0 '' '--help-description' '^Shows how tests end'
want 98 'bad-fails' '' 'Subtest bad: FAIL' 'from far below' 'selftest.c:' 'Subtest row-0: SUCCESS' 'after 1 steps'
want 98 'row-1-differs' '' 'row-0: SUCCESS' 'row-1: FAIL' '1 against 1' 'row-2: SUCCESS'
want 0 'rows-skip' '' 'row-1: SKIP' 'row 1' 'good: SUCCESS'
want 77 'rows-skip' '--run-subtest row-*' 'row-0: SKIP' '!SUCCESS'
want 98 'bad-fails rows-skip' '' 'bad: FAIL' 'row-2: SKIP'
want 77 'fixture-skips' '' 'told to skip' 'good: SKIP' 'bad: SKIP' '!Starting' '!last fixture'
want 98 'fixture-fails' '' 'told to fail' 'good: FAIL' 'row-2: FAIL' '!Starting' '!last fixture'
want 112 'abort' '' 'told to abort' 'Starting subtest: no-description' '!last fixture'
want 139 'bad-crashes' '' 'Starting subtest: bad' 'crashed by a signal' '!row-0'

echo "harness: $count ways to end, $bad differences"
[ "$bad" = 0 ]

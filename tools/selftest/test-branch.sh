# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2016,SC2154,SC2163,SC2164
# The overlay and the series.

# A branch made from the good series, to see that a bad one leaves it alone.
good_branch() {
	succeeds tools/branch
	before=$(refs)
}

refused() {
	fails tools/branch
	same "$before" "$(refs)"
	[ -z "$(find "$CASE/cache" -maxdepth 1 -name 'branch.*')" ] || fail "leaves a temporary folder"
}

test_branch_commits() {
	succeeds tools/branch
	says '3 commits on Linux 7.3.9'
	same 'first: one|second: two|third: three|' \
		"$(lgit log --reverse --format=%s stock..vram-backup | tr '\n' '|')"
	same "$(lgit rev-parse vram-backup~1)" "$(lgit rev-parse stock-tests)"
	same "$(lgit rev-parse stock)" "$(lgit rev-parse vram-backup~3)"
	same 'The body of the first.

In two paragraphs.

Signed-off-by: A Tester <tester@example.org>' "$(lgit log -1 --format=%b vram-backup~2)"
	same 'A Tester <tester@example.org> Sat, 21 Nov 2026 14:00:00 +0000' \
		"$(lgit log -1 --format='%an <%ae> %aD' vram-backup)"
	same 'line 3, changed' "$(lgit show vram-backup:drivers/gpu/drm/a.c | sed -n 3p)"
}

test_branch_overlay_in_its_commit() {
	succeeds tools/branch
	same 'M drivers/gpu/drm/a.c|A drivers/gpu/drm/new.c|' \
		"$(lgit diff-tree -r --name-status --no-commit-id vram-backup~2 | tr '\t\n' ' |')"
	same 'M include/drm/b.h|' \
		"$(lgit diff-tree -r --name-status --no-commit-id vram-backup~1 | tr '\t\n' ' |')"
	same ours "$(lgit show vram-backup:include/drm/b.h)"
}

test_branch_same_ids() {
	good_branch
	succeeds tools/branch
	same '' "$out"
	lgit update-ref -d refs/heads/vram-backup
	lgit update-ref -d refs/heads/stock-tests
	sleep 1.1
	succeeds tools/branch
	same "$before" "$(refs)"
	echo newer >drivers/gpu/drm/new.c
	succeeds tools/branch
	[ "$before" != "$(refs)" ] || fail "an edit of the overlay changes nothing"
}

test_branch_author_of_a_patch() {
	sed -i '1i From: Some Body <some@example.org>' patches/0003-third.patch
	succeeds tools/branch
	same 'Some Body A Tester' "$(lgit log -1 --format='%an %cn' vram-backup)"
}

test_branch_hunk_does_not_apply() {
	good_branch
	sed -i 's/^-line 15/-line fifteen/' patches/0003-third.patch
	refused
	says 'patches/0003-third.patch does not apply to Linux 7.3.9'
	says 'drivers/gpu/drm/a.c, near line 14'
	says 'the branches are as they were'
}

test_branch_patch_of_a_missing_file() {
	good_branch
	sed -i 's/a\.c/gone.c/g' patches/0003-third.patch
	refused
	says 'patches/0003-third.patch does not apply to Linux 7.3.9'
	says 'gone.c'
}

test_branch_patch_missing() {
	good_branch
	rm patches/0003-third.patch
	refused
	says 'patches/ and patches/series differ in: 0003-third.patch'
}

test_branch_patch_not_in_series() {
	good_branch
	cp patches/0003-third.patch patches/0004-more.patch
	refused
	says 'patches/ and patches/series differ in: 0004-more.patch'
}

test_branch_overlay_in_no_entry() {
	good_branch
	echo >drivers/gpu/drm/lost.c
	refused
	says 'in no entry: drivers/gpu/drm/lost.c'
}

test_branch_overlay_in_two_entries() {
	good_branch
	printf '\tdrivers/gpu/drm/new.c\n' >>patches/series
	refused
	says 'in more than one entry: drivers/gpu/drm/new.c'
}

test_branch_overlay_missing() {
	good_branch
	rm drivers/gpu/drm/new.c
	refused
	says 'no such overlay file: drivers/gpu/drm/new.c'
}

test_branch_overwrites_without_replace() {
	good_branch
	sed -i 's/replace include/include/' patches/series
	refused
	says "include/drm/b.h is the kernel's own file"
}

test_branch_replaces_nothing() {
	good_branch
	sed -i 's|drivers/gpu/drm/new.c|replace &|' patches/series
	refused
	says 'nothing to replace: drivers/gpu/drm/new.c'
}

test_branch_without_stock_line() {
	good_branch
	sed -i '/stock/d' patches/series
	refused
	says 'the line [stock] is missing'
}

test_branch_unreadable_series() {
	good_branch
	echo '0003-third.patch and more' >>patches/series
	refused
	says 'line 8: 0003-third.patch and more'
}

test_branch_patch_without_date() {
	good_branch
	sed -i '/^Date:/d' patches/0002-second.patch
	refused
	says 'patches/0002-second.patch: needs Subject: and Date:'
}

test_branch_entry_without_change() {
	good_branch
	sed -i '/replace/d' patches/series
	rm include/drm/b.h
	refused
	says 'patches/0002-second.patch: changes nothing'
}

# The series of this checkout, on the stock source of the cache, whose branch stays.
test_branch_of_this_checkout() {
	local top
	top=$(cd "$OLDPWD/../.." && pwd)
	[ -d "$REAL_CACHE/linux" ] || VRAM_BACKUP_CACHE=$REAL_CACHE KERNEL_SRC=$REAL_SRC succeeds "$top/tools/source"
	before=$(git --git-dir="$REAL_CACHE/linux" for-each-ref)
	rm -rf patches drivers include
	for d in patches drivers include mm Documentation; do
		[ ! -d "$top/$d" ] || cp -a "$top/$d" .
	done
	git init -q --bare "$CASE/cache/linux"
	echo "$REAL_CACHE/linux/objects" >"$CASE/cache/linux/objects/info/alternates"
	lgit update-ref refs/tags/stock "$(git --git-dir="$REAL_CACHE/linux" rev-parse stock)"
	# in-root makes KERNEL_SRC visible in the root; tools/branch does not look at it.
	export KERNEL_SRC=$REAL_CACHE/linux
	succeeds tools/in-root tools/branch
	same "$(grep -c '^[^#[:space:][]' patches/series)" "$(lgit rev-list --count stock..vram-backup)"
	after=$(refs)
	rm "$CASE/cache/linux/branch.stamp"
	succeeds tools/in-root tools/branch
	same "$after" "$(refs)"
	same "$before" "$(git --git-dir="$REAL_CACHE/linux" for-each-ref)"
}

test_series_mails() {
	succeeds tools/series
	same '0000-cover-letter.patch 0001-first-one.patch 0002-second-two.patch 0003-third-three.patch ' \
		"$(cd "$CASE/cache/series" && printf '%s ' *)"
	grep -q '^Subject: \[PATCH 0/3\] all of it$' "$CASE/cache/series/0000-cover-letter.patch" ||
		fail "the cover letter has another subject"
	grep -q "^base-commit: $(lgit rev-parse stock)" "$CASE/cache/series/0000-cover-letter.patch" ||
		fail "the base is not named"
}

test_series_out() {
	touch "$CASE/file"
	OUT=$CASE/mails succeeds tools/series
	says "4 mails in $CASE/mails"
	same 4 "$(find "$CASE/mails" -name '*.patch' | wc -l)"
	OUT=$CASE/file/mails fails tools/series
	says "cannot write to $CASE/file/mails"
}

test_check_config() {
	printf 'CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=m\nCONFIG_E="x"\n' >"$CASE/config"
	printf '# CONFIG_A is a comment\nCONFIG_A=y\n# CONFIG_B is not set\n# CONFIG_GONE is not set\n' >"$CASE/one"
	printf 'CONFIG_C=y\n' >"$CASE/two"
	printf 'CONFIG_C=m\nCONFIG_B=y\nCONFIG_D=y\nCONFIG_E="y"\n' >"$CASE/three"
	succeeds tools/check-config "$CASE/config" "$CASE/one"
	same '' "$out"
	fails tools/check-config "$CASE/config" "$CASE/one" "$CASE/two"
	says 'CONFIG_C: asked for y, is m'
	fails tools/check-config "$CASE/config" "$CASE/two" "$CASE/three"
	says 'CONFIG_B: asked for y, is n'
	says 'CONFIG_D: asked for y, is n'
	says 'CONFIG_E: asked for "y", is "x"'
	says_not CONFIG_A
	says_not CONFIG_C
}

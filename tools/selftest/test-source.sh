# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2016,SC2154,SC2163,SC2164
# KERNEL_SRC.

tracked() { lgit ls-tree -r --name-only stock | tr '\n' ' '; }
ALL='Makefile drivers/gpu/drm/Makefile drivers/gpu/drm/a.c include/drm/b.h '

test_source_plain_tree() {
	rm -rf "$CASE/cache/linux"
	succeeds tools/source
	same "$ALL" "$(tracked)"
	says 'tag stock (7.3.9)'
	id=$(lgit rev-parse stock)
	succeeds tools/source
	same '' "$out"
	rm -rf "$CASE/cache/linux"
	sleep 1.1
	succeeds tools/source
	same "$id" "$(lgit rev-parse stock)"
}

test_source_refuses_a_tree() {
	succeeds tools/source
	before=$(refs)
	cp -a "$work/src" "$CASE/other"
	sed -i 's/^PATCHLEVEL = 3/PATCHLEVEL = 2/' "$CASE/other/Makefile"
	KERNEL_SRC=$CASE/other fails tools/source
	says "$CASE/other is Linux 7.2; this branch is for 7.3"
	one_line
	KERNEL_SRC=$CASE/none fails tools/source
	says "no such directory: $CASE/none"
	one_line
	KERNEL_SRC=$CASE/cache fails tools/source
	says "not a kernel source tree: $CASE/cache"
	one_line
	same "$before" "$(refs)"
}

# Relative, below a folder with a space, git, with something built in it.
test_source_git_tree() {
	mkdir "$CASE/my trees"
	cp -a "$work/src" "$CASE/my trees/linux"
	(
		cd "$CASE/my trees/linux"
		git init -q && git add . && git commit -q -m x
	)
	touch "$CASE/my trees/linux/a.o"
	cd "$CASE"
	export KERNEL_SRC='my trees/linux'
	succeeds tree/tools/source
	same "$ALL" "$(tracked)"
	echo edited >>"$CASE/my trees/linux/include/drm/b.h"
	succeeds tree/tools/source
	says "KERNEL_SRC=$CASE/my trees/linux has changed"
	same 'old edited ' "$(lgit show stock:include/drm/b.h | tr '\n' ' ')"
}

test_source_plain_tree_in_a_checkout() {
	mkdir "$CASE/project"
	(
		cd "$CASE/project"
		git init -q && touch file && git add file && git commit -q -m x
	)
	cp -a "$work/src" "$CASE/project/linux"
	KERNEL_SRC=$CASE/project/linux succeeds tools/source
	same "$ALL" "$(tracked)"
}

# Leaving it out would go back to the package; here to another tree, which is cheaper.
test_source_change_is_told() {
	succeeds tools/branch
	cp -a "$work/src" "$CASE/other"
	sed -i 's/^SUBLEVEL = 9/SUBLEVEL = 10/' "$CASE/other/Makefile"
	mkdir -p "$CASE/cache/build/stock" "$CASE/cache/build/model" "$CASE/cache/src/stock"
	KERNEL_SRC=$CASE/other succeeds tools/branch
	says "the stock source was from KERNEL_SRC=$work/src; this command takes it from KERNEL_SRC=$CASE/other"
	says '3 commits on Linux 7.3.10'
	[ ! -e "$CASE/cache/build/stock" ] || fail "a build of the old source is left"
	[ -d "$CASE/cache/build/model" ] || fail "the device model, which is not built from the source, is gone"
}

test_source_interrupted() {
	mkfifo "$CASE/pipe"
	cp -a "$work/src" "$CASE/slow"
	succeeds tools/source
	before=$(refs)
	# cp stands still at the pipe, in the middle of the tree.
	mv "$CASE/pipe" "$CASE/slow/include/zz"
	sed -i 's/cp -a "$KERNEL_SRC/cp -r --copy-contents "$KERNEL_SRC/' tools/source
	KERNEL_SRC=$CASE/slow setsid tools/source &
	pid=$!
	wait_for "$CASE/cache/linux.tree/drivers"
	kill -KILL -- "-$pid"
	wait "$pid" || true
	same "$before" "$(refs)"
	rm "$CASE/slow/include/zz"
	KERNEL_SRC=$CASE/slow succeeds tools/source
	same "$ALL" "$(tracked)"
	[ ! -e "$CASE/cache/linux.tree" ] || fail "linux.tree is left"
}

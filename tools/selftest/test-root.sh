# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2016,SC2154,SC2163,SC2164
# Making and updating the build root.

# Everything that makes up a root, to see that it is left alone.
state() { find "$CASE/cache/root" -xdev -printf '%P %y %s %T@\n' 2>/dev/null | sort | sha256sum; }

# A root that is out of date in its base, so that it has to be made anew.
old_root() {
	rm "$CASE/cache/root"
	mkdir -p "$CASE/cache/root/etc"
	echo 'an older base' >"$CASE/cache/root/.base"
	before=$(state)
}

# A mmdebstrap that makes a root of busybox and an apt-get that does nothing. It stands
# still in the middle while $CASE/slow is there.
fake_mmdebstrap() {
	mkdir "$CASE/bin"
	cp "$REAL_CACHE/root/bin/busybox" "$CASE/bin/"
	cat >"$CASE/bin/mmdebstrap" <<-END
		#!/bin/bash
		for new; do [ "\${new##*/}" != root.new ] || break; done
		mkdir -p "\$new"/{bin,usr/bin,proc,dev,var/cache/apt/archives,etc/apt/preferences.d,etc/apt/apt.conf.d}
		[ ! -e "\$new/half" ] || echo 'there was something already' >"\$new/dirty"
		touch "\$new/half"
		[ ! -e "$CASE/slow" ] || { echo >"$CASE/up"; sleep 60; }
		cp "$CASE/bin/busybox" "\$new/bin/busybox"
		ln -s busybox "\$new/bin/sh"
		for c in apt-get dpkg; do
			printf '#!/bin/sh\necho "\$0 \$*" >>/done\n' >"\$new/bin/\$c"
			chmod +x "\$new/bin/\$c"
		done
		rm "\$new/half"
	END
	chmod +x "$CASE/bin/mmdebstrap"
	export PATH=$CASE/bin:$PATH
	echo tiny >tools/root.packages
}

whole() {
	grep -q 'apt-get .*install tiny' "$CASE/cache/root/done" || fail "the packages are not installed"
	[ ! -e "$CASE/cache/root/half" ] || fail "the root is half made"
	[ ! -e "$CASE/cache/root/dirty" ] || fail "made on top of a half made root"
	[ ! -e "$CASE/cache/root.new" ] || fail "root.new is left"
	[ ! -e "$CASE/cache/root.old" ] || fail "root.old is left"
	succeeds tools/root
	same '' "$out"
}

test_root_up_to_date() {
	succeeds tools/root
	same '' "$out"
}

test_root_needs_root_rights() {
	old_root
	chmod -R a+rwX "$CASE"
	before=$(state)
	fails setpriv --reuid=65534 --regid=65534 --clear-groups tools/root
	says 'root: must run as root'
	one_line
	same "$before" "$(state)"
}

test_root_without_a_list() {
	for f in empty gone; do
		if [ "$f" = empty ]; then : >tools/root.packages; else rm tools/root.packages; fi
		fails tools/root
		says "no packages are listed in $TREE/tools/root.packages"
	done
}

test_root_made_anew() {
	old_root
	fake_mmdebstrap
	succeeds tools/root
	says "build root ready: $CASE/cache/root"
	whole
}

test_root_no_network() {
	old_root
	MIRROR=http://127.0.0.1:9/debian fails tools/root
	says 'cannot make a trixie root from http://127.0.0.1:9/debian (no network?): E:'
	same 2 "$(wc -l <<<"$out")"
	same "$before" "$(state)"
}

test_root_interrupted() {
	old_root
	fake_mmdebstrap
	touch "$CASE/slow"
	for sig in KILL TERM; do
		setsid env --default-signal tools/root &
		pid=$!
		wait_for "$CASE/up"
		rm "$CASE/up"
		[ -e "$CASE/cache/root.new/half" ] || fail "not in the middle"
		kill -s "$sig" -- "-$pid"
		wait "$pid" || true
		same "$before" "$(state)"
	done
	rm "$CASE/slow"
	succeeds tools/root
	whole
}

test_root_lock() {
	old_root
	fake_mmdebstrap
	touch "$CASE/slow"
	setsid tools/root &
	pid=$!
	wait_for "$CASE/up"
	tools/root >"$CASE/second" 2>&1 &
	second=$!
	sleep 0.5
	grep -q "waiting for another run that holds the lock 'root'" "$CASE/second" || fail "does not wait"
	rm "$CASE/slow"
	kill -KILL -- "-$pid"
	wait "$pid" || true
	wait "$second" || fail "the second run failed: $(cat "$CASE/second")"
	whole
}

# The rest works on the real root, below an overlay that keeps what is written, in a
# mount namespace of its own. Its only source of packages is a folder.
on_overlay() {
	local root=$CASE/cache/root
	rm "$root"
	mkdir -p "$root" "$CASE/upper" "$CASE/overlay"
	export -f "$1" deb try fail succeeds fails says says_not same state wait_for install_stamp
	export CASE TREE
	unshare --mount --propagation private bash -c '
		set -eu
		mount -t overlay -o "lowerdir=$2,upperdir=$CASE/upper,workdir=$CASE/overlay" overlay "$CASE/cache/root"
		cd "$CASE/cache/root"
		rm -rf etc/apt/sources.list etc/apt/sources.list.d var/lib/apt/lists
		mkdir -p repo var/lib/apt/lists/partial
		echo "deb [trusted=yes] file:/repo ./" >etc/apt/sources.list
		: >repo/Packages
		cd "$TREE"
		"$1"
	' bash "$1" "$(readlink -f "$REAL_CACHE/root")"
}

# deb NAME [POSTINST]: a package in the folder.
deb() {
	local d=$CASE/deb/$1 repo=$CASE/cache/root/repo
	mkdir -p "$d/DEBIAN" "$d/usr/share/$1"
	printf '%s\n' "Package: $1" 'Version: 1' 'Architecture: all' 'Maintainer: us <us@example.org>' \
		'Description: a test' >"$d/DEBIAN/control"
	echo "$1" >"$d/usr/share/$1/file"
	if [ $# -gt 1 ]; then
		printf '#!/bin/sh\n%s\n' "$2" >"$d/DEBIAN/postinst"
		chmod 755 "$d/DEBIAN/postinst"
	fi
	dpkg-deb -b "$d" "$repo/$1.deb" >/dev/null
	{
		cat "$d/DEBIAN/control"
		printf '%s\n' "Filename: ./$1.deb" "Size: $(stat -c %s "$repo/$1.deb")" \
			"SHA256: $(sha256sum <"$repo/$1.deb" | cut -d' ' -f1)" ''
	} >>"$repo/Packages"
}

install_stamp() { cat "$CASE/cache/root/.packages" "$CASE/cache/root/var/lib/dpkg/status" | sha256sum; }

overlay_adds_a_package() {
	deb tiny-one
	printf '%s\n' git tiny-one >tools/root.packages
	succeeds tools/root
	says 'installing 1 packages in the root'
	same tiny-one "$(cat "$CASE/cache/root/usr/share/tiny-one/file")"
	succeeds tools/root
	same '' "$out"
}
test_root_adds_a_package() { on_overlay overlay_adds_a_package; }

overlay_unknown_package() {
	before=$(install_stamp)
	printf '%s\n' git no-such-package >tools/root.packages
	fails tools/root
	says 'cannot install packages: E: Unable to locate package no-such-package; log:'
	same 2 "$(wc -l <<<"$out")"
	same "$before" "$(install_stamp)"
	fails tools/root
	tools/in-root git --version >/dev/null
}
test_root_unknown_package() { on_overlay overlay_unknown_package; }

overlay_update_without_network() {
	echo 'deb [trusted=yes] http://127.0.0.1:9/debian trixie main' >"$CASE/cache/root/etc/apt/sources.list"
	before=$(install_stamp)
	printf '%s\n' git tiny-one >tools/root.packages
	fails tools/root
	says 'cannot read the package lists (no network?): E:'
	same 2 "$(wc -l <<<"$out")"
	same "$before" "$(install_stamp)"
}
test_root_update_without_network() { on_overlay overlay_update_without_network; }

overlay_install_interrupted() {
	deb tiny-one '[ ! -e /slow ] || { echo >/up; sleep 60; }'
	deb tiny-two
	touch "$CASE/cache/root/slow"
	printf '%s\n' tiny-one tiny-two >tools/root.packages
	setsid tools/root &
	pid=$!
	wait_for "$CASE/cache/root/up"
	kill -KILL -- "-$pid"
	wait "$pid" || true
	rm "$CASE/cache/root/slow"
	succeeds tools/root
	says 'build root ready'
	for p in tiny-one tiny-two; do
		same 'ii ' "$(chroot "$CASE/cache/root" dpkg-query -W -f '${db:Status-Abbrev}' "$p")"
	done
	same '' "$(chroot "$CASE/cache/root" dpkg --audit)"
}
test_root_install_interrupted() { on_overlay overlay_install_interrupted; }

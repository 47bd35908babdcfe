# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2016,SC2154,SC2163,SC2164
# What a command in the build root sees, and what is left behind.

test_in_root_status() {
	for n in 0 1 42 125 255; do
		try tools/in-root sh -c "exit $n"
		same "$n" "$rc"
	done
	try tools/in-root no-such-command
	same 127 "$rc"
}

test_in_root_arguments() {
	succeeds tools/in-root printf '<%s>' 'a b' '' '*' "it's" '$HOME' 'new
line' '-n' 'é'
	same "<a b><><*><it's><\$HOME><new
line><-n><é>" "$out"
}

test_in_root_is_the_root() {
	succeeds tools/in-root cat /.packages
	same "$(cat "$REAL_CACHE/root/.packages")" "$out"
	succeeds tools/in-root sh -c 'echo "$VRAM_BACKUP_CACHE $VRAM_BACKUP_IN_ROOT"'
	same "$CASE/cache 1" "$out"
	succeeds tools/in-root tools/in-root sh -c 'exit 0'
}

test_in_root_directory() {
	mkdir "$CASE/a dir"
	cd "$CASE/a dir"
	succeeds "$TREE/tools/in-root" pwd
	same "$CASE/a dir" "$out"
	cd /usr
	succeeds "$TREE/tools/in-root" pwd
	same "$TREE" "$out"
}

test_in_root_streams() {
	same 'abc' "$(echo abc | tools/in-root cat)"
	same '' "$(tools/in-root sh -c 'echo x >&2' 2>/dev/null)"
}

test_in_root_environment() {
	GIT_DIR=/nowhere PYTHONPATH=/nowhere OTHER='a b' succeeds tools/in-root \
		sh -c 'echo "${GIT_DIR-unset} ${PYTHONPATH-unset} $OTHER $HOME"'
	same 'unset unset a b /root' "$out"
	# The host's own settings do not get in, its user's name does.
	succeeds tools/in-root git var GIT_AUTHOR_IDENT
	says 'A Tester <tester@example.org>'
}

test_in_root_signals() {
	for sig in TERM INT HUP KILL; do
		# Not in the background of a shell that has turned SIGINT off.
		setsid env --default-signal tools/in-root sh -c "echo >'$CASE/up'; exec sleep 60" &
		pid=$!
		wait_for "$CASE/up"
		rm "$CASE/up"
		kill -s "$sig" "$pid"
		rc=0
		wait "$pid" || rc=$?
		same $((128 + $(kill -l "$sig"))) "$rc"
	done
}

test_in_root_leaves_no_mounts() {
	before=$(cut -d' ' -f5 /proc/self/mountinfo | sort)
	succeeds tools/in-root true
	fails tools/in-root false
	setsid tools/in-root sleep 60 &
	pid=$!
	sleep 0.5
	during=$(cut -d' ' -f5 /proc/self/mountinfo | sort)
	kill -KILL "$pid"
	wait "$pid" || true
	same "$before" "$during"
	same "$before" "$(cut -d' ' -f5 /proc/self/mountinfo | sort)"
}

test_in_root_messages() {
	fails tools/in-root
	says 'usage: tools/in-root CMD [ARG...]'
	one_line
	KERNEL_SRC=/no/such fails tools/in-root true
	says 'KERNEL_SRC: no such directory: /no/such'
	one_line
	rm "$CASE/cache/root"
	fails tools/in-root true
	says "no build root yet: run 'make root'"
	one_line
}

test_in_root_needs_root_rights() {
	chmod -R a+rwX "$CASE"
	fails setpriv --reuid=65534 --regid=65534 --clear-groups tools/in-root true
	says 'must run as root'
	one_line
}

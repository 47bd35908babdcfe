# SPDX-License-Identifier: GPL-2.0
# Who the commits of the kernel branch are by: whoever git says works in this checkout,
# or, where git does not know, the branch itself. Sourced after lib.sh.

set_identity() {
	local name email
	name=${GIT_AUTHOR_NAME:-$(git -C "$TOP" config user.name 2>/dev/null || true)}
	email=${GIT_AUTHOR_EMAIL:-$(git -C "$TOP" config user.email 2>/dev/null || true)}
	if [ -z "$name" ] || [ -z "$email" ]; then
		name=vram-backup email=vram-backup@localhost
	fi
	export GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$email
	export GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$email
}

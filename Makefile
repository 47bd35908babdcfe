# SPDX-License-Identifier: GPL-2.0
# Everything downloaded or built goes to VRAM_BACKUP_CACHE (~/.cache/vram-backup).

KERNEL ?= branch

.PHONY: help root branch series kernel check-style

help:
	@echo 'make root          the build root (Debian trixie); root rights, network once'
	@echo 'make branch        the kernel branch, from patches/ and the overlay'
	@echo 'make series        the branch as mails for the list; OUT=DIR'
	@echo 'make kernel        a guest kernel; KERNEL=stock, branch (default) or debug'
	@echo 'make check-style   checkpatch, W=1 and sparse on the branch, shellcheck on scripts'
	@echo
	@echo 'KERNEL_SRC=DIR takes the stock source from any Linux 7.3 tree.'

root:
	tools/root

branch:
	tools/branch

series:
	tools/series

kernel:
	tools/kernel $(KERNEL)

check-style:
	tools/check-style

# SPDX-License-Identifier: GPL-2.0
# Everything downloaded or built goes to VRAM_BACKUP_CACHE (~/.cache/vram-backup).

KERNEL ?= branch
DRIVER ?= xe
VRAM ?= 512M

.PHONY: help demo bench compare check check-model check-igt check-kunit check-vm check-style check-tools
.PHONY: fuzz root model kernel branch series shell

help:
	@echo 'The two that do everything, from a fresh machine on:'
	@echo '  make demo          VRAM over S3 and hibernation, with a picture; OUT=DIR'
	@echo '  make check         all tests'
	@echo
	@echo 'Quick loops:'
	@echo '  make check-model   the device model: unit tests, short fuzz run'
	@echo '  make check-igt     the harness that IGT tests run on without IGT'
	@echo '  make check-kunit   KUnit suites in the guest'
	@echo '  make check-vm      cases in virtual machines; CASE="xe_s3 i915*"; tests/vm/run --list names them'
	@echo '  make bench         what a backup costs, against stock; OUT=DIR, PART=tts, suspend or large'
	@echo '  make compare       which defects show on stock and on the branch; ID="D1 M1"'
	@echo '  make check-style   checkpatch, W=1 and sparse on the branch, shellcheck'
	@echo '  make check-tools   tests of the scripts in tools/'
	@echo '  make shell         a prompt in the guest; DRIVER=xe, i915-execlists, i915-guc or none; VRAM=256M to 16G'
	@echo '  make fuzz          libFuzzer on the model; FUZZ_SECONDS=60 for each target'
	@echo
	@echo 'Parts:'
	@echo '  make root          the build root (Debian trixie); root rights, network once'
	@echo '  make model         the device model'
	@echo '  make kernel        a guest kernel'
	@echo '  make branch        the kernel branch, from patches/ and the overlay'
	@echo '  make series        the branch as mails for the list; OUT=DIR'
	@echo
	@echo 'KERNEL=stock, branch (as long as it is not given) or debug chooses the kernel. All need root.'
	@echo 'KERNEL_SRC=DIR takes the stock source from any Linux 7.3 tree.'
	@echo 'VRAM_BACKUP_CACHE=DIR moves the cache of downloads and builds.'

demo: model
	tools/kernel $(KERNEL)
	tests/vm/demo --kernel $(KERNEL)

bench: model
	tools/kernel stock
	tools/kernel branch
	tests/vm/bench $(PART)

compare: model
	tools/kernel stock
	tools/kernel branch
	tests/vm/compare $(ID)

check:
	tools/check

check-model:
	tools/check model

check-igt:
	tools/check igt

check-kunit: model
	tools/kernel $(KERNEL)
	tests/vm/run --kernel $(KERNEL) 'kunit*'

check-vm: model
	tools/kernel $(KERNEL)$(if $(filter debug,$(KERNEL)),$(if $(findstring i915,$(CASE)),-i915))
	tests/vm/run --kernel $(KERNEL) $(CASE)

check-style:
	tools/check style

check-tools:
	tools/check tools

# The debug kernel has no i915; its sibling has.
shell: model
	tools/kernel $(KERNEL)$(if $(filter debug,$(KERNEL)),$(if $(filter i915%,$(DRIVER)),-i915))
	tests/vm/run shell --kernel $(KERNEL) --driver $(DRIVER) --vram $(VRAM)

fuzz:
	tools/model fuzz

root:
	tools/root

model:
	tools/model

kernel:
	tools/kernel $(KERNEL)

branch:
	tools/branch

series:
	tools/series

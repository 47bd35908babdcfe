# SPDX-License-Identifier: GPL-2.0
# Tests of the model, always with sanitizers. Included by the model's Makefile.
TESTS = regs pci dma gtt vfu socket control firmware irq power mi math batch blit blit_fault lrc execlists guc guc_ct guc_submit hostile

SAN = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TEST_CFLAGS = $(filter-out -fsanitize=% -fno-sanitize-recover=%,$(CFLAGS)) $(SAN)
TEST_OBJS = $(LIB:%=$(OUT)/check/%.o) $(OUT)/check/tests/card.o $(OUT)/check/tests/guc_host.o
TEST_PROGRAMS = $(TESTS:%=$(OUT)/check/test_%)

.PHONY: check
check: $(TEST_PROGRAMS)
	tests/run $(TEST_PROGRAMS)

.SECONDARY:
$(OUT)/check/test_%: $(OUT)/check/tests/test_%.o $(TEST_OBJS)
	$(CC) -pthread $(SAN) -o $@ $^ -lcmocka

$(OUT)/check/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -c -o $@ $<

-include $(wildcard $(OUT)/check/*.d $(OUT)/check/tests/*.d)

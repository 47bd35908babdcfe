# SPDX-License-Identifier: GPL-2.0
# Tests of the model, always with sanitizers. Included by the model's Makefile.
TESTS = regs pci dma gtt vfu socket control firmware irq power mi math batch blit blit_fault \
	lrc execlists guc guc_ct guc_submit hostile log threads stress
FUZZ = cs vfu

SAN = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
PLAIN_CFLAGS = $(filter-out -fsanitize=% -fno-sanitize-recover=%,$(CFLAGS))

TEST_HELP = tests/card tests/guc_host
TEST_OBJS = $(LIB:%=$(OUT)/check/%.o) $(TEST_HELP:%=$(OUT)/check/%.o)
TEST_PROGRAMS = $(TESTS:%=$(OUT)/check/test_%) $(FUZZ:%=$(OUT)/check/fuzz_%)

.PHONY: check
check: $(TEST_PROGRAMS)
	tests/run $(TEST_PROGRAMS)

.SECONDARY:
$(OUT)/check/test_%: $(OUT)/check/tests/test_%.o $(TEST_OBJS)
	$(CC) -pthread $(SAN) -o $@ $^ -lcmocka

$(OUT)/check/fuzz_%: $(OUT)/check/tests/fuzz/fuzz_%.o $(OUT)/check/tests/fuzz/fuzz_card.o \
		     $(OUT)/check/tests/fuzz/driver.o $(TEST_OBJS)
	$(CC) -pthread $(SAN) -o $@ $^ -lcmocka

$(OUT)/check/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(PLAIN_CFLAGS) $(SAN) -c -o $@ $<

# The threads once more, under ThreadSanitizer.
TSAN = -fsanitize=thread -fno-omit-frame-pointer
TSAN_OBJS = $(LIB:%=$(OUT)/tsan/%.o) $(TEST_HELP:%=$(OUT)/tsan/%.o)

.PHONY: tsan
tsan: $(OUT)/tsan/test_threads $(OUT)/tsan/test_stress
	TSAN_OPTIONS=halt_on_error=1 tests/run $^

$(OUT)/tsan/test_%: $(OUT)/tsan/tests/test_%.o $(TSAN_OBJS)
	$(CC) -pthread $(TSAN) -o $@ $^ -lcmocka

$(OUT)/tsan/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(PLAIN_CFLAGS) $(TSAN) -c -o $@ $<

# libFuzzer: FUZZ_SECONDS for each target, over a corpus that is kept in OUT.
FUZZ_SECONDS ?= 60
FUZZ_SAN = -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJS = $(LIB:%=$(OUT)/fuzz/%.o) $(TEST_HELP:%=$(OUT)/fuzz/%.o) $(OUT)/fuzz/tests/fuzz/fuzz_card.o
FUZZ_FLAGS = -max_len=4096 -len_control=20 -use_value_profile=1 -timeout=10 -rss_limit_mb=3000 -print_final_stats=1

.PHONY: fuzz
fuzz: $(FUZZ:%=run-fuzz-%)

.PHONY: $(FUZZ:%=run-fuzz-%)
$(FUZZ:%=run-fuzz-%): run-fuzz-%: $(OUT)/fuzz/fuzz_% $(OUT)/check/fuzz_%
	@mkdir -p $(OUT)/fuzz/corpus-$* $(OUT)/fuzz/seeds-$*
	$(OUT)/check/fuzz_$* --write $(OUT)/fuzz/seeds-$*
	cd $(OUT)/fuzz && ./fuzz_$* $(FUZZ_FLAGS) -max_total_time=$(FUZZ_SECONDS) corpus-$* seeds-$*

$(OUT)/fuzz/fuzz_%: $(OUT)/fuzz/tests/fuzz/fuzz_%.o $(FUZZ_OBJS)
	clang -pthread $(FUZZ_SAN) -o $@ $^ -lcmocka

$(OUT)/fuzz/%.o: %.c
	@mkdir -p $(@D)
	clang $(PLAIN_CFLAGS) $(FUZZ_SAN) -c -o $@ $<

-include $(wildcard $(OUT)/check/*.d $(OUT)/check/tests/*.d $(OUT)/check/tests/fuzz/*.d)
-include $(wildcard $(OUT)/tsan/*.d $(OUT)/tsan/tests/*.d)
-include $(wildcard $(OUT)/fuzz/*.d $(OUT)/fuzz/tests/*.d $(OUT)/fuzz/tests/fuzz/*.d)

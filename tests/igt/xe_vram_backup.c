// SPDX-License-Identifier: MIT
#include "igt.h"
#include "vram_test.h"

static struct vram_test test = { .fd = -1, .percent = 80, .cycles = 20 };

IGT_TEST_DESCRIPTION("Fills VRAM by CPU and blitter, lets the system sleep in every way it has, "
		     "and compares every byte.");

int igt_main_args("", vram_test_options, vram_test_help, vram_test_option, &test)
{
	igt_fixture()
		vram_test_open(&test, DRIVER_XE, &gpu_xe);

	vram_test_subtests(&test);

	igt_fixture()
		vram_test_close(&test);
}

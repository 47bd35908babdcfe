// SPDX-License-Identifier: GPL-2.0
/* The stub firmware: the fields that drivers check, and that they add up. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../firmware.h"
#include "card.h"

static void fields(void **state)
{
	char path[] = "/tmp/firmware-XXXXXX";
	int fd = mkstemp(path);
	u32 header[32], size, header_size, key;

	(void)state;
	assert_true(fd >= 0);
	assert_true(firmware_write(path));
	assert_int_equal(read(fd, header, sizeof(header)), sizeof(header));
	header_size = header[1];
	size = header[6];
	key = header[7];
	assert_int_equal(header[0], 6);
	assert_int_equal(header_size, 32 + 64 + 64 + 1);
	assert_int_equal(key, 64);
	assert_int_equal(header_size - key - header[8] - header[9], 32);
	assert_true(size > header_size);
	assert_int_equal(header[16], 70 << 16 | 44 << 8 | 1);
	assert_int_equal(header[17], 1 << 16 | 20 << 8 | 0);
	/* Header, code and key all are in the file. */
	assert_true((u64)lseek(fd, 0, SEEK_END) >= 4ull * (32 + (size - header_size) + key));
	close(fd);
	unlink(path);
}

static void no_such_directory(void **state)
{
	(void)state;
	assert_false(firmware_write("/nonexistent/firmware"));
	assert_int_equal(errno, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(no_such_directory),
	};

	return cmocka_run_group_tests_name("firmware", tests, NULL, NULL);
}

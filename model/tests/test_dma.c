// SPDX-License-Identifier: GPL-2.0
/* Guest RAM: what maps are refused, and that nothing outside of them is reached. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "card.h"

static int file_of(u64 bytes)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	return fd;
}

#define A 0x80000000ull

static void refused(void **state)
{
	struct device *d = *state;
	int fd = file_of(1 * MiB), fds = open_fds();
	u32 before = d->dma.count;

	assert_int_equal(dma_map_add(d, A, 0, fd, 0, true), EINVAL);
	assert_int_equal(dma_map_add(d, A + 1, 4096, fd, 0, true), EINVAL);
	assert_int_equal(dma_map_add(d, A, 4095, fd, 0, true), EINVAL);
	assert_int_equal(dma_map_add(d, A, 4096, fd, 8, true), EINVAL);
	assert_int_equal(dma_map_add(d, A, 2 * MiB, fd, 0, true), EINVAL);
	assert_int_equal(dma_map_add(d, A, 1 * MiB, fd, 4096, true), EINVAL);
	assert_int_equal(dma_map_add(d, A, 4096, fd, ~0ull << 12, true), EINVAL);
	assert_int_equal(dma_map_add(d, A, ~0ull << 12, fd, 4096, true), EINVAL);
	assert_int_equal(dma_map_add(d, ~0ull << 12, 8192, fd, 0, true), EINVAL);
	assert_int_equal(dma_map_add(d, ~0ull << 12, 4096, fd, 0, true), EINVAL);
	assert_int_equal(dma_map_add(d, A, 4096, -1, 0, true), EINVAL);
	assert_int_equal(d->dma.count, before);
	assert_int_equal(open_fds(), fds);
	close(fd);
}

static void overlap_is_refused(void **state)
{
	struct device *d = *state;
	int fd = file_of(1 * MiB);

	assert_int_equal(dma_map_add(d, A, 0x4000, fd, 0, true), 0);
	assert_int_equal(dma_map_add(d, A, 0x4000, fd, 0, true), EEXIST);
	assert_int_equal(dma_map_add(d, A + 0x3000, 0x2000, fd, 0, true), EEXIST);
	assert_int_equal(dma_map_add(d, A - 0x1000, 0x2000, fd, 0, true), EEXIST);
	assert_int_equal(dma_map_add(d, A - 0x1000, 0x8000, fd, 0, true), EEXIST);
	assert_int_equal(dma_map_add(d, A + 0x1000, 0x1000, fd, 0, true), EEXIST);
	assert_int_equal(dma_map_add(d, A + 0x4000, 0x1000, fd, 0, true), 0);
	assert_int_equal(dma_map_add(d, A - 0x1000, 0x1000, fd, 0, true), 0);
	close(fd);
}

static void an_access_lies_in_one_map(void **state)
{
	struct device *d = *state;
	int fd = file_of(0x4000);

	assert_int_equal(dma_map_add(d, A, 0x1000, fd, 0, true), 0);
	assert_int_equal(dma_map_add(d, A + 0x1000, 0x1000, fd, 0x2000, true), 0);
	assert_non_null(guest_ram_at(d, A, 0x1000, true));
	assert_non_null(guest_ram_at(d, A + 0xfff, 1, true));
	assert_null(guest_ram_at(d, A + 0xfff, 2, true));
	assert_null(guest_ram_at(d, A - 1, 1, true));
	assert_null(guest_ram_at(d, A - 1, 2, true));
	assert_null(guest_ram_at(d, A + 0x2000, 1, true));
	assert_null(guest_ram_at(d, A, ~0ull, true));
	assert_null(guest_ram_at(d, ~0ull, 2, false));
	close(fd);
}

static void the_offset_counts(void **state)
{
	struct device *d = *state;
	int fd = file_of(0x4000);
	u32 word = 0xfeedbeef, got = 0;

	assert_int_equal(dma_map_add(d, A, 0x1000, fd, 0x3000, true), 0);
	memcpy(guest_ram_at(d, A + 4, 4, true), &word, 4);
	assert_int_equal(pread(fd, &got, 4, 0x3004), 4);
	assert_int_equal(got, word);
	close(fd);
}

static void read_only_maps_stay_so(void **state)
{
	struct device *d = *state;
	int fd = file_of(0x1000);

	assert_int_equal(dma_map_add(d, A, 0x1000, fd, 0, false), 0);
	assert_non_null(guest_ram_at(d, A, 4, false));
	assert_null(guest_ram_at(d, A, 4, true));
	close(fd);
}

static void unmap_takes_what_is_inside(void **state)
{
	struct device *d = *state;
	int fd = file_of(0x10000);
	u32 i;

	for (i = 0; i < 4; i++)
		assert_int_equal(dma_map_add(d, A + i * 0x2000, 0x1000, fd, i * 0x1000, true), 0);
	assert_int_equal(dma_map_remove(d, A, 0xfff), 0);
	assert_int_equal(dma_map_remove(d, A + 1, 0x2000), 0);
	assert_int_equal(dma_map_remove(d, A + 0x1000, 0x3000), 0x1000);
	assert_null(guest_ram_at(d, A + 0x2000, 1, false));
	assert_non_null(guest_ram_at(d, A, 1, false));
	assert_non_null(guest_ram_at(d, A + 0x4000, 1, false));
	assert_int_equal(dma_map_remove(d, 0, UINT64_MAX), 0x3000 + RAM_BYTES);
	assert_int_equal(d->dma.count, 0);
	assert_int_equal(dma_map_remove(d, 0, UINT64_MAX), 0);
	close(fd);
}

/* Looking up moves maps to the front: all of them stay findable. */
static void many_maps(void **state)
{
	struct device *d = *state;
	int fd = file_of(0x100000);
	u64 i;

	for (i = 0; i < 100; i++)
		assert_int_equal(dma_map_add(d, A + i * 0x2000, 0x1000, fd, i * 0x1000, true), 0);
	for (i = 0; i < 100; i++)
		*(u64 *)guest_ram_at(d, A + i * 0x2000, 8, true) = i;
	for (i = 100; i-- > 0;)
		assert_int_equal(*(u64 *)guest_ram_at(d, A + i * 0x2000, 8, false), i);
	assert_int_equal(d->dma.count, 101);
	close(fd);
}

static void vram_bounds(void **state)
{
	struct device *d = *state;

	assert_ptr_equal(vram_at(d, 0, TEST_VRAM), d->vram.map);
	assert_non_null(vram_at(d, TEST_VRAM - 4, 4));
	assert_null(vram_at(d, TEST_VRAM - 4, 5));
	assert_null(vram_at(d, TEST_VRAM, 0));
	assert_null(vram_at(d, 1, TEST_VRAM));
	assert_null(vram_at(d, ~0ull, 2));
	assert_null(vram_at(d, 4, ~0ull));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(refused),
		CASE(overlap_is_refused),
		CASE(an_access_lies_in_one_map),
		CASE(the_offset_counts),
		CASE(read_only_maps_stay_so),
		CASE(unmap_takes_what_is_inside),
		CASE(many_maps),
		CASE(vram_bounds),
	};

	return cmocka_run_group_tests_name("dma", tests, NULL, NULL);
}

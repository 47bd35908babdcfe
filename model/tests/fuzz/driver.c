// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a fuzz target without libFuzzer: its seeds, and mutations of them that are
 * the same each time.
 *
 *   PROGRAM [MUTATIONS]      run, and report as TAP
 *   PROGRAM --write DIR      write the seeds as files, for libFuzzer to start from
 *   PROGRAM --run FILE...    run files, for looking into one
 */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#define SEEDS_MAX 64

static struct output seeds[SEEDS_MAX];
static u32 seed_count;
static u64 random_state = 0x9e3779b97f4a7c15ull;

static u32 roll(u32 below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (u32)(random_state >> 16) % below;
}

static void keep(const u8 *data, size_t size)
{
	REQUIRE(seed_count < SEEDS_MAX);
	memcpy(seeds[seed_count].bytes, data, size);
	seeds[seed_count++].used = size;
}

static void mutate(struct output *o)
{
	static const u32 values[] = { 0, 1, 2, 4, 0x7f, 0xff, 0xfff, 0x1000, 0xffff, 0x10000, 0x100000,
				      0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff };
	const struct output *other = &seeds[roll(seed_count)];
	u32 at = roll((u32)o->used), n, value = values[roll(ARRAY_LEN(values))];

	switch (roll(6)) {
	case 0:
		o->bytes[at] ^= (u8)(1u << roll(8));
		break;
	case 1:
		o->bytes[at] = (u8)roll(256);
		break;
	case 2:
		n = o->used - at < 4 ? (u32)o->used - at : 4;
		memcpy(o->bytes + at, &value, n);
		break;
	case 3:		/* leave something out */
		n = roll((u32)o->used - at) + 1;
		if (n == o->used)
			break;
		memmove(o->bytes + at, o->bytes + at + n, o->used - at - n);
		o->used -= n;
		break;
	case 4:		/* say something twice */
		n = roll((u32)o->used - at) + 1;
		if (o->used + n > sizeof(o->bytes))
			break;
		memmove(o->bytes + at + n, o->bytes + at, o->used - at);
		o->used += n;
		break;
	case 5:		/* go on as another one does */
		n = roll((u32)other->used);
		if (at + other->used - n > sizeof(o->bytes))
			break;
		memcpy(o->bytes + at, other->bytes + n, other->used - n);
		o->used = at + other->used - n;
		break;
	}
	if (!o->used)
		o->used = 1;
}

static void run_file(const char *path)
{
	static u8 data[1 << 20];
	FILE *file = fopen(path, "rb");

	if (!file) {
		perror(path);
		exit(2);
	}
	LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), file));
	fclose(file);
}

static void write_seeds(const char *dir)
{
	char path[4096];
	u32 i;

	for (i = 0; i < seed_count; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/seed-%u", dir, i);
		file = fopen(path, "wb");
		if (!file || fwrite(seeds[i].bytes, seeds[i].used, 1, file) != 1 || fclose(file)) {
			perror(path);
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	u32 mutations = argc > 1 ? (u32)atoi(argv[1]) : 10000, i, n;
	static struct output o;

	if (argc > 2 && !strcmp(argv[1], "--run")) {
		for (i = 2; i < (u32)argc; i++)
			run_file(argv[i]);
		return 0;
	}
	fuzz_seeds(keep);
	if (argc > 2 && !strcmp(argv[1], "--write")) {
		write_seeds(argv[2]);
		return 0;
	}

	puts("1..2");
	for (i = 0; i < seed_count; i++)
		LLVMFuzzerTestOneInput(seeds[i].bytes, seeds[i].used);
	puts("ok 1 - seeds");
	fflush(stdout);
	for (i = 0; i < mutations; i++) {
		o = seeds[roll(seed_count)];
		for (n = roll(8) + 1; n; n--)
			mutate(&o);
		LLVMFuzzerTestOneInput(o.bytes, o.used);
	}
	printf("ok 2 - %u mutations\n", mutations);
	return 0;
}

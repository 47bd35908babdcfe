// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "firmware.h"
#include "types.h"

/* Sizes in dwords. The drivers check that they add up. */
#define HEADER_DWORDS	32
#define KEY_DWORDS	64
#define MODULUS_DWORDS	64
#define EXPONENT_DWORDS	1
#define CODE_DWORDS	1024
#define SIGNED_HEADER	(HEADER_DWORDS + KEY_DWORDS + MODULUS_DWORDS + EXPONENT_DWORDS)

#define VERSION(major, minor, patch) ((u32)(major) << 16 | (u32)(minor) << 8 | (u32)(patch))

/* Words of the header that drivers look at. */
enum css_word {
	CSS_MODULE_TYPE = 0,
	CSS_HEADER_SIZE = 1,
	CSS_HEADER_VERSION = 2,
	CSS_VENDOR = 4,
	CSS_DATE = 5,
	CSS_SIZE = 6,
	CSS_KEY_SIZE = 7,
	CSS_MODULUS_SIZE = 8,
	CSS_EXPONENT_SIZE = 9,
	CSS_VERSION = 16,
	CSS_SUBMISSION_VERSION = 17,
};

bool firmware_write(const char *path)
{
	u32 image[HEADER_DWORDS + CODE_DWORDS + KEY_DWORDS + MODULUS_DWORDS + EXPONENT_DWORDS] = { 0 };
	FILE *file = fopen(path, "wb");
	bool good;

	if (!file)
		return false;
	image[CSS_MODULE_TYPE] = 6;
	image[CSS_HEADER_SIZE] = SIGNED_HEADER;
	image[CSS_HEADER_VERSION] = 0x10000;
	image[CSS_VENDOR] = 0x8086;
	image[CSS_DATE] = 0x20260101;
	image[CSS_SIZE] = SIGNED_HEADER + CODE_DWORDS;
	image[CSS_KEY_SIZE] = KEY_DWORDS;
	image[CSS_MODULUS_SIZE] = MODULUS_DWORDS;
	image[CSS_EXPONENT_SIZE] = EXPONENT_DWORDS;
	image[CSS_VERSION] = VERSION(70, 44, 1);
	image[CSS_SUBMISSION_VERSION] = VERSION(1, 20, 0);

	good = fwrite(image, sizeof(image), 1, file) == 1;
	return !fclose(file) && good;
}

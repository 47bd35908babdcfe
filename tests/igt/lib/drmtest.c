// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <xf86drm.h>

#include "drmtest.h"
#include "igt_core.h"

static int driver_bit(const char *name)
{
	if (!strcmp(name, "i915"))
		return DRIVER_INTEL;
	if (!strcmp(name, "xe"))
		return DRIVER_XE;
	return 1 << 30;
}

static int open_if_driver(const char *path, int chipset)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	drmVersionPtr version;
	bool fits;

	if (fd < 0)
		return -1;
	version = drmGetVersion(fd);
	fits = version && (driver_bit(version->name) & chipset);
	drmFreeVersion(version);
	if (fits)
		return fd;
	close(fd);
	return -1;
}

static int open_first(const char *prefix, int first, int chipset)
{
	for (int minor = first; minor < first + 16; minor++) {
		char path[64];
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/%s%d", prefix, minor);
		fd = open_if_driver(path, chipset);
		if (fd >= 0) {
			igt_debug("using %s\n", path);
			return fd;
		}
	}
	igt_skip("No %s node of a driver in mask 0x%x\n", prefix, (unsigned int)chipset);
}

int drm_open_driver(int chipset)
{
	return open_first("card", 0, chipset);
}

int drm_open_driver_render(int chipset)
{
	return open_first("renderD", 128, chipset);
}

int drm_close_driver(int fd)
{
	return close(fd);
}

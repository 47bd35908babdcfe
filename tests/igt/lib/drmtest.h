/* SPDX-License-Identifier: MIT */
#ifndef DRMTEST_H
#define DRMTEST_H

#define DRIVER_INTEL (1 << 0)
#define DRIVER_XE (1 << 11)
#define DRIVER_ANY (~0)

/* Both skip the test where no device of that driver is found. */
int drm_open_driver(int chipset);
int drm_open_driver_render(int chipset);
int drm_close_driver(int fd);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_FIRMWARE_H
#define MODEL_FIRMWARE_H

#include <stdbool.h>

/**
 * firmware_write - write a GuC firmware file that drivers accept and nobody executes
 *
 * Returns false with errno set.
 */
bool firmware_write(const char *path);

#endif

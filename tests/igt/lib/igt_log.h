/* SPDX-License-Identifier: MIT */
#ifndef IGT_LOG_H
#define IGT_LOG_H

#include <stdarg.h>

#include "igt_core.h"

void igt_vlog(enum igt_log_level level, const char *fmt, va_list args);

#endif

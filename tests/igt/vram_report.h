/* SPDX-License-Identifier: MIT */
/* Results as lines of "stat NAME key=value ...", for people and for scripts. */
#ifndef VRAM_REPORT_H
#define VRAM_REPORT_H

#include "vram_workload.h"

void report_fill(const struct workload *w, double seconds);
void report_tally(const char *how, const struct workload *w, const struct tally *t);
void report_jobs(int error, uint64_t done, double seconds);
void report_long(uint32_t begun, bool ended);
void report_advise(const struct workload *w, uint64_t kept);
void report_suspend(const char *how, double seconds);

#endif

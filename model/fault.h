/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_FAULT_H
#define MODEL_FAULT_H

#include "types.h"

struct device;

/* What becomes of one blit. */
enum blit_fault {
	BLIT_OK,
	BLIT_FAIL,	/* the engine faults */
	BLIT_SKIP,	/* nothing is written, and nobody told */
	BLIT_CORRUPT,	/* one byte is wrong, and nobody told */
	BLIT_HANG,	/* the engine stops */
	BLIT_POWER_LOSS, /* the card loses all it holds */
	BLIT_FAULTS,
};

#define FAULTS_WITHOUT_END UINT64_MAX

/* Faults on request. A countdown of n means the n-th from now; 0 is off. */
struct faults {
	u64 blit[BLIT_FAULTS];
	u64 blit_more[BLIT_FAULTS];	/* so many directly after that one, too */
	u64 irq_drop;		/* so many messages are not sent */
	u64 irq_delay_ms;
	u64 irq_delay_count;
	u64 save_delay_ms;	/* how long engines that are done take to write their context back */
	bool lose_at_d3;
	bool keep_at_reset;
	bool lmem_never_ready;
	bool guc_silent;
	bool guc_refuses_firmware;
	bool guc_ignores_reset;
	bool no_forcewake;
};

/** fault_next_blit - called once a blit; tells its fate and counts down. */
enum blit_fault fault_next_blit(struct device *d);

/**
 * fault_command - the words of a `fault` line
 * @words: NULL-terminated, without the word `fault` itself
 * @answer: one line for the answer
 */
bool fault_command(struct device *d, char **words, char *answer, size_t size);

#endif

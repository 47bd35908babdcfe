/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_COUNTERS_H
#define MODEL_COUNTERS_H

#include "types.h"

/* One entry a counter: field and key of the control socket's answer, and what it counts. */
#define COUNTER_LIST(X) \
	X(mmio_reads,		"register reads by the host") \
	X(mmio_writes,		"register writes by the host") \
	X(config_accesses,	"PCI config accesses") \
	X(irqs,			"MSI messages sent") \
	X(irqs_dropped,		"MSI messages dropped on request") \
	X(commands,		"commands executed by all engines") \
	X(context_loads,	"contexts loaded by an engine") \
	X(preemptions,		"contexts switched out before their ring was empty") \
	X(blits,		"blitter commands started") \
	X(bytes_to_vram,	"bytes blitted from system memory to VRAM") \
	X(bytes_from_vram,	"bytes blitted from VRAM to system memory") \
	X(bytes_in_vram,	"bytes blitted inside VRAM") \
	X(bytes_in_system,	"bytes blitted inside system memory") \
	X(bytes_filled,		"bytes written by fill blits") \
	X(h2g,			"GuC messages from the host") \
	X(g2h,			"GuC messages to the host") \
	X(context_resets,	"context reset notifications sent by the GuC") \
	X(engine_resets,	"engine resets") \
	X(gt_resets,		"full resets of the GT") \
	X(hangs,		"engines that stopped: on request, or at a fault") \
	X(translation_faults,	"GPU accesses to unmapped addresses") \
	X(resets,		"device resets by the bus") \
	X(flrs,			"resets asked for by the driver") \
	X(d3,			"transitions to D3hot") \
	X(wipes,		"times the content of VRAM was lost") \
	X(bytes_lost,		"bytes of VRAM content lost in them") \
	X(power_offs,		"times the machine was switched off") \
	X(unmodelled,		"accesses and commands that the model does not know") \
	X(faults_fired,		"faults that took place on request")

struct counters {
#define COUNTER_FIELD(name, text) u64 name;
	COUNTER_LIST(COUNTER_FIELD)
#undef COUNTER_FIELD
};

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_TESTS_VFU_CLIENT_H
#define MODEL_TESTS_VFU_CLIENT_H

#include "../vfu.h"

/* What a client puts into messages: written from the protocol, not from the server. */
enum {
	CMD_VERSION = 1, CMD_MAP, CMD_UNMAP, CMD_INFO, CMD_REGION_INFO, CMD_IO_FDS, CMD_IRQ_INFO,
	CMD_SET_IRQS, CMD_READ, CMD_WRITE, CMD_DMA_READ, CMD_DMA_WRITE, CMD_RESET,
};

struct msg_map { u32 argsz, flags; u64 offset, address, bytes; };
struct msg_unmap { u32 argsz, flags; u64 address, bytes; };
struct msg_info { u32 argsz, flags, regions, irqs; };
struct msg_region { u32 argsz, flags, index, cap_offset; u64 bytes, offset; };
struct msg_sparse { u16 id, version; u32 next, areas, reserved; u64 offset, bytes; };
struct msg_irq { u32 argsz, flags, index, count; };
struct msg_set_irqs { u32 argsz, flags, index, start, count; };
struct msg_access { u64 offset; u32 region, count; };

#endif

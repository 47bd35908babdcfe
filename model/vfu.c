// SPDX-License-Identifier: GPL-2.0
/* Messages of the vfio-user protocol. All lengths are checked here, before anything is used. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "vfu.h"

enum vfu_command {
	VFU_VERSION = 1,
	VFU_DMA_MAP,
	VFU_DMA_UNMAP,
	VFU_GET_INFO,
	VFU_GET_REGION_INFO,
	VFU_GET_REGION_IO_FDS,
	VFU_GET_IRQ_INFO,
	VFU_SET_IRQS,
	VFU_REGION_READ,
	VFU_REGION_WRITE,
	VFU_DMA_READ,
	VFU_DMA_WRITE,
	VFU_DEVICE_RESET,
	VFU_COMMANDS,
};

#define FLAG_NO_REPLY	BIT(4)

#define REGION_REGS	0
#define REGION_VRAM	2
#define REGION_CONFIG	7
#define REGIONS		9
#define REGION_READABLE	BIT(0)
#define REGION_WRITABLE	BIT(1)
#define REGION_MMAP	BIT(2)
#define REGION_CAPS	BIT(3)
#define CAP_SPARSE_MMAP	1

#define IRQ_INDEX_MSI	1
#define IRQ_INDEXES	5
#define IRQ_EVENTFD	BIT(0)
#define IRQ_NORESIZE	BIT(3)
#define SET_DATA_EVENTFD BIT(2)
#define SET_TRIGGER	BIT(5)

#define NO_DOORBELL	0xdeadbeefu

#define DEVICE_RESETS	BIT(0)
#define DEVICE_PCI	BIT(1)

struct dma_map_request {
	u32 argsz, flags;
	u64 offset, address, bytes;
};

struct dma_unmap_request {
	u32 argsz, flags;
	u64 address, bytes;
};

struct device_info {
	u32 argsz, flags, regions, irqs;
};

struct region_info {
	u32 argsz, flags, index, cap_offset;
	u64 bytes, offset;
};

struct sparse_cap {
	u16 id, version;
	u32 next;
	u32 areas, reserved;
	u64 offset, bytes;
};

struct irq_info {
	u32 argsz, flags, index, count;
};

struct irq_set {
	u32 argsz, flags, index, start, count;
};

struct region_access {
	u64 offset;
	u32 region, count;
};

typedef int (*vfu_fn)(struct device *d, struct vfu_message *m, struct vfu_reply *r);

static void answer(struct vfu_reply *r, const void *data, u32 bytes)
{
	memcpy(r->payload + r->payload_bytes, data, bytes);
	r->payload_bytes += bytes;
}

static int do_version(struct device *d, struct vfu_message *m, struct vfu_reply *r)
{
	char text[128];
	u16 major;

	memcpy(&major, m->payload, sizeof(major));
	if (major != 0) {
		log_error(d, "vfio-user: the client speaks version %u", major);
		return EINVAL;
	}
	answer(r, m->payload, 4);
	snprintf(text, sizeof(text),
		 "{\"capabilities\":{\"max_msg_fds\":%d,\"max_data_xfer_size\":%u}}", VFU_FDS_MAX,
		 VFU_DATA_MAX);
	answer(r, text, (u32)strlen(text) + 1);
	return 0;
}

static int do_dma_map(struct device *d, struct vfu_message *m, struct vfu_reply *r)
{
	struct dma_map_request q;
	int error;

	(void)r;
	memcpy(&q, m->payload, sizeof(q));
	/* ROM, and our own BARs, come without a file: nothing the card reads is there. */
	if (!m->fd_count)
		return 0;
	error = dma_map_add(d, q.address, q.bytes, m->fds[0], q.offset, q.flags & BIT(1));
	if (error)
		log_error(d, "vfio-user: map of %#llx bytes at %#llx refused: %s",
			  (unsigned long long)q.bytes, (unsigned long long)q.address, strerror(error));
	return error;
}

static int do_dma_unmap(struct device *d, struct vfu_message *m, struct vfu_reply *r)
{
	struct dma_unmap_request q;

	memcpy(&q, m->payload, sizeof(q));
	if (q.flags & BIT(1))
		q.bytes = dma_map_remove(d, 0, UINT64_MAX);
	else
		dma_map_remove(d, q.address, q.bytes);
	answer(r, &q, sizeof(q));
	return 0;
}

static int do_get_info(struct device *d, struct vfu_message *m, struct vfu_reply *r)
{
	struct device_info info = { sizeof(info), DEVICE_RESETS | DEVICE_PCI, REGIONS, IRQ_INDEXES };

	(void)d;
	(void)m;
	answer(r, &info, sizeof(info));
	return 0;
}

static int do_region_info(struct device *d, struct vfu_message *m, struct vfu_reply *r)
{
	const struct card *card = d->card;
	struct region_info info;
	struct sparse_cap cap = { CAP_SPARSE_MMAP, 1, 0, 1, 0, card->gsm_offset, card->gsm_bytes };
	u32 room;

	memcpy(&info, m->payload, sizeof(info));
	room = info.argsz;
	if (info.index >= REGIONS)
		return EINVAL;
	info = (struct region_info){ .argsz = sizeof(info), .index = info.index };
	switch (info.index) {
	case REGION_REGS:
		info.flags = REGION_READABLE | REGION_WRITABLE | REGION_MMAP | REGION_CAPS;
		info.bytes = card->bar0_bytes;
		info.argsz += sizeof(cap);
		info.cap_offset = sizeof(info);
		r->fd = d->regs.bar0_fd;
		break;
	case REGION_VRAM:
		info.flags = REGION_READABLE | REGION_WRITABLE | REGION_MMAP;
		info.bytes = d->vram.bar_bytes;
		r->fd = d->vram.fd;
		break;
	case REGION_CONFIG:
		info.flags = REGION_READABLE | REGION_WRITABLE;
		info.bytes = CONFIG_BYTES;
		break;
	}
	answer(r, &info, sizeof(info));
	/* A client asks again with room for what it did not have room for. */
	if (info.cap_offset && room >= info.argsz)
		answer(r, &cap, sizeof(cap));
	return 0;
}

static int do_irq_info(struct device *d, struct vfu_message *m, struct vfu_reply *r)
{
	struct irq_info info;

	(void)d;
	memcpy(&info, m->payload, sizeof(info));
	if (info.index >= IRQ_INDEXES)
		return EINVAL;
	info.argsz = sizeof(info);
	info.flags = info.index == IRQ_INDEX_MSI ? IRQ_EVENTFD | IRQ_NORESIZE : 0;
	info.count = info.index == IRQ_INDEX_MSI;
	answer(r, &info, sizeof(info));
	return 0;
}

static int do_set_irqs(struct device *d, struct vfu_message *m, struct vfu_reply *r)
{
	struct irq_set set;

	(void)r;
	memcpy(&set, m->payload, sizeof(set));
	if (set.index >= IRQ_INDEXES)
		return EINVAL;
	if (set.index != IRQ_INDEX_MSI || !(set.flags & SET_TRIGGER))
		return 0;
	if (set.flags & SET_DATA_EVENTFD && m->fd_count) {
		irq_set_msi(d, m->fds[0]);
		m->fds[0] = -1;
	} else if (set.flags & SET_DATA_EVENTFD || !set.count) {
		irq_set_msi(d, -1);
	}
	return 0;
}

/* Registers are words; the host may look at parts of them. */
static void access_regs(struct device *d, u32 offset, u8 *data, u32 bytes, bool write)
{
	while (bytes) {
		u32 in_word = offset & 3, part = 4 - in_word < bytes ? 4 - in_word : bytes, value = 0;

		if (write) {
			d->counters.mmio_writes++;
			if (part < 4)
				value = regs_peek(d, offset);
			memcpy((u8 *)&value + in_word, data, part);
			log_trace(d, "write %#x = %#x", offset & ~3u, value);
			regs_write(d, offset & ~3u, value);
		} else {
			d->counters.mmio_reads++;
			value = regs_read(d, offset & ~3u);
			log_trace(d, "read %#x = %#x", offset & ~3u, value);
			memcpy(data, (u8 *)&value + in_word, part);
		}
		offset += part;
		data += part;
		bytes -= part;
	}
}

static void access_bar0(struct device *d, u32 offset, u8 *data, u32 bytes, bool write)
{
	const struct card *card = d->card;
	u8 *memory;

	if (offset < card->regs_bytes && bytes <= card->regs_bytes - offset) {
		access_regs(d, offset, data, bytes, write);
		return;
	}
	/* Doorbell pages that nobody set up: reads tell so, writes go nowhere. */
	if (offset < card->gsm_offset && bytes <= card->gsm_offset - offset) {
		u32 i;

		for (i = 0; i < bytes && !write; i++)
			data[i] = (u8)(NO_DOORBELL >> 8 * ((offset + i) & 3));
		return;
	}
	memory = d->regs.bar0 + offset;
	memcpy(write ? memory : data, write ? data : memory, bytes);
}

static int access_region(struct device *d, const struct region_access *a, u8 *data, bool write)
{
	u8 *memory;

	switch (a->region) {
	case REGION_REGS:
		if (a->offset > d->card->bar0_bytes || a->count > d->card->bar0_bytes - a->offset)
			return EINVAL;
		access_bar0(d, (u32)a->offset, data, a->count, write);
		return 0;
	case REGION_VRAM:
		memory = vram_at(d, a->offset, a->count);
		if (!memory)
			return EINVAL;
		memcpy(write ? memory : data, write ? data : memory, a->count);
		return 0;
	case REGION_CONFIG:
		if (a->offset > CONFIG_BYTES || a->count > CONFIG_BYTES - a->offset)
			return EINVAL;
		if (write)
			pci_write(d, (u32)a->offset, data, a->count);
		else
			pci_read(d, (u32)a->offset, data, a->count);
		return 0;
	}
	if (a->region >= REGIONS)
		return EINVAL;
	if (!write)
		memset(data, 0, a->count);
	return 0;
}

static int do_region_read(struct device *d, struct vfu_message *m, struct vfu_reply *r)
{
	struct region_access a;
	int error;

	memcpy(&a, m->payload, sizeof(a));
	if (a.count > VFU_DATA_MAX)
		return EINVAL;
	answer(r, &a, sizeof(a));
	error = access_region(d, &a, r->payload + r->payload_bytes, false);
	if (!error)
		r->payload_bytes += a.count;
	return error;
}

static int do_region_write(struct device *d, struct vfu_message *m, struct vfu_reply *r)
{
	struct region_access a;

	memcpy(&a, m->payload, sizeof(a));
	if (a.count > m->payload_bytes - sizeof(a))
		return EINVAL;
	answer(r, &a, sizeof(a));
	return access_region(d, &a, (u8 *)m->payload + sizeof(a), true);
}

static int do_reset(struct device *d, struct vfu_message *m, struct vfu_reply *r)
{
	(void)m;
	(void)r;
	power_bus_reset(d);
	return 0;
}

static const struct {
	vfu_fn run;
	u32 payload_min;
} commands[VFU_COMMANDS] = {
	[VFU_VERSION] =		{ do_version,		4 },
	[VFU_DMA_MAP] =		{ do_dma_map,		sizeof(struct dma_map_request) },
	[VFU_DMA_UNMAP] =	{ do_dma_unmap,		sizeof(struct dma_unmap_request) },
	[VFU_GET_INFO] =	{ do_get_info,		0 },
	[VFU_GET_REGION_INFO] =	{ do_region_info,	sizeof(struct region_info) },
	[VFU_GET_IRQ_INFO] =	{ do_irq_info,		sizeof(struct irq_info) },
	[VFU_SET_IRQS] =	{ do_set_irqs,		sizeof(struct irq_set) },
	[VFU_REGION_READ] =	{ do_region_read,	sizeof(struct region_access) },
	[VFU_REGION_WRITE] =	{ do_region_write,	sizeof(struct region_access) },
	[VFU_DEVICE_RESET] =	{ do_reset,		0 },
};

bool vfu_handle(struct device *d, struct vfu_message *m, struct vfu_reply *reply)
{
	u32 command = m->header.command, i;

	reply->payload_bytes = 0;
	reply->fd = -1;
	device_lock(d);
	if (command >= VFU_COMMANDS || !commands[command].run) {
		unmodelled(d, ONCE_VFIO, command, "vfio-user command");
		reply->error = ENOTSUP;
	} else if (m->payload_bytes < commands[command].payload_min) {
		log_error(d, "vfio-user: command %u is too short, %u bytes", command, m->payload_bytes);
		reply->error = EINVAL;
	} else {
		reply->error = commands[command].run(d, m, reply);
	}
	device_unlock(d);
	if (reply->error) {
		reply->payload_bytes = 0;
		reply->fd = -1;
	}

	for (i = 0; i < m->fd_count; i++)
		if (m->fds[i] >= 0)
			close(m->fds[i]);
	m->fd_count = 0;
	return !(m->header.flags & FLAG_NO_REPLY);
}

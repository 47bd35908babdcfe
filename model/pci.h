/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_PCI_H
#define MODEL_PCI_H

#include "types.h"

struct device;

#define CONFIG_BYTES 256

struct pci {
	u8 config[CONFIG_BYTES];
	u8 writable[CONFIG_BYTES];	/* bits the host may change */
};

void pci_init(struct device *d);

/** pci_reset - config space as after a reset of the bus. */
void pci_reset(struct device *d);

/* [offset, offset + bytes) must lie inside config space. */
void pci_read(struct device *d, u32 offset, u8 *data, u32 bytes);
void pci_write(struct device *d, u32 offset, const u8 *data, u32 bytes);

#endif

// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "device.h"

#define PCI_COMMAND	0x04
#define PCI_STATUS	0x06
#define PCI_CACHE_LINE	0x0c
#define PCI_BAR0	0x10
#define PCI_BAR2	0x18
#define PCI_BARS_END	0x28
#define PCI_SUBSYSTEM	0x2c
#define PCI_CAPS	0x34
#define PCI_IRQ_LINE	0x3c
#define PCI_GMCH	0x50

#define CAP_PM		0x01
#define CAP_MSI		0x05
#define PMCSR		4	/* in the power capability */
#define PMCSR_STATE	3
#define PMCSR_NO_RESET	8	/* D3hot to D0 keeps the state */

static void put16(struct pci *pci, u32 offset, u16 value)
{
	memcpy(&pci->config[offset], &value, sizeof(value));
}

static void put32(struct pci *pci, u32 offset, u32 value)
{
	memcpy(&pci->config[offset], &value, sizeof(value));
}

void pci_init(struct device *d)
{
	const struct card *card = d->card;
	struct pci *pci = &d->pci;
	u32 pm = card->pm_capability, msi = card->msi_capability;

	memset(pci, 0, sizeof(*pci));
	put16(pci, 0x00, card->vendor);
	put16(pci, 0x02, card->device);
	put16(pci, PCI_STATUS, BIT(4));
	pci->config[0x08] = card->revision;
	put16(pci, 0x0a, card->class_code);
	put32(pci, PCI_BAR0, 0x4);		/* 64 bit */
	put32(pci, PCI_BAR2, 0xc);		/* 64 bit, prefetchable */
	put16(pci, PCI_SUBSYSTEM, card->subsystem_vendor);
	put16(pci, PCI_SUBSYSTEM + 2, card->subsystem);
	pci->config[PCI_CAPS] = (u8)pm;
	put16(pci, PCI_GMCH, card->config_gmch);

	pci->config[pm] = CAP_PM;
	pci->config[pm + 1] = (u8)msi;
	put16(pci, pm + 2, 3);
	put16(pci, pm + PMCSR, PMCSR_NO_RESET);

	pci->config[msi] = CAP_MSI;
	put16(pci, msi + 2, BIT(7));		/* 64-bit address */

	memset(&pci->writable[PCI_COMMAND], 0xff, 2);
	pci->writable[PCI_CACHE_LINE] = 0xff;
	pci->writable[PCI_IRQ_LINE] = 0xff;
	pci->writable[pm + PMCSR] = PMCSR_STATE;
	pci->writable[msi + 2] = BIT(0);
	memset(&pci->writable[msi + 4], 0xff, 10);
}

void pci_reset(struct device *d)
{
	pci_init(d);
}

void pci_read(struct device *d, u32 offset, u8 *data, u32 bytes)
{
	d->counters.config_accesses++;
	memcpy(data, d->pci.config + offset, bytes);
}

void pci_write(struct device *d, u32 offset, const u8 *data, u32 bytes)
{
	struct pci *pci = &d->pci;
	u32 pmcsr = d->card->pm_capability + PMCSR;
	u8 before = pci->config[pmcsr] & PMCSR_STATE, after;
	u32 i;

	d->counters.config_accesses++;
	for (i = 0; i < bytes; i++) {
		u8 mask = pci->writable[offset + i];

		pci->config[offset + i] = (u8)((pci->config[offset + i] & ~mask) | (data[i] & mask));
	}

	after = pci->config[pmcsr] & PMCSR_STATE;
	if (before != after)
		power_state_changed(d, before, after);
}

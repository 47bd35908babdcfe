/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_TESTS_GUC_HOST_H
#define MODEL_TESTS_GUC_HOST_H

#include "card.h"

/* The host's side of the GuC: its mailbox and its two buffers of 4 KiB, in VRAM. */
#define H2G_DESC	0x90000u
#define G2H_DESC	0x90800u
#define H2G_RING	0x91000u
#define G2H_RING	0x92000u
#define CT_DWORDS	1024u

#define FAST		(2u << 28)	/* no response wanted */
#define NOTIFY		0x1901f0u

#define G2H_SUCCESS	0xf0000000u
#define G2H_FAILURE	0xe0000000u
#define G2H_EVENT	0x90000000u

struct g2h {
	u32 fence, count;
	u32 dw[8];
};

/** mailbox - one message through the registers. Returns the first word of the answer. */
u32 mailbox(struct device *d, u32 dw0, u32 dw1, u32 dw2, u32 dw3);

/** buffers_on - tell the GuC where its buffers are, and switch them on. */
void buffers_on(struct device *d);

/** h2g_put - write a message without ringing. */
void h2g_put(struct device *d, u32 fence, const u32 *dw, u32 count);
void h2g(struct device *d, u32 fence, const u32 *dw, u32 count);
#define H2G(d, fence, ...) h2g(d, fence, WORDS(__VA_ARGS__))

/** g2h - take the next message off the host's buffer. False: there is none. */
bool g2h(struct device *d, struct g2h *m);

/* The next message must be this one. */
#define assert_g2h(d, want_fence, ...) do { \
	const u32 want_[] = { __VA_ARGS__ }; \
	struct g2h m_; \
	assert_true(g2h(d, &m_)); \
	assert_int_equal(m_.fence, want_fence); \
	assert_int_equal(m_.count, ARRAY_LEN(want_)); \
	assert_memory_equal(m_.dw, want_, sizeof(want_)); \
} while (0)

#define assert_no_g2h(d) do { struct g2h m_; assert_false(g2h(d, &m_)); } while (0)

#endif

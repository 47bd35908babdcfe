/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_VFU_H
#define MODEL_VFU_H

#include "types.h"

struct device;

/* The vfio-user protocol, as far as a PCI device with three regions needs it. */
#define VFU_DATA_MAX	(1u << 20)	/* bytes of data in one message */
#define VFU_PAYLOAD_MAX	(VFU_DATA_MAX + 4096u)
#define VFU_FDS_MAX	8

struct vfu_header {
	u16 id, command;
	u32 bytes;		/* of the whole message */
	u32 flags, error;
};

struct vfu_message {
	struct vfu_header header;
	const u8 *payload;
	u32 payload_bytes;
	int fds[VFU_FDS_MAX];	/* -1: taken, or never there */
	u32 fd_count;
};

struct vfu_reply {
	u8 *payload;		/* of VFU_PAYLOAD_MAX bytes */
	u32 payload_bytes;
	int fd;			/* to send along, stays ours; -1: none */
	int error;
};

/**
 * vfu_handle - do what one message asks for
 *
 * Takes the lock. Descriptors of the message that are not kept are closed.
 * Returns whether a reply is to be sent.
 */
bool vfu_handle(struct device *d, struct vfu_message *m, struct vfu_reply *reply);

/* vfu_socket.c: a client of the socket. */
struct vfu_client {
	int fd;
	u8 *in, *out;
};

bool vfu_client_open(struct vfu_client *client, int fd);
void vfu_client_close(struct device *d, struct vfu_client *client);

/** vfu_client_serve - receive one message and answer it. False: the client is gone, or talks nonsense. */
bool vfu_client_serve(struct device *d, struct vfu_client *client);

#endif

// SPDX-License-Identifier: GPL-2.0
/* Messages on the socket: a header of 16 bytes, the payload, descriptors beside. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device.h"
#include "vfu.h"

#define FLAG_REPLY	BIT(0)
#define FLAG_ERROR	BIT(5)

_Static_assert(sizeof(struct vfu_header) == 16, "the header is as on the wire");

bool vfu_client_open(struct vfu_client *client, int fd)
{
	client->fd = fd;
	client->in = malloc(VFU_PAYLOAD_MAX);
	client->out = malloc(VFU_PAYLOAD_MAX);
	return client->in && client->out;
}

void vfu_client_close(struct device *d, struct vfu_client *client)
{
	close(client->fd);
	free(client->in);
	free(client->out);
	*client = (struct vfu_client){ .fd = -1 };

	/* Nobody is left to own the machine: it was switched off. */
	device_lock(d);
	dma_unmap_all(d);
	irq_set_msi(d, -1);
	power_off(d);
	device_unlock(d);
}

static bool receive_all(int fd, void *data, size_t bytes)
{
	u8 *at = data;

	while (bytes) {
		ssize_t got = read(fd, at, bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		bytes -= (size_t)got;
	}
	return true;
}

static bool receive_header(int fd, struct vfu_message *m)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * VFU_FDS_MAX)];
		struct cmsghdr align;
	} control;
	struct iovec io = { &m->header, sizeof(m->header) };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c;
	ssize_t got;

	m->fd_count = 0;
	do {
		got = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		m->fd_count = (u32)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(m->fds, CMSG_DATA(c), m->fd_count * sizeof(int));
	}
	return receive_all(fd, (u8 *)&m->header + got, sizeof(m->header) - (size_t)got);
}

static bool send_reply(int fd, const struct vfu_message *m, const struct vfu_reply *r)
{
	struct vfu_header header = {
		.id = m->header.id,
		.command = m->header.command,
		.bytes = (u32)sizeof(header) + r->payload_bytes,
		.flags = FLAG_REPLY | (r->error ? FLAG_ERROR : 0),
		.error = (u32)r->error,
	};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec io[2] = { { &header, sizeof(header) }, { r->payload, r->payload_bytes } };
	struct msghdr msg = { .msg_iov = io, .msg_iovlen = r->payload_bytes ? 2 : 1 };
	struct cmsghdr *c;
	ssize_t sent;

	if (r->fd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &r->fd, sizeof(int));
	}
	do {
		sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	/* What is left of a long reply goes without descriptors. */
	while (sent >= 0 && (size_t)sent < header.bytes) {
		size_t done = (size_t)sent - sizeof(header);
		ssize_t more;

		if ((size_t)sent < sizeof(header))
			return false;
		more = send(fd, r->payload + done, r->payload_bytes - done, MSG_NOSIGNAL);
		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return false;
		sent += more;
	}
	return sent >= 0;
}

static void close_fds(struct vfu_message *m)
{
	while (m->fd_count)
		close(m->fds[--m->fd_count]);
}

bool vfu_client_serve(struct device *d, struct vfu_client *client)
{
	struct vfu_message m = { .payload = client->in };
	struct vfu_reply reply = { .payload = client->out, .fd = -1 };

	if (!receive_header(client->fd, &m)) {
		close_fds(&m);
		return false;
	}
	if (m.header.bytes < sizeof(m.header) ||
	    m.header.bytes - sizeof(m.header) > VFU_PAYLOAD_MAX) {
		log_error(d, "vfio-user: a message of %u bytes", m.header.bytes);
		close_fds(&m);
		return false;
	}
	m.payload_bytes = m.header.bytes - (u32)sizeof(m.header);
	if (!receive_all(client->fd, client->in, m.payload_bytes)) {
		close_fds(&m);
		return false;
	}
	if (!vfu_handle(d, &m, &reply))
		return true;
	return send_reply(client->fd, &m, &reply);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Submission at speed, by a small driver that relies on what drivers do: it acts on
 * interrupts alone, expects one status entry for each thing that happens and in its
 * order, lets contexts go back and forth, and resets engines at work.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "card.h"

#define ENGINES		2
#define CONTEXTS	4		/* of each engine */
#define REQUESTS	16		/* of a context that are remembered */
#define OUTSTANDING	8
#define CSB_ENTRIES	12u
#define NO_CONTEXT	0x7ffu
#define PATIENCE_MS	20000

#define CELLS		0x600000u
#define LOOP_BATCH	0x400000u
#define BLIT_FROM	0x1000000u
#define BLIT_TO		0x2000000u
#define GATE_WAIT	(MI(0x1c, 2) | 1u << 12 | 1u << 22)	/* until memory is as large */

#define FORCE_RESTORE	4u

struct request {
	u32 head, tail, last_tail;	/* last: with the filling behind it, for the second time */
	bool submitted;
};

struct work {
	struct context c;
	u32 id, emitted, seen, image_tail;
	u32 done_cell, gate_cell;
	struct request requests[REQUESTS];
};

struct port {
	struct work *w;
	u32 upto;
};

struct queue {
	u32 index, base, reset_bit;
	u32 pause_cell;
	struct work works[CONTEXTS];
	struct port pending[3], inflight[3], *active;
	u32 csb_head;
};

struct driver {
	struct device *d;
	int msi;
	u64 seed;
	struct queue queues[ENGINES];
	u32 submissions, preemptions, resets, requests, restores;
};

static u32 chance(struct driver *v, u32 n)
{
	v->seed = v->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(v->seed >> 33) % n;
}

/* Guest memory, as the guest sees it. */
static u32 load(struct driver *v, u32 at)
{
	return __atomic_load_n(vram32(v->d, at), __ATOMIC_ACQUIRE);
}

static void store(struct driver *v, u32 at, u32 value)
{
	__atomic_store_n(vram32(v->d, at), value, __ATOMIC_SEQ_CST);
}

static void put(struct driver *v, u32 offset, u32 value)
{
	device_lock(v->d);
	regs_write(v->d, offset, value);
	device_unlock(v->d);
}

static u32 get(struct driver *v, u32 offset)
{
	u32 value;

	device_lock(v->d);
	value = regs_read(v->d, offset);
	device_unlock(v->d);
	return value;
}

static bool complete(struct driver *v, const struct work *w, u32 number)
{
	return load(v, w->done_cell) >= number;
}

static struct request *request(struct work *w, u32 number)
{
	return &w->requests[number % REQUESTS];
}

static void emit(struct driver *v, struct work *w, const u32 *dw, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		*vram32(v->d, w->c.ring + w->c.tail) = dw[i];
		w->c.tail = (w->c.tail + 4) % RING_BYTES;
	}
}

#define ADD(v, w, ...) emit(v, w, WORDS(__VA_ARGS__))

static void add_body(struct driver *v, struct queue *q, struct work *w)
{
	u32 rows = 1 + chance(v, 256), i;

	switch (chance(v, 8)) {
	case 0:
		ADD(v, w, GATE_WAIT, w->emitted, w->gate_cell, 0);
		break;
	case 1:
		ADD(v, w, ARB_ON, BATCH_START, LOOP_BATCH, 0, ARB_OFF, NOOP);
		break;
	case 2:		/* in its batch it waits, and can be switched there */
		ADD(v, w, ARB_ON, BATCH_START, LOOP_BATCH, 0, GATE_WAIT, w->emitted, w->gate_cell, 0, ARB_OFF);
		ADD(v, w, NOOP);
		break;
	case 3:
	case 4:		/* like a copy of the driver's own, which nothing may come between */
		if (q->index != BCS)
			break;
		ADD(v, w, ARB_OFF, NOOP, 2u << 29 | 0x42u << 22 | 8, 3u << 24 | 4096, 0, rows << 16 | 1024,
		    BLIT_TO, 0, 0, 4096, BLIT_FROM, 0);
		break;
	case 5:
		for (i = chance(v, 40); i; i--)
			ADD(v, w, NOOP, NOOP);
		break;
	}
}

static void add_request(struct driver *v, struct queue *q, struct work *w)
{
	struct request *r;

	if (w->emitted - load(v, w->done_cell) >= OUTSTANDING)
		return;
	r = request(w, ++w->emitted);
	r->submitted = false;
	r->head = w->c.tail;
	if (chance(v, 2))
		ADD(v, w, ARB_CHECK, NOOP);
	add_body(v, q, w);
	ADD(v, w, MI(0x26, 3) | 1 << 14, w->done_cell | 4, 0, w->emitted, 0, MI(0x02, 0));
	ADD(v, w, ARB_ON, ARB_CHECK, SEMAPHORE_EQUAL + 1, 0, q->pause_cell, 0, 0, NOOP);
	r->tail = w->c.tail;
	ADD(v, w, ARB_CHECK, NOOP);
	r->last_tail = w->c.tail;
	v->requests++;
}

static void submit_port(struct driver *v, struct queue *q, u32 n, const struct port *p)
{
	u64 descriptor = 0;

	if (p->w) {
		struct request *r = request(p->w, p->upto);
		u32 tail = r->submitted ? r->last_tail : r->tail, ahead;

		descriptor = PORT(&p->w->c, p->w->id);
		ahead = (tail - p->w->image_tail) % RING_BYTES;
		if (!ahead || ahead > RING_BYTES / 2)
			descriptor |= FORCE_RESTORE;
		p->w->image_tail = tail;
		r->submitted = true;
		store(v, IMAGE(&p->w->c, 7), tail);
	}
	put(v, q->base + 0x510 + 8 * n, (u32)descriptor);
	put(v, q->base + 0x514 + 8 * n, (u32)(descriptor >> 32));
}

static u32 first_incomplete(struct driver *v, const struct work *w)
{
	return load(v, w->done_cell) + 1;
}

/* Some of what a context has to do, behind @last. */
static bool choose(struct driver *v, struct work *w, u32 last, struct port *p)
{
	if (last >= w->emitted)
		return false;
	*p = (struct port){ w, chance(v, 3) ? w->emitted : last + 1 + chance(v, w->emitted - last) };
	return true;
}

static void dequeue(struct driver *v, struct queue *q)
{
	struct port next[3] = { { 0 } }, *active = q->active, *at = next;
	u32 first = chance(v, CONTEXTS), i;

	if (q->pending[0].w)
		return;
	while (active->w && complete(v, active->w, active->upto))
		active++;

	if (active->w && !chance(v, 3)) {
		/* All is taken back that is not complete, and handed out anew. */
		store(v, q->pause_cell, 1);
		v->preemptions++;
	} else if (active->w) {
		if (active[1].w)
			return;
		*at = *active;
		choose(v, at->w, at->upto, at);
		at++;
	}
	for (i = 0; i < CONTEXTS && at < next + 2; i++) {
		struct work *w = &q->works[(first + i) % CONTEXTS];

		if (w != next[0].w && choose(v, w, first_incomplete(v, w) - 1, at))
			at++;
	}
	if (!next[0].w || (next[0].w == active->w && next[0].upto == active->upto &&
			   next[1].w == active[1].w && (!next[1].w || next[1].upto == active[1].upto))) {
		store(v, q->pause_cell, 0);
		return;
	}

	memcpy(q->pending, next, sizeof(next));
	submit_port(v, q, 1, &next[1]);
	submit_port(v, q, 0, &next[0]);
	put(v, q->base + 0x550, 1);
	v->submissions++;
	v->restores += next[0].w == active->w;
}

static void dump(struct driver *v, struct queue *q, const char *what)
{
	struct execlists *x = &v->d->engines[q->index].execlists;
	u32 i;

	device_lock(v->d);
	print_message("engine %u: %s after %u submissions\n", q->index, what, v->submissions);
	print_message("model: active %d pending %d current %u ports %#llx %#llx next %#llx %#llx\n", x->active,
		      x->switch_pending, x->current, (unsigned long long)x->port[0],
		      (unsigned long long)x->port[1], (unsigned long long)x->next_port[0],
		      (unsigned long long)x->next_port[1]);
	print_message("model: irq master %d pending %#x %#x\n", v->d->irq.master, v->d->irq.pending[0],
		      v->d->irq.pending[1]);
	print_message("driver: active %u,%u pending %u,%u paused %u status %u, read up to %u\n",
		      q->active[0].w ? q->active[0].w->id : 0, q->active[0].w && q->active[1].w ? q->active[1].w->id : 0,
		      q->pending[0].w ? q->pending[0].w->id : 0, q->pending[1].w ? q->pending[1].w->id : 0,
		      load(v, q->pause_cell), csb_write(v->d, q->index), q->csb_head);
	for (i = 0; i < CONTEXTS; i++)
		print_message("context %u: emitted %u complete %u seen %u\n", q->works[i].id, q->works[i].emitted,
			      load(v, q->works[i].done_cell), q->works[i].seen);
	device_unlock(v->d);
	fail_msg("%s", what);
}

#define EXPECT(v, q, condition) do { \
	if (!(condition)) \
		dump(v, q, #condition); \
} while (0)

static void process_status(struct driver *v, struct queue *q)
{
	u32 page = STATUS_PAGE(q->index), tail = load(v, page + 0xbc);

	EXPECT(v, q, tail < CSB_ENTRIES);
	while (q->csb_head != tail) {
		u32 to, away, to_id, away_id, at;

		q->csb_head = (q->csb_head + 1) % CSB_ENTRIES;
		at = page + 0x40 + 8 * q->csb_head;
		to = load(v, at);
		away = load(v, at + 4);
		/* An entry that was announced is there, and is a new one. */
		EXPECT(v, q, to != ~0u && away != ~0u);
		store(v, at, ~0u);
		store(v, at + 4, ~0u);
		to_id = to >> 15 & 0x7ff;
		away_id = away >> 15 & 0x7ff;

		if (to & 1 || away_id == NO_CONTEXT) {
			EXPECT(v, q, q->pending[0].w && to_id == q->pending[0].w->id);
			EXPECT(v, q, away_id == (q->active->w ? q->active->w->id : NO_CONTEXT));
			store(v, q->pause_cell, 0);
			memcpy(q->inflight, q->pending, sizeof(q->inflight));
			q->active = q->inflight;
			q->pending[0].w = NULL;
		} else {
			EXPECT(v, q, !(away & 0xf));
			EXPECT(v, q, q->active->w && away_id == q->active->w->id);
			EXPECT(v, q, complete(v, q->active->w, q->active->upto));
			q->active++;
			EXPECT(v, q, to_id == (q->active->w ? q->active->w->id : NO_CONTEXT));
		}
	}
}

static void tasklet(struct driver *v, struct queue *q)
{
	process_status(v, q);
	dequeue(v, q);
}

static void interrupt(struct driver *v)
{
	bool switched[ENGINES] = { false };
	u32 master, banks, bank, bit, i, n;

	put(v, 0x190008, 0);
	master = get(v, 0x190008);
	if (!master) {
		put(v, 0x190008, BIT(31));
		return;
	}
	put(v, 0x190008, master);
	banks = get(v, 0x190010);
	put(v, 0x190010, banks);
	for (bank = 0; bank < 2; bank++) {
		u32 pending;

		if (!(banks & BIT(bank)))
			continue;
		pending = get(v, 0x190018 + 4 * bank);
		for (bit = 0; bit < 32; bit++) {
			u32 identity;

			if (!(pending & BIT(bit)))
				continue;
			put(v, 0x190070 + 4 * bank, BIT(bit));
			identity = get(v, 0x190060 + 4 * bank);
			assert_true(identity & BIT(31));
			put(v, 0x190060 + 4 * bank, BIT(31));
			i = bit == 15 ? BCS : RCS;
			if (identity & IRQ_CONTEXT_SWITCH)
				switched[i] = true;
			for (n = 0; identity & IRQ_USER && n < CONTEXTS; n++)
				v->queues[i].works[n].seen = load(v, v->queues[i].works[n].done_cell);
		}
		put(v, 0x190018 + 4 * bank, pending);
	}
	put(v, 0x190008, BIT(31));
	/* Nobody looks at an engine whose interrupt did not come. */
	for (i = 0; i < ENGINES; i++)
		if (switched[i])
			tasklet(v, &v->queues[i]);
}

static bool wait_interrupt(struct driver *v, int ms)
{
	struct pollfd p = { v->msi, POLLIN, 0 };
	u64 count;

	if (poll(&p, 1, ms) != 1)
		return false;
	assert_int_equal(read(v->msi, &count, sizeof(count)), sizeof(count));
	interrupt(v);
	return true;
}

static struct port *running(struct queue *q, u32 id)
{
	struct port *p;

	for (p = q->active; p->w; p++)
		if (p->w->id == id)
			return p;
	for (p = q->pending; p->w; p++)
		if (p->w->id == id)
			return p;
	return NULL;
}

static void reset(struct driver *v, struct queue *q)
{
	u32 page = STATUS_PAGE(q->index), i, id;
	struct port *p;

	store(v, q->pause_cell, 1);
	put(v, q->base + 0x9c, 0x01000100);
	id = get(v, q->base + 0x238) >> 5;
	put(v, 0x941c, q->reset_bit);
	process_status(v, q);

	store(v, q->pause_cell, 0);
	put(v, q->base + 0x3a0, 0xffff0b0b);
	q->csb_head = CSB_ENTRIES - 1;
	store(v, page + 0xbc, CSB_ENTRIES - 1);
	for (i = 0; i < 2 * CSB_ENTRIES; i++)
		store(v, page + 0x40 + 4 * i, ~0u);

	p = running(q, id);
	if (p) {
		u32 next = first_incomplete(v, p->w);

		store(v, IMAGE(&p->w->c, 5), next <= p->upto ? request(p->w, next)->head :
				 request(p->w, p->upto)->last_tail);
	}
	memset(q->pending, 0, sizeof(q->pending));
	memset(q->inflight, 0, sizeof(q->inflight));
	q->active = q->inflight;
	put(v, q->base + 0x9c, 0x01000000);
	v->resets++;
	tasklet(v, q);
}

static void open_gate(struct driver *v, struct work *w)
{
	store(v, w->gate_cell, w->emitted);
}

static bool all_done(const struct queue *q)
{
	u32 i;

	for (i = 0; i < CONTEXTS; i++)
		if (q->works[i].seen != q->works[i].emitted)
			return false;
	return !q->pending[0].w && !q->active->w;
}

/* No other help than interrupts. */
static void drain(struct driver *v)
{
	u64 end = clock_ns() + 2 * PATIENCE_MS * 1000000ull;
	u32 i, n;

	for (i = 0; i < ENGINES; i++)
		for (n = 0; n < CONTEXTS; n++)
			open_gate(v, &v->queues[i].works[n]);
	for (i = 0; i < ENGINES; i++)
		while (!all_done(&v->queues[i]))
			if (!wait_interrupt(v, PATIENCE_MS) || clock_ns() > end)
				dump(v, &v->queues[i], "it does not come to its end");
}

static void pause_a_little(struct driver *v)
{
	u32 i = chance(v, 16);
	u64 end;

	if (i == 0)
		usleep(chance(v, 200));
	else if (i < 8)
		for (end = clock_ns() + chance(v, 20000); clock_ns() < end;)
			;
}

static void queue_init(struct driver *v, u32 index, u32 base, u32 reset_bit)
{
	struct queue *q = &v->queues[index];
	u32 i;

	*q = (struct queue){ .index = index, .base = base, .reset_bit = reset_bit,
			     .pause_cell = CELLS + index * 0x1000, .csb_head = CSB_ENTRIES - 1 };
	q->active = q->inflight;
	store(v, STATUS_PAGE(index) + 0xbc, CSB_ENTRIES - 1);
	for (i = 0; i < CONTEXTS; i++) {
		struct work *w = &q->works[i];

		context_init(v->d, &w->c, index * CONTEXTS + i, index);
		w->id = 1 + i;
		w->done_cell = q->pause_cell + 0x40 + 8 * i;
		w->gate_cell = q->pause_cell + 0x140 + 8 * i;
	}
}

static int stress_setup(void **state)
{
	struct driver *v = calloc(1, sizeof(*v));
	const char *seed = getenv("STRESS_SEED");
	u32 i;

	assert_non_null(v);
	v->d = card_new(TEST_VRAM, NULL);
	v->seed = seed ? strtoull(seed, NULL, 0) : 1;
	v->d->log.level = LOG_ERROR;
	guest_vram = mmap(NULL, TEST_VRAM, PROT_READ | PROT_WRITE, MAP_SHARED, v->d->vram.fd, 0);
	assert_true(guest_vram != MAP_FAILED);
	for (i = 0; i < 32; i++)
		BATCH(v->d, LOOP_BATCH + 64 * i, NOOP, NOOP, NOOP, NOOP, NOOP, NOOP, NOOP, ARB_CHECK, NOOP, NOOP, NOOP,
		      NOOP, NOOP, NOOP, NOOP, i == 31 ? BATCH_END : NOOP);
	queue_init(v, RCS, RCS_BASE, BIT(1));
	queue_init(v, BCS, BCS_BASE, BIT(2));
	v->msi = eventfd(0, EFD_NONBLOCK);
	irq_set_msi(v->d, dup(v->msi));
	regs_write(v->d, 0x190030, ~0u);
	regs_write(v->d, 0x190008, BIT(31));
	device_start_engines(v->d);
	*state = v;
	return 0;
}

static int stress_teardown(void **state)
{
	struct driver *v = *state;

	device_stop_engines(v->d);
	munmap(guest_vram, TEST_VRAM);
	guest_vram = NULL;
	card_free(v->d);
	close(v->msi);
	free(v);
	return 0;
}

#define STRESS(f) cmocka_unit_test_setup_teardown(f, stress_setup, stress_teardown)

static void run(struct driver *v, u32 submissions, u32 resets)
{
	const char *more = getenv("STRESS_TIMES");
	u64 since = clock_ns();
	u32 before = 0;

	submissions *= more ? (u32)atoi(more) : 1;
	while (v->submissions < submissions) {
		struct queue *q = &v->queues[chance(v, ENGINES)];
		struct work *w = &q->works[chance(v, CONTEXTS)];

		add_request(v, q, w);
		if (chance(v, 2))
			tasklet(v, q);
		if (!chance(v, 4))
			open_gate(v, w);
		if (resets && !chance(v, resets))
			reset(v, q);
		pause_a_little(v);
		while (!chance(v, 3) && wait_interrupt(v, 0))
			;
		if (v->submissions != before) {
			before = v->submissions;
			since = clock_ns();
		} else if (clock_ns() - since > PATIENCE_MS * 1000000ull) {
			dump(v, q, "nothing is answered any more");
		}
		if (!chance(v, 15)) {
			tasklet(v, &v->queues[RCS]);
			tasklet(v, &v->queues[BCS]);
			drain(v);
		}
	}
	tasklet(v, &v->queues[RCS]);
	tasklet(v, &v->queues[BCS]);
	drain(v);
	print_message("# %u submissions of %u requests, %u to the context that ran, %u preemptions, %u resets\n",
		      v->submissions, v->requests, v->restores, v->preemptions, v->resets);
	assert_int_equal(v->d->counters.translation_faults, 0);
	assert_int_equal(v->d->counters.hangs, 0);
	assert_int_equal(v->d->counters.unmodelled, 0);
}

static void every_submission_is_answered(void **state)
{
	run(*state, 15000, 0);
}

static void resets_between_them(void **state)
{
	run(*state, 5000, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STRESS(every_submission_is_answered),
		STRESS(resets_between_them),
	};

	return cmocka_run_group_tests_name("stress", tests, NULL, NULL);
}

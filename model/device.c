// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

u64 clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000ull + (u64)t.tv_nsec;
}

u64 device_ticks(const struct device *d)
{
	u64 ns = clock_ns() - d->started_ns;

	return (u64)((unsigned __int128)ns * d->card->timestamp_numerator /
		     d->card->timestamp_denominator);
}

static const struct card *const cards[] = { &card_dg1 };

const struct card *card_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(cards); i++)
		if (!strcmp(cards[i]->name, name))
			return cards[i];
	return NULL;
}

const char *device_init(struct device *d, const struct device_options *options)
{
	const struct card *card = card_by_name(options->card);
	pthread_condattr_t attr;

	memset(d, 0, sizeof(*d));
	if (!card)
		return "no such card; the model knows: dg1";
	if (options->vram_bytes < card->vram_min || options->vram_bytes > card->vram_max ||
	    options->vram_bytes & (options->vram_bytes - 1))
		return "the size of VRAM must be a power of two from 256M to 16G";
	if (options->bar_bytes > options->vram_bytes || options->bar_bytes & (options->bar_bytes - 1))
		return "the size of VRAM's BAR must be a power of two, and not more than VRAM";

	d->card = card;
	d->started_ns = clock_ns();
	d->irq.msi_fd = -1;
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->handed_over, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->work, &attr);
	pthread_condattr_destroy(&attr);
	log_open(&d->log, options->log_path, options->log_level, options->strict);

	d->vram.bytes = options->vram_bytes;
	d->vram.bar_bytes = options->bar_bytes ? options->bar_bytes : options->vram_bytes;
	d->vram.fd = memory_create("vram", d->vram.bytes, &d->vram.map);
	d->regs.bar0_fd = memory_create("bar0", card->bar0_bytes, &d->regs.bar0);
	if (d->vram.fd < 0 || d->regs.bar0_fd < 0)
		return "there is no memory for VRAM";
	if (!regs_create(d) || !guc_create(d))
		return "there is no memory for the registers, or their table is wrong (see the log)";

	engines_init(d);
	pci_init(d);
	irq_reset(d);
	guc_reset(d);
	engines_reset(d, ~0u);
	regs_reset(d);
	memset(&d->counters, 0, sizeof(d->counters));
	return NULL;
}

void device_fini(struct device *d)
{
	device_stop_engines(d);
	irq_set_msi(d, -1);
	dma_unmap_all(d);
	guc_destroy(d);
	regs_destroy(d);
	munmap(d->vram.map, d->vram.bytes);
	munmap(d->regs.bar0, d->card->bar0_bytes);
	close(d->vram.fd);
	close(d->regs.bar0_fd);
	pthread_cond_destroy(&d->work);
	pthread_cond_destroy(&d->handed_over);
	pthread_mutex_destroy(&d->lock);
	log_close(&d->log);
}

/* Who asks first is served first: else the busy engine thread would starve the host. */
void device_lock(struct device *d)
{
	u64 ticket;

	pthread_mutex_lock(&d->lock);
	ticket = d->next_ticket++;
	while (d->serving != ticket)
		pthread_cond_wait(&d->handed_over, &d->lock);
	pthread_mutex_unlock(&d->lock);
}

void device_unlock(struct device *d)
{
	pthread_mutex_lock(&d->lock);
	d->serving++;
	if (d->serving != d->next_ticket)
		pthread_cond_broadcast(&d->handed_over);
	pthread_mutex_unlock(&d->lock);
}

void device_wake(struct device *d)
{
	pthread_mutex_lock(&d->lock);
	d->wake_pending = true;
	pthread_cond_signal(&d->work);
	pthread_mutex_unlock(&d->lock);
}

static void sleep_until_woken(struct device *d, u64 sleep_ns)
{
	struct timespec until;
	u64 at = clock_ns() + sleep_ns;

	pthread_mutex_lock(&d->lock);
	if (!d->wake_pending && !d->stopping) {
		if (sleep_ns) {
			until = (struct timespec){ .tv_sec = (time_t)(at / 1000000000),
						   .tv_nsec = (long)(at % 1000000000) };
			pthread_cond_timedwait(&d->work, &d->lock, &until);
		} else {
			pthread_cond_wait(&d->work, &d->lock);
		}
	}
	d->wake_pending = false;
	pthread_mutex_unlock(&d->lock);
}

static bool stopping(struct device *d)
{
	bool stop;

	pthread_mutex_lock(&d->lock);
	stop = d->stopping;
	pthread_mutex_unlock(&d->lock);
	return stop;
}

static void *engine_main(void *arg)
{
	struct device *d = arg;
	u64 sleep_ns;
	bool more;

	while (!stopping(d)) {
		device_lock(d);
		more = engines_slice(d, &sleep_ns);
		device_unlock(d);
		if (!more)
			sleep_until_woken(d, sleep_ns);
	}
	return NULL;
}

void device_start_engines(struct device *d)
{
	d->stopping = false;
	if (pthread_create(&d->engine_thread, NULL, engine_main, d)) {
		log_error(d, "cannot start the engines' thread");
		exit(2);
	}
	d->engine_thread_runs = true;
}

void device_stop_engines(struct device *d)
{
	if (!d->engine_thread_runs)
		return;
	pthread_mutex_lock(&d->lock);
	d->stopping = true;
	pthread_cond_signal(&d->work);
	pthread_mutex_unlock(&d->lock);
	pthread_join(d->engine_thread, NULL);
	d->engine_thread_runs = false;
}

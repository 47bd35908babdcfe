// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "device.h"
#include "lrc.h"

#define WORDS_MAX 8

static void counters(struct device *d, char *answer, size_t size)
{
	size_t used = (size_t)snprintf(answer, size, "ok");

#define COUNTER_PRINT(name, text) \
	used += (size_t)snprintf(answer + used, size - used, " " #name "=%llu", \
				 (unsigned long long)d->counters.name);
	COUNTER_LIST(COUNTER_PRINT)
#undef COUNTER_PRINT
}

static void state(struct device *d, char *answer, size_t size, bool client)
{
	size_t used = (size_t)snprintf(answer, size,
				       "ok client=%s card=%s power=d%u vram=%llu losses=%llu guc=%s",
				       client ? "yes" : "no", d->card->name, d->power.state,
				       (unsigned long long)d->vram.bytes,
				       (unsigned long long)d->power.losses,
				       d->guc.buffers_on ? "on" : "off");
	u32 i;

	for (i = 0; i < d->card->engine_count; i++) {
		struct engine *e = &d->engines[i];

		used += (size_t)snprintf(answer + used, size - used, " %s=%s", e->facts->name,
					 e->hung ? "hung" : e->cs.loaded ? "busy" : "idle");
	}
}

/* Where each engine is, as far as one can be waited for. */
static void engines(struct device *d, char *answer, size_t size)
{
	size_t used = (size_t)snprintf(answer, size, "ok msi=%s irq=%s,%#x,%#x", d->irq.msi_fd < 0 ? "off" : "on",
				       d->irq.master ? "on" : "off", d->irq.pending[0], d->irq.pending[1]);
	u32 i;

	for (i = 0; i < d->card->engine_count; i++) {
		struct engine *e = &d->engines[i];
		struct execlists *x = &e->execlists;
		const char *name = e->facts->name, *is = "idle";

		if (e->hung)
			is = "hung";
		else if (e->stopped)
			is = "stopped";
		else if (e->cs.loaded)
			is = "running";
		used += (size_t)snprintf(answer + used, size - used, " %s.state=%s %s.ports=%#llx,%#llx %s.port=%u",
					 name, is, name, (unsigned long long)x->port[0],
					 (unsigned long long)x->port[1], name, x->current);
		if (x->switch_pending)
			used += (size_t)snprintf(answer + used, size - used, " %s.next=%#llx,%#llx", name,
						 (unsigned long long)x->next_port[0],
						 (unsigned long long)x->next_port[1]);
		used += (size_t)snprintf(answer + used, size - used,
					 " %s.status=%u %s.ring=%#x,%#x %s.batch=%#llx,%u %s.preemptible=%s "
					 "%s.vectors=%#x", name, x->csb_write, name, e->cs.ring_head,
					 e->cs.loaded ? lrc_tail(d, e) : 0, name, (unsigned long long)e->cs.pc,
					 e->cs.depth, name, e->cs.arbitration ? "yes" : "no", name,
					 d->irq.sources[e->facts->irq_bank][e->facts->irq_bit].vector);
	}
}

static bool set_poison(struct device *d, char **words)
{
	struct power *power = &d->power;
	char *end;

	if (!words[0] || words[1])
		return false;
	if (!strcmp(words[0], "address")) {
		power->poison = POISON_ADDRESS;
	} else if (!strcmp(words[0], "zero")) {
		power->poison = POISON_ZERO;
	} else {
		unsigned long long word = strtoull(words[0], &end, 16);

		if (strncmp(words[0], "0x", 2) || *end || end == words[0] + 2 || word > UINT32_MAX)
			return false;
		power->poison_word = (u32)word;
		power->poison = POISON_WORD;
	}
	return true;
}

static void help(char *answer, size_t size)
{
	snprintf(answer, size,
		 "ok ping | help | state | engines | counters | unmodelled | poison address|zero|0xWORD | "
		 "fault list|clear | fault blit-fail|blit-skip|blit-corrupt|blit-hang|power-loss N [COUNT|all] | "
		 "fault irq-drop N | fault irq-delay N MS | fault hang ENGINE | "
		 "fault d3-loss|reset-loss|lmem-init|guc-silent|guc-firmware|guc-reset|"
		 "forcewake on|off");
}

void control_line(struct device *d, char *line, char *answer, size_t size, bool client)
{
	char *words[WORDS_MAX + 1] = { NULL }, *rest = NULL, *word;
	u32 count = 0;

	for (word = strtok_r(line, " \t\r", &rest); word; word = strtok_r(NULL, " \t\r", &rest)) {
		if (count == WORDS_MAX) {
			snprintf(answer, size, "error too many words");
			return;
		}
		words[count++] = word;
	}

	device_lock(d);
	snprintf(answer, size, "ok");
	if (!count)
		snprintf(answer, size, "error empty line; try: help");
	else if (!strcmp(words[0], "help"))
		help(answer, size);
	else if (!strcmp(words[0], "state"))
		state(d, answer, size, client);
	else if (!strcmp(words[0], "engines"))
		engines(d, answer, size);
	else if (!strcmp(words[0], "counters"))
		counters(d, answer, size);
	else if (!strcmp(words[0], "unmodelled"))
		unmodelled_list(&d->log, answer + snprintf(answer, size, "ok "), size - 3);
	else if (!strcmp(words[0], "fault"))
		fault_command(d, words + 1, answer, size);
	else if (!strcmp(words[0], "poison")) {
		if (!set_poison(d, words + 1))
			snprintf(answer, size, "error usage: poison address|zero|0xWORD");
	} else if (strcmp(words[0], "ping"))
		snprintf(answer, size, "error unknown command %.60s; try: help", words[0]);
	device_unlock(d);
}

// SPDX-License-Identifier: MIT
/*
 * vram_hold: holds contents in VRAM, or with --system in system memory, on behalf of a script,
 * which says what to do when, one word a line on standard input:
 *
 *   fill      fill the memory
 *   cpu       compare every byte with the CPU
 *   blit      compare every byte of a copy made by the blitter
 *   jobs      let every queue run a job
 *   long      begin work without an end of its own (xe)
 *   end       let it come to its end, and see whether it does
 *   spoil     change one bit of one byte, to see that comparing finds it
 *   dontneed  say that the contents may be thrown away; none is looked at while that holds
 *   willneed  say that they are needed after all, and see how much is left
 *   drop      free everything
 *   quit      end
 *
 * Each is answered by "stat" lines and at last by "done WORD" or "error WORD TEXT".
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vram_long.h"
#include "vram_report.h"

struct hold {
	struct gpu gpu;
	struct workload work;
	struct long_run long_run;
	enum gpu_place place;
	uint64_t seed;
	uint64_t bytes;
	uint64_t each;
	unsigned int percent;
};

static int do_fill(struct hold *h)
{
	double began = workload_clock();
	int ret;

	workload_drop(&h->work);
	ret = workload_fill(&h->work, &h->gpu, h->place, h->seed, h->bytes, h->percent, h->each);
	if (!ret)
		report_fill(&h->work, workload_clock() - began);
	return ret;
}

static int do_cpu(struct hold *h)
{
	struct tally t;

	workload_compare_cpu(&h->work, &t);
	report_tally("cpu", &h->work, &t);
	return 0;
}

static int do_blit(struct hold *h)
{
	struct tally t;

	workload_compare_blit(&h->work, &t);
	report_tally("blit", &h->work, &t);
	return 0;
}

static int do_jobs(struct hold *h)
{
	double began = workload_clock();
	uint64_t done;
	int ret = workload_jobs(&h->work, 3, &done);

	report_jobs(ret, done, workload_clock() - began);
	return 0;
}

static int do_long(struct hold *h)
{
	return long_run_begin(&h->long_run, &h->gpu);
}

static int do_end(struct hold *h)
{
	uint32_t begun = 0;
	int ret = long_run_end(&h->long_run, &begun);

	if (ret && ret != -ETIME)
		return ret;
	report_long(begun, !ret);
	return 0;
}

static int do_spoil(struct hold *h)
{
	struct gpu_buf *buf;

	if (!h->work.count)
		return -EINVAL;
	buf = &h->work.objects[h->work.count / 2].buf;
	((volatile uint8_t *)buf->map)[buf->size / 2 + 3] ^= 0x10;
	return 0;
}

static int advise(struct hold *h, bool needed)
{
	uint64_t kept;
	int ret = workload_advise(&h->work, needed, &kept);

	if (!ret)
		report_advise(&h->work, kept);
	return ret;
}

static int do_dontneed(struct hold *h)
{
	return advise(h, false);
}

static int do_willneed(struct hold *h)
{
	return advise(h, true);
}

static int do_drop(struct hold *h)
{
	long_run_drop(&h->long_run);
	workload_drop(&h->work);
	return 0;
}

static const struct {
	const char *word;
	int (*act)(struct hold *h);
} actions[] = {
	{ "fill", do_fill }, { "cpu", do_cpu }, { "blit", do_blit }, { "jobs", do_jobs },
	{ "long", do_long }, { "end", do_end },
	{ "spoil", do_spoil }, { "dontneed", do_dontneed }, { "willneed", do_willneed }, { "drop", do_drop },
};

static int obey(struct hold *h, const char *word)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(word, actions[i].word))
			return actions[i].act(h);
	return -EINVAL;
}

static int usage(void)
{
	fprintf(stderr, "usage: vram_hold [--device NODE] [--percent N | --bytes N] [--each N] [--seed N] [--system] xe|i915\n");
	return 2;
}

static int parse(int argc, char **argv, struct hold *h, const char **node)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "percent", required_argument, NULL, 'p' },
		{ "bytes", required_argument, NULL, 'b' },
		{ "each", required_argument, NULL, 'e' },
		{ "seed", required_argument, NULL, 's' },
		{ "system", no_argument, NULL, 'm' },
		{ }
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'd')
			*node = optarg;
		else if (opt == 'p')
			h->percent = atoi(optarg);
		else if (opt == 'b')
			h->bytes = strtoull(optarg, NULL, 0);
		else if (opt == 'e')
			h->each = strtoull(optarg, NULL, 0);
		else if (opt == 's')
			h->seed = strtoull(optarg, NULL, 0);
		else if (opt == 'm')
			h->place = GPU_SYSTEM;
		else
			return -1;
	}
	return optind + 1 == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct hold h = { .seed = 1, .percent = 80 };
	const char *node = "/dev/dri/renderD128";
	const struct gpu_ops *ops;
	char line[64];
	int fd, ret;

	if (parse(argc, argv, &h, &node))
		return usage();
	ops = !strcmp(argv[optind], "xe") ? &gpu_xe : &gpu_i915;
	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror(node);
		return 1;
	}
	ret = gpu_open(&h.gpu, fd, ops);
	if (ret) {
		printf("error open %s\n", strerror(-ret));
		return 1;
	}
	printf("done open\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\r\n")] = 0;
		if (!strcmp(line, "quit"))
			break;
		ret = obey(&h, line);
		if (ret)
			printf("error %s %s\n", line, strerror(-ret));
		else
			printf("done %s\n", line);
		fflush(stdout);
	}
	long_run_drop(&h.long_run);
	workload_drop(&h.work);
	gpu_close(&h.gpu);
	close(fd);
	return 0;
}

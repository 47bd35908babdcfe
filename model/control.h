/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_CONTROL_H
#define MODEL_CONTROL_H

#include "types.h"

struct device;

#define CONTROL_LINE 8192

/**
 * control_line - do what one line of the control socket asks for
 * @line: without its newline; taken apart in place
 * @answer: one line, beginning with `ok` or `error`
 * @client: whether a machine is connected
 */
void control_line(struct device *d, char *line, char *answer, size_t size, bool client);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A classic BPF interpreter for seccomp programs, so that policies are tested without a kernel. */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The program's return value, or UINT32_MAX for what the kernel's checker would refuse: an unknown
 * instruction, a jump out of the program, a read outside the data, no return. *steps counts
 * instructions.
 */
uint32_t bpf_run(const struct sock_fprog *prog, const struct seccomp_data *data, size_t *steps);

/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf.h"

#include <string.h>

/* The result of a comparison, or -1 for an unknown one. */
static int compare(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return (a & k) != 0;
	default:
		return -1;
	}
}

uint32_t bpf_run(const struct sock_fprog *prog, const struct seccomp_data *data, size_t *steps)
{
	uint32_t a = 0;
	int truth;

	*steps = 0;
	for (size_t pc = 0; pc < prog->len; pc++) {
		const struct sock_filter *f = &prog->filter[pc];

		++*steps;
		switch (BPF_CLASS(f->code)) {
		case BPF_LD:
			if (f->code != (BPF_LD | BPF_W | BPF_ABS) || f->k % 4 ||
			    f->k + 4 > sizeof(*data))
				return UINT32_MAX;
			memcpy(&a, (const char *)data + f->k, 4);
			break;
		case BPF_ALU:
			if (f->code != (BPF_ALU | BPF_AND | BPF_K))
				return UINT32_MAX;
			a &= f->k;
			break;
		case BPF_JMP:
			if (BPF_OP(f->code) == BPF_JA) {
				pc += f->k;
				break;
			}
			truth = compare(f->code, a, f->k);
			if (truth < 0)
				return UINT32_MAX;
			pc += truth ? f->jt : f->jf;
			break;
		case BPF_RET:
			return f->k;
		default:
			return UINT32_MAX;
		}
	}
	return UINT32_MAX;
}

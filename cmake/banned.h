/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Functions that have no place in belljar, refused at compile time (force-included by every
 * target): unbounded copies, hidden static state, shells, races. System headers are read first, so
 * that their own declarations pass.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#pragma GCC poison strcpy strcat sprintf vsprintf strtok gmtime localtime ctime asctime system     \
	popen mktemp tmpnam gets

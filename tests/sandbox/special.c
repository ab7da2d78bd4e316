/* SPDX-License-Identifier: Apache-2.0 */
/* Cases that need more than a command line. */
#include "driver.h"

void special_cases(void)
{
}

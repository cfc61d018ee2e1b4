/* SPDX-License-Identifier: MIT */
#include "sinks/store/web/assets.h"

const struct asset assets[] = {{0}};
const size_t assets_count = 0;

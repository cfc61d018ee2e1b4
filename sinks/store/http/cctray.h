/* The pipelines as cctray.xml, the form that build monitors read (CCMenu, CCTray, BuildNotify). Pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <yyjson.h>

/* pipelines: as the overview gives them. Heap; NULL: out of memory. */
char *cctray_xml(yyjson_mut_val *pipelines, size_t *size);

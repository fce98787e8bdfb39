/* Change markers (`rca deploy`): lines of JSON in the store's folder. */
#pragma once
#include "table.h"

/* Adds the markers of the store @dir to @table. A line that is no marker is named as a problem. */
void rca_markers_read (RcaTable *table, const char *dir);

/* A dimension as an array of small numbers, one a row, with the dictionary they index. */
#pragma once
#include "table.h"

/* Makes the codes of @dimension for all sheets. Cheap when done before. */
void rca_table_prepare (RcaTable *table, RcaDimension dimension);
/* Codes of @sheet's rows after rca_table_prepare(); NULL when no row has a value. Code 0 is "". */
const guint32 *rca_sheet_codes (const RcaSheet *sheet, RcaDimension dimension);
/* (transfer none): never NULL after rca_table_prepare(). */
const RcaDictionary *rca_table_values (const RcaTable *table, RcaDimension dimension);

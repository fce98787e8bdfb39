#include "table.h"

void
rca_table_hide_duplicates (RcaTable *table)
{
}

/* Rows out of TABLE, as a table of their own on which a call is answered as everywhere. */
#pragma once
#include "clickhouse/statement.h"

/* The rows that @tail (" WHERE … ORDER BY … LIMIT …") leaves, with the columns in @wanted
 * (RCA_N_COLUMNS booleans; NULL: all) and their text when @text. In order of source and reading.
 * Marks are copied. Owned by @store, so that strings of an answer live as long as it does. */
RcaTable *rca_clickhouse_fetch (RcaClickhouseStore *store, const char *tail, const gboolean *wanted, gboolean text, GError **error);

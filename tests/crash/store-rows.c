/* store-rows STORE: the text of every row, one a line, and on standard error what is wrong with the store. */
#include "store.h"
#include <stdio.h>

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RcaStore) store = argc > 1 ? rca_store_open_local (argv[1], NULL, &error) : NULL;
  if (!store)
  {
    fprintf (stderr, "%s\n", error ? error->message : "store-rows STORE");
    return 1;
  }
  RcaRowQuery query = { .span = { 0, G_MAXINT64 }, .order = RCA_ROWS_BY_TIME, .limit = 10000000 };
  g_autoptr (GPtrArray) rows = rca_store_rows (store, &query, NULL);
  g_autoptr (RcaSources) sources = rca_store_sources (store, NULL);
  for (guint i = 0; rows && i < rows->len; i++)
  {
    const RcaRow *r = g_ptr_array_index (rows, i);
    printf ("%s:%" G_GUINT64_FORMAT " %s\n", r->ref.path, r->ref.line, r->ref.text ? r->ref.text : "");
  }
  for (guint i = 0; i < sources->problem->len; i++)
    fprintf (stderr, "%s\n", (const char *)g_ptr_array_index (sources->problem, i));
  return 0;
}

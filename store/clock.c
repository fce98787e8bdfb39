#include "table.h"

void
rca_table_find_clocks (RcaTable *table, GTimeZone *assumed)
{
  for (guint i = 0; i < table->source->len; i++)
    {
      RcaTableSource *s = g_ptr_array_index (table->source, i);
      g_free (s->zone);
      if (!s->zoneless)
        {
          s->zone = g_strdup ("UTC");
          continue;
        }
      s->zone_by_table = assumed ? g_time_zone_ref (assumed) : g_time_zone_new_local ();
      s->zone = g_strdup_printf ("%s (assumed)", g_time_zone_get_identifier (s->zone_by_table));
    }
}

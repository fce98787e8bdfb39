#include "scan.h"

/* An old process may finish its requests beside the new one: a version seen on the
 * instance so shortly ago has not come back. */
#define OVERLAP_NS (30 * RCA_NS_PER_S)
/* A change that a log tells lies so near that it is the same. */
#define TOLD_NS (300 * RCA_NS_PER_S)
/* One version that reaches several instances within this is one change. */
#define FOLD_NS (60 * RCA_NS_PER_S)

typedef struct {
  gint64 end;
  guint32 instance, service, version;
  RcaTableSource *source;
  RcaSheet *sheet;
  guint32 row;
} Speaking;

static gint
compare_speaking (gconstpointer a, gconstpointer b)
{
  const Speaking *x = a, *y = b;
  if (x->service != y->service)
    return x->service < y->service ? -1 : 1;
  if (x->instance != y->instance)
    return x->instance < y->instance ? -1 : 1;
  return x->end < y->end ? -1 : x->end > y->end;
}

/* All rows that say their version, by instance and time. */
static GArray *
speaking_rows (RcaTable *table)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (Speaking));
  RcaScan scan;
  rca_scan_init (&scan, table, RCA_STREAM_APP, (RcaSpan){ G_MININT64, G_MAXINT64 }, NULL, 0);
  while (rca_scan_next_sheet (&scan))
  {
    const guint32 *version = scan.sheet->column[RCA_COL_VERSION];
    for (guint32 row = 0; version && row < scan.sheet->n; row++)
      if (version[row] && rca_sheet_u8 (scan.sheet, RCA_COL_KIND, row) != RCA_KIND_CHANGE && rca_scan_covers (&scan, row))
      {
        Speaking s = { scan.sheet->end[row],
                       rca_sheet_u32 (scan.sheet, RCA_COL_INSTANCE, row),
                       rca_sheet_u32 (scan.sheet, RCA_COL_SERVICE, row),
                       version[row],
                       scan.source,
                       scan.sheet,
                       row };
        g_array_append_val (all, s);
      }
  }
  rca_scan_clear (&scan);
  g_array_sort (all, compare_speaking);
  return all;
}

static RcaChange *
change_seen (RcaTable *table, const Speaking *s, guint32 before)
{
  RcaChange *c = g_new0 (RcaChange, 1);
  *c = (RcaChange){
    .start_ns = s->end,
    .end_ns = s->end,
    .resolution_ns = MAX (s->source->time_step_ns, RCA_NS_PER_S),
    .kind = RCA_CHANGE_DEPLOY,
    .service = s->service ? rca_dictionary_string (table->dictionary[RCA_DOMAIN_SERVICE], s->service) : NULL,
    .version = rca_dictionary_string (table->dictionary[RCA_DOMAIN_VERSION], s->version),
    .version_before = rca_dictionary_string (table->dictionary[RCA_DOMAIN_VERSION], before),
    .host = s->instance ? rca_dictionary_string (table->dictionary[RCA_DOMAIN_INSTANCE], s->instance) : NULL,
    .ref = rca_table_ref (table, s->source, s->sheet, s->row),
    .seen_on_rows = TRUE,
  };
  g_autofree char *text = g_strdup_printf ("version %s first seen on %s (before it %s)", c->version,
                                           c->host      ? c->host
                                           : c->service ? c->service
                                                        : "a record",
                                           c->version_before);
  c->text = g_string_chunk_insert_const (table->strings, text);
  return c;
}

/* Whether @all tells of @c already, by a log or by another instance just before or after. */
static gboolean
told (GPtrArray *all, const RcaChange *c)
{
  for (guint i = 0; i < all->len; i++)
  {
    RcaChange *o = g_ptr_array_index (all, i);
    if (!o->version || !g_str_equal (o->version, c->version) || (o->service && c->service && !g_str_equal (o->service, c->service)))
      continue;
    if (!o->seen_on_rows && c->start_ns >= o->start_ns - TOLD_NS && c->start_ns <= o->end_ns + TOLD_NS)
    {
      if (!o->version_before)
        o->version_before = c->version_before;
      return TRUE;
    }
    if (o->seen_on_rows && c->start_ns >= o->start_ns - FOLD_NS && c->start_ns <= o->end_ns + FOLD_NS)
    {
      if (c->start_ns < o->start_ns)
      {
        o->ref = c->ref;
        o->text = c->text;
      }
      o->start_ns = MIN (o->start_ns, c->start_ns);
      o->end_ns = MAX (o->end_ns, c->end_ns);
      o->host = NULL; /* several */
      return TRUE;
    }
  }
  return FALSE;
}

/* @n rows of one instance, by time. */
static void
follow_instance (RcaTable *table, const Speaking *s, guint n, GPtrArray *all)
{
  g_autoptr (GHashTable) last = g_hash_table_new (NULL, NULL); /* version → index + 1 of its last row */
  guint32 now = s[0].version;
  for (guint i = 0; i < n; i++)
  {
    guint seen = GPOINTER_TO_UINT (g_hash_table_lookup (last, GUINT_TO_POINTER (s[i].version)));
    g_hash_table_insert (last, GUINT_TO_POINTER (s[i].version), GUINT_TO_POINTER (i + 1));
    if (s[i].version == now || (seen && s[i].end - s[seen - 1].end < OVERLAP_NS))
      continue;
    g_autofree RcaChange *c = change_seen (table, &s[i], now);
    now = s[i].version;
    if (!told (all, c))
      g_ptr_array_add (all, g_steal_pointer (&c));
  }
}

void
rca_table_versions_seen (RcaTable *table, GPtrArray *all)
{
  g_autoptr (GArray) rows = speaking_rows (table);
  for (guint i = 0; i < rows->len;)
  {
    const Speaking *s = &g_array_index (rows, Speaking, i);
    guint n = 1;
    while (i + n < rows->len && s[n].service == s->service && s[n].instance == s->instance)
      n++;
    follow_instance (table, s, n, all);
    i += n;
  }
}

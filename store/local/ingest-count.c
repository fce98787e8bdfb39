#include "local/ingest-private.h"

#define PAIR(member)                                                                                                                                           \
  {                                                                                                                                                            \
    G_STRUCT_OFFSET (RcaSegmentCounts, member), G_STRUCT_OFFSET (RcaTableSource, member)                                                                       \
  }

static const struct {
  gsize of_segment, of_source;
} counts[] = {
  PAIR (lines), PAIR (records), PAIR (parsed),  PAIR (rejected), PAIR (http_5xx), PAIR (errors),
  PAIR (slow),  PAIR (changes), PAIR (samples), PAIR (zoneless), PAIR (dateless),
};

static void
replace (char **to, const char *from)
{
  g_free (*to);
  *to = g_strdup (from);
}

/* What the source is: told by the first look that saw enough of it. */
static void
describe_source (RcaTableSource *info, const RcaTableSource *rows, gboolean anew)
{
  if (anew || g_str_equal (info->format, "unknown"))
  {
    replace (&info->format, rows->format);
    replace (&info->why, rows->why);
    replace (&info->columns, rows->columns);
    info->stream = rows->stream;
  }
  if (anew || !info->service)
    replace (&info->service, rows->service);
  if (anew || !info->host)
    replace (&info->host, rows->host);
  if (anew)
    replace (&info->name, rows->name);
}

static void
add_times (RcaTableSource *info, const RcaTableSource *rows)
{
  if (rows->first_ns != RCA_TIME_NONE)
    info->first_ns = info->first_ns == RCA_TIME_NONE ? rows->first_ns : MIN (info->first_ns, rows->first_ns);
  if (rows->last_ns != RCA_TIME_NONE)
    info->last_ns = MAX (info->last_ns, rows->last_ns); /* RCA_TIME_NONE is the smallest */
}

void
rca_ingest_add (RcaTableSource *info, const RcaTableSource *rows, RcaSegmentEntry *entry, gboolean describe)
{
  gboolean anew = describe || info->records == 0;
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
  {
    guint64 n = G_STRUCT_MEMBER (guint64, rows, counts[i].of_source);
    G_STRUCT_MEMBER (guint64, &entry->counts, counts[i].of_segment) = n;
    G_STRUCT_MEMBER (guint64, info, counts[i].of_source) += n;
  }
  describe_source (info, rows, anew);
  info->zone_known = anew ? rows->zone_known : info->zone_known && (rows->zone_known || rows->records == 0);
  info->present |= rows->present;
  info->stamp_digits |= rows->stamp_digits;
  add_times (info, rows);
}

void
rca_ingest_subtract (RcaTableSource *info, const RcaSegmentEntry *entry)
{
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
  {
    guint64 *n = &G_STRUCT_MEMBER (guint64, info, counts[i].of_source);
    *n -= MIN (*n, G_STRUCT_MEMBER (guint64, &entry->counts, counts[i].of_segment));
  }
}

gboolean
rca_ingest_take_tail (RcaManifestSource *to, guint place, RcaSegmentEntry *entry)
{
  for (guint i = 0; i < to->segment->len; i++)
  {
    *entry = g_array_index (to->segment, RcaSegmentEntry, i);
    if (entry->tail != place + 1)
      continue;
    g_array_remove_index (to->segment, i);
    rca_ingest_subtract (to->info, entry);
    if (to->segment->len == 0)
    {
      /* it is read again from its beginning, and may look otherwise with more of it */
      to->info->first_ns = to->info->last_ns = RCA_TIME_NONE;
      to->info->present = 0;
      to->info->stamp_digits = 0;
    }
    return TRUE;
  }
  return FALSE;
}

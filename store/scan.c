#include "scan.h"

static void
add_filter (RcaScan *scan, RcaDimension dimension, const char *const *value, gboolean negate)
{
  g_return_if_fail (scan->n_filters < RCA_SCAN_MAX_FILTERS);
  rca_table_prepare (scan->table, dimension);
  const RcaDictionary *values = rca_table_values (scan->table, dimension);
  RcaScanFilter *f = &scan->filter[scan->n_filters++];
  *f = (RcaScanFilter){ dimension, negate != FALSE, g_new0 (guint8, rca_dictionary_size (values)), NULL };
  for (; value && *value; value++)
  {
    guint32 code = rca_dictionary_find (values, rca_bytes_str (*value));
    if (code || **value == '\0')
      f->match[code] = 1;
  }
}

void
rca_scan_init (RcaScan *scan, RcaTable *table, RcaStream stream, RcaSpan span, const RcaFilter *filter, guint n_filters)
{
  *scan = (RcaScan){ .table = table, .stream = stream, .span = span };
  scan->span.start_ns = MAX (span.start_ns, RCA_TIME_NONE + 1); /* rows without a time are in no span */
  for (guint i = 0; i < n_filters; i++)
    add_filter (scan, filter[i].dimension, filter[i].value, filter[i].negate);
}

void
rca_scan_requests_only (RcaScan *scan, const RcaFilter *filter, guint n_filters)
{
  static const char *const request[] = { "request", NULL };
  for (guint i = 0; i < n_filters; i++)
    if (filter[i].dimension == RCA_DIM_KIND)
      return;
  add_filter (scan, RCA_DIM_KIND, request, FALSE);
}

static gboolean
of_interest (const RcaScan *scan, const RcaSheet *sheet)
{
  if (scan->stream != RCA_STREAM_UNKNOWN && !((sheet->streams >> scan->stream) & 1))
    return FALSE;
  return sheet->n && sheet->min_start < scan->span.end_ns && sheet->max_start >= scan->span.start_ns;
}

gboolean
rca_scan_next_sheet (RcaScan *scan)
{
  for (; scan->next_source < scan->table->source->len; scan->next_source++, scan->next_sheet = 0)
  {
    scan->source = g_ptr_array_index (scan->table->source, scan->next_source);
    while (scan->next_sheet < scan->source->sheet->len)
    {
      scan->sheet = g_ptr_array_index (scan->source->sheet, scan->next_sheet++);
      if (!of_interest (scan, scan->sheet))
        continue;
      for (guint i = 0; i < scan->n_filters; i++)
        scan->filter[i].codes = rca_sheet_codes (scan->sheet, scan->filter[i].dimension);
      return TRUE;
    }
  }
  return FALSE;
}

void
rca_scan_rewind (RcaScan *scan)
{
  scan->next_source = scan->next_sheet = 0;
}

void
rca_scan_clear (RcaScan *scan)
{
  for (guint i = 0; i < scan->n_filters; i++)
    g_clear_pointer (&scan->filter[i].match, g_free);
  scan->n_filters = 0;
}

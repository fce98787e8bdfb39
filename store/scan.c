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

static guint32
rows_in_span (const RcaScan *scan, guint16 *row)
{
  const RcaSheet *s = scan->sheet;
  guint32 n = 0;
  for (guint32 i = 0; i < s->n; i++)
  {
    row[n] = (guint16)i;
    n += s->start[i] >= scan->span.start_ns && s->start[i] < scan->span.end_ns;
  }
  return n;
}

/* Each condition goes over the rows that the ones before left. */
guint32
rca_scan_rows (const RcaScan *scan, guint16 *row)
{
  const RcaSheet *s = scan->sheet;
  guint32 n = rows_in_span (scan, row), left = 0;
  const guint8 *stream = scan->stream != RCA_STREAM_UNKNOWN && s->streams != 1u << scan->stream ? rca_sheet_get (s, RCA_COL_STREAM) : NULL;
  for (guint32 i = 0; s->hidden && i < n; i++)
  {
    row[left] = row[i];
    left += !s->hidden[row[i]];
  }
  n = s->hidden ? left : n;
  left = 0;
  for (guint32 i = 0; stream && i < n; i++)
  {
    row[left] = row[i];
    left += stream[row[i]] == scan->stream;
  }
  n = stream ? left : n;
  for (guint k = 0; k < scan->n_filters; k++)
  {
    const RcaScanFilter *f = &scan->filter[k];
    left = 0;
    for (guint32 i = 0; f->codes && i < n; i++)
    {
      row[left] = row[i];
      left += f->match[f->codes[row[i]]] != (guint8)f->negate;
    }
    n = f->codes ? left : f->match[0] != (guint8)f->negate ? n : 0;
  }
  return n;
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

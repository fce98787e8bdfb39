/* Going over the rows that a question is about: stream, span, filters.
 *
 *   rca_scan_init (&scan, table, stream, span, filter, n);
 *   while (rca_scan_next_sheet (&scan))
 *     for (guint32 row = 0; row < scan.sheet->n; row++)
 *       if (rca_scan_takes (&scan, row)) …
 *   rca_scan_clear (&scan);
 *
 * Sheets come by source (in path order), then as read. */
#pragma once
#include "dimension-codes.h"

#define RCA_SCAN_MAX_FILTERS 16

typedef struct {
  RcaDimension dimension;
  gboolean negate;
  guint8 *match;        /* by code */
  const guint32 *codes; /* of the sheet at hand */
} RcaScanFilter;

typedef struct {
  RcaTable *table;
  RcaStream stream; /* UNKNOWN: any */
  RcaSpan span;
  RcaScanFilter filter[RCA_SCAN_MAX_FILTERS];
  guint n_filters;
  guint next_source, next_sheet;
  RcaTableSource *source;
  RcaSheet *sheet;
} RcaScan;

void rca_scan_init (RcaScan *scan, RcaTable *table, RcaStream stream, RcaSpan span, const RcaFilter *filter, guint n_filters);
/* Adds "kind = request" unless a filter or @by speaks of KIND: what ACCESS and CDN frames count. */
void rca_scan_requests_only (RcaScan *scan, const RcaFilter *filter, guint n_filters);
gboolean rca_scan_next_sheet (RcaScan *scan);
/* The rows of the sheet at hand that are taken, ascending; room for RCA_SHEET_ROWS. Returns how many. */
guint32 rca_scan_rows (const RcaScan *scan, guint16 *row);
void rca_scan_rewind (RcaScan *scan);
void rca_scan_clear (RcaScan *scan);

/* Whether row passes the filters alone. */
static inline gboolean
rca_scan_passes (const RcaScan *scan, guint32 row)
{
  for (guint i = 0; i < scan->n_filters; i++)
  {
    const RcaScanFilter *f = &scan->filter[i];
    if (f->match[f->codes ? f->codes[row] : 0] == (guint8)f->negate)
      return FALSE;
  }
  return TRUE;
}

/* Whether a row is of the stream and in the span, filters aside. */
static inline gboolean
rca_scan_covers (const RcaScan *scan, guint32 row)
{
  const RcaSheet *s = scan->sheet;
  gint64 t = s->start[row];
  if (t < scan->span.start_ns || t >= scan->span.end_ns || rca_sheet_hidden (s, row))
    return FALSE;
  return scan->stream == RCA_STREAM_UNKNOWN || rca_sheet_u8 (s, RCA_COL_STREAM, row) == scan->stream;
}

static inline gboolean
rca_scan_takes (const RcaScan *scan, guint32 row)
{
  return rca_scan_covers (scan, row) && rca_scan_passes (scan, row);
}

#include "clock-private.h"

/* Clock offsets: what one host calls 12:00:03 another calls 12:00:00. Taken from healthy
 * requests that both told of by id; a failing one may end in one layer long after the other. */
#define ENOUGH_PAIRS 20
#define MATTERS_NS   RCA_NS_PER_S

typedef struct {
  gint64 start, end;
} Span;

static gint64
row_end (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gint64 *start)
{
  gint64 t = rca_sheet_i64 (sheet, RCA_COL_TIME, row);
  guint8 flags = rca_sheet_u8 (sheet, RCA_COL_FLAGS, row);
  if (flags & (RCA_EVENT_ZONE_UNKNOWN | RCA_EVENT_DATE_UNKNOWN))
    t = rca_table_zoned (source, t);
  gint64 d = MAX (rca_sheet_i64 (sheet, RCA_COL_DURATION, row), 0);
  gint64 end = flags & RCA_EVENT_TIME_IS_START ? t + d : t;
  *start = end - d;
  return end;
}

static gboolean
is_healthy_request (const RcaSheet *sheet, guint32 row)
{
  guint16 status = rca_sheet_u16 (sheet, RCA_COL_STATUS, row);
  return rca_sheet_u8 (sheet, RCA_COL_KIND, row) == RCA_KIND_REQUEST && status < 499 && rca_sheet_i64 (sheet, RCA_COL_TIME, row) != RCA_TIME_NONE;
}

/* Clocks are told by a part of what is at hand, when there is much: ids are most of what a store has to read. */
#define PART_NS      (600 * RCA_NS_PER_S)
#define PART_OF_NS   (3 * PART_NS)
#define PART_PAIRS   200
#define WHOLE (RcaSpan){ G_MININT64, G_MAXINT64 }

static gboolean
is_within (RcaSpan part, gint64 t)
{
  return t >= part.start_ns && t < part.end_ns;
}

static gboolean
has_ids (const RcaTableSource *source)
{
  return (source->present >> RCA_FIELD_REQUEST_ID | source->present >> RCA_FIELD_TRACE_ID) & 1;
}

/* Whether its ids were brought, and there are any. */
static gboolean
ids_at_hand (const RcaSheet *sheet)
{
  static const RcaColumnId both[] = { RCA_COL_REQUEST_ID, RCA_COL_TRACE_ID };
  gboolean any = FALSE;
  for (gsize k = 0; k < G_N_ELEMENTS (both); k++)
  {
    if (rca_sheet_is_pending (sheet, both[k]))
      return FALSE;
    any |= rca_sheet_get (sheet, both[k]) != NULL;
  }
  return any;
}

/* Whether a row of @sheet may end in @part. */
static gboolean
touches (const RcaTableSource *source, const RcaSheet *sheet, RcaSpan part)
{
  gint64 start;
  if (part.start_ns == G_MININT64)
    return TRUE;
  for (guint32 row = 0; row < sheet->n; row++)
    if (rca_sheet_i64 (sheet, RCA_COL_TIME, row) != RCA_TIME_NONE && is_within (part, row_end (source, sheet, row, &start)))
      return TRUE;
  return FALSE;
}

/* Brings the ids of rows in @part, so that their codes are below the number returned. */
static guint32
bring_ids (RcaTable *table, RcaSpan part)
{
  for (guint i = 0; i < table->source->len; i++)
  {
    const RcaTableSource *source = g_ptr_array_index (table->source, i);
    for (guint j = 0; j < source->sheet->len; j++)
    {
      const RcaSheet *sheet = g_ptr_array_index (source->sheet, j);
      gboolean waits = rca_sheet_is_pending (sheet, RCA_COL_REQUEST_ID) || rca_sheet_is_pending (sheet, RCA_COL_TRACE_ID);
      if (waits && touches (source, sheet, part))
        rca_sheet_bring ((RcaSheet *)sheet, rca_sheet_is_pending (sheet, RCA_COL_REQUEST_ID) ? RCA_COL_REQUEST_ID : RCA_COL_TRACE_ID);
    }
  }
  return rca_dictionary_size (table->dictionary[RCA_DOMAIN_ID]);
}

/* Healthy requests of @stream that end in @part, by id, @n of them; NULL when none has one. */
static Span *
requests_by_id (RcaTable *table, RcaStream stream, RcaSpan part, guint32 n)
{
  Span *by_id = g_new0 (Span, n);
  gboolean any = FALSE;
  for (guint i = 0; i < table->source->len; i++)
  {
    const RcaTableSource *source = g_ptr_array_index (table->source, i);
    if (source->stream != stream)
      continue;
    for (guint j = 0; j < source->sheet->len; j++)
    {
      const RcaSheet *sheet = g_ptr_array_index (source->sheet, j);
      guint32 rows = ids_at_hand (sheet) ? sheet->n : 0;
      for (guint32 row = 0; row < rows; row++)
      {
        Span own;
        if (!is_healthy_request (sheet, row) || !is_within (part, own.end = row_end (source, sheet, row, &own.start)))
          continue;
        for (guint k = 0; k < 2; k++)
        {
          guint32 id = rca_sheet_u32 (sheet, k ? RCA_COL_TRACE_ID : RCA_COL_REQUEST_ID, row);
          if (!id)
            continue;
          by_id[id] = own;
          any = TRUE;
        }
      }
    }
  }
  if (!any)
    g_clear_pointer (&by_id, g_free);
  return by_id;
}

/* How far a row lies from where the request says it should: requests end together, any
 * other record lies within. */
static gint64
difference (const Span *request, gint64 start, gint64 end, gboolean is_request)
{
  if (is_request)
    return request->end - end;
  if (end < request->start)
    return request->start - end;
  return start > request->end ? request->end - start : 0;
}

static gint
compare_ns (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
  return x < y ? -1 : x > y;
}

static void
collect (const RcaTableSource *source, const Span *by_id, RcaSpan part, GArray *out)
{
  for (guint j = 0; j < source->sheet->len; j++)
  {
    const RcaSheet *sheet = g_ptr_array_index (source->sheet, j);
    guint32 n = ids_at_hand (sheet) ? sheet->n : 0;
    for (guint32 row = 0; row < n; row++)
    {
      if (rca_sheet_i64 (sheet, RCA_COL_TIME, row) == RCA_TIME_NONE || rca_sheet_failed (sheet, row))
        continue;
      gint64 start, end = row_end (source, sheet, row, &start);
      for (guint k = 0; k < 2 && is_within (part, end); k++)
      {
        guint32 id = rca_sheet_u32 (sheet, k ? RCA_COL_TRACE_ID : RCA_COL_REQUEST_ID, row);
        if (!id || by_id[id].end == 0)
          continue;
        gint64 d = difference (&by_id[id], start, end, rca_sheet_u8 (sheet, RCA_COL_KIND, row) == RCA_KIND_REQUEST);
        g_array_append_val (out, d);
        break;
      }
    }
  }
}

/* Stamps in whole seconds are half a second early on average. */
static gint64
early_by (const RcaTableSource *source)
{
  return source->time_step_ns >= RCA_NS_PER_S ? source->time_step_ns / 2 : 0;
}

static gint64
stream_early_by (const RcaTable *table, RcaStream stream)
{
  gint64 most = 0;
  for (guint i = 0; i < table->source->len; i++)
  {
    const RcaTableSource *source = g_ptr_array_index (table->source, i);
    if (source->stream == stream && ((source->present >> RCA_FIELD_HTTP_STATUS) & 1))
      most = MAX (most, early_by (source));
  }
  return most;
}

/* Returns by how many pairs. */
static guint
find_offset (RcaTableSource *source, const Span *by_id, RcaSpan part, gint64 reference_early)
{
  g_autoptr (GArray) d = g_array_new (FALSE, FALSE, sizeof (gint64));
  collect (source, by_id, part, d);
  if (d->len < ENOUGH_PAIRS)
    return 0;
  g_array_sort (d, compare_ns);
  gint64 median = g_array_index (d, gint64, d->len / 2) + reference_early - early_by (source);
  if (ABS (median) > MATTERS_NS)
    source->clock_offset_ns = median / RCA_NS_PER_MS * RCA_NS_PER_MS;
  return d->len;
}

static void
say_offsets (RcaTable *table, const guint *pairs)
{
  for (guint i = 0; i < table->source->len; i++)
  {
    const RcaTableSource *s = g_ptr_array_index (table->source, i);
    if (pairs[i] && s->clock_offset_ns)
      rca_table_note (table, "the clock of %s is %.1f s %s: corrected by %u shared request ids", s->path, (double)ABS (s->clock_offset_ns) / 1e9,
                      s->clock_offset_ns > 0 ? "slow" : "fast", pairs[i]);
  }
}

/* Sets the clocks of all that share ids with @stream; FALSE when it has none in @part. */
static gboolean
set_by_part (RcaTable *table, RcaStream stream, RcaSpan part, guint *pairs)
{
  guint32 n = bring_ids (table, part);
  g_autofree Span *by_id = n > ENOUGH_PAIRS ? requests_by_id (table, stream, part, n) : NULL;
  for (guint i = 0; by_id && i < table->source->len; i++)
  {
    RcaTableSource *s = g_ptr_array_index (table->source, i);
    if (s->stream != stream && s->stream != RCA_STREAM_CHANGE)
      pairs[i] = find_offset (s, by_id, part, stream_early_by (table, stream));
  }
  return by_id != NULL;
}

/* The middle of what was asked for; all of it when it is short. */
static RcaSpan
middle_part (RcaSpan span)
{
  if (span.end_ns - span.start_ns < PART_OF_NS)
    return WHOLE;
  gint64 middle = span.start_ns + (span.end_ns - span.start_ns) / 2;
  return (RcaSpan){ middle - PART_NS / 2, middle + PART_NS / 2 };
}

/* Every log that names ids shares many of them there. */
static gboolean
part_tells (const RcaTable *table, RcaStream stream, const guint *pairs)
{
  for (guint i = 0; i < table->source->len; i++)
  {
    const RcaTableSource *s = g_ptr_array_index (table->source, i);
    if (s->stream != stream && s->stream != RCA_STREAM_CHANGE && has_ids (s) && pairs[i] < PART_PAIRS)
      return FALSE;
  }
  return TRUE;
}

static gboolean
set_by_ids (RcaTable *table, RcaStream stream, guint *pairs)
{
  RcaSpan part = middle_part (table->span);
  gboolean any = set_by_part (table, stream, part, pairs);
  if (part.start_ns == G_MININT64 || (any && part_tells (table, stream, pairs)))
    return any;
  for (guint i = 0; i < table->source->len; i++)
  {
    pairs[i] = 0;
    ((RcaTableSource *)g_ptr_array_index (table->source, i))->clock_offset_ns = 0;
  }
  return set_by_part (table, stream, WHOLE, pairs);
}

static gboolean
has_stream (const RcaTable *table, RcaStream stream)
{
  for (guint i = 0; i < table->source->len; i++)
    if (((RcaTableSource *)g_ptr_array_index (table->source, i))->stream == stream)
      return TRUE;
  return FALSE;
}

void
rca_table_find_offsets (RcaTable *table)
{
  static const RcaStream outermost_first[] = { RCA_STREAM_CDN, RCA_STREAM_ACCESS, RCA_STREAM_APP };
  g_autofree guint *pairs = g_new0 (guint, MAX (table->source->len, 1));
  RcaStream reference = RCA_STREAM_UNKNOWN;
  for (gsize k = 0; k < G_N_ELEMENTS (outermost_first) && reference == RCA_STREAM_UNKNOWN; k++)
    if (has_stream (table, outermost_first[k]) && set_by_ids (table, outermost_first[k], pairs))
      reference = outermost_first[k];
  for (gsize k = 0; k < G_N_ELEMENTS (outermost_first) && reference == RCA_STREAM_UNKNOWN; k++)
    if (has_stream (table, outermost_first[k]))
      reference = outermost_first[k];
  if (reference == RCA_STREAM_UNKNOWN)
    return;
  rca_clock_find_consensus (table, reference, pairs);
  say_offsets (table, pairs);
}

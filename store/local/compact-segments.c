#include "local/compact.h"
#include "local/lines/lines.h"
#include "text.h"

#define LEVEL 19
/* A block of lines grows to that: what its dictionaries and templates cost is shared by more lines. */
#define BLOCK_BYTES ((gsize)32 << 20)

typedef struct {
  RcaSegmentWriter *writer;
  RcaLinesCodec *codec;
  RcaIdNamer namer;
  RcaText *text; /* that is not in lines */
  /* the block of lines that is being put together, and the rows that stand in it */
  RcaBuffer raw;
  RcaSegmentLines lines;
  guint64 n_lines;
  GPtrArray *sheet; /* RcaSheet */
} Merging;

static void
merging_clear (Merging *m)
{
  rca_segment_writer_abandon (m->writer);
  rca_lines_codec_free (m->codec);
  rca_text_free (m->text);
  rca_buffer_clear (&m->raw);
  g_ptr_array_unref (m->sheet);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Merging, merging_clear)

/* ---- rows ---- */

/* Fills the last sheet, then begins another. */
static void
add_rows (Merging *m, const RcaSheet *more)
{
  for (guint32 at = 0; at < more->n;)
  {
    RcaSheet *last = m->sheet->len ? g_ptr_array_index (m->sheet, m->sheet->len - 1) : NULL;
    if (!last || last->n == RCA_SHEET_ROWS)
    {
      last = rca_sheet_new ();
      g_ptr_array_add (m->sheet, last);
    }
    guint32 n = MIN (more->n - at, RCA_SHEET_ROWS - last->n);
    rca_sheet_append (last, more, at, at + n);
    at += n;
  }
}

static void
note_span (Merging *m)
{
  m->namer.min_ns = G_MAXINT64;
  m->namer.max_ns = G_MININT64;
  for (guint i = 0; i < m->sheet->len; i++)
  {
    const RcaSheet *sheet = g_ptr_array_index (m->sheet, i);
    const gint64 *time = sheet->column[RCA_COL_TIME];
    for (guint32 r = 0; r < sheet->n; r++)
      if (time[r] != RCA_TIME_NONE)
      {
        m->namer.min_ns = MIN (m->namer.min_ns, time[r]);
        m->namer.max_ns = MAX (m->namer.max_ns, time[r]);
      }
  }
}

/* Writes what was put together. */
static gboolean
flush (Merging *m, GError **error)
{
  g_auto (RcaLinesEncoded) encoded = { 0 };
  guint64 position = rca_segment_writer_n_lines (m->writer);
  note_span (m);
  if (m->raw.n)
  {
    m->lines.ids = 1;
    if (!rca_lines_encode (m->codec, rca_bytes ((const char *)m->raw.p, m->raw.n), &m->namer.store, &encoded, error)
        || !rca_segment_writer_lines (m->writer, &encoded, &m->lines, error))
      return FALSE;
  }
  for (guint i = 0; i < m->sheet->len; i++)
    if (!rca_segment_writer_add (m->writer, g_ptr_array_index (m->sheet, i), encoded.block, position, error))
      return FALSE;
  g_ptr_array_set_size (m->sheet, 0);
  m->raw.n = 0;
  m->n_lines = 0;
  return TRUE;
}

/* ---- one segment ---- */

static gboolean
follows (const Merging *m, const RcaSegmentLines *l)
{
  return m->raw.n == 0 || (m->raw.n + l->bytes <= BLOCK_BYTES && m->lines.place == l->place && m->lines.offset + m->raw.n == l->offset && m->raw.p[m->raw.n - 1] == '\n');
}

static gboolean
add_lines (Merging *m, RcaSegment *segment, guint index, const RcaSegmentLines *l, guint64 *position, GError **error)
{
  g_autoptr (GBytes) raw = rca_segment_raw (segment, index, error);
  if (!raw || (!follows (m, l) && !flush (m, error)))
    return FALSE;
  if (m->raw.n == 0)
    m->lines = (RcaSegmentLines){ .place = l->place, .offset = l->offset, .first_line = l->first_line };
  *position = rca_segment_writer_n_lines (m->writer) + m->n_lines;
  gsize n;
  gconstpointer p = g_bytes_get_data (raw, &n);
  rca_buffer_put (&m->raw, p, n);
  m->n_lines += l->lines;
  return TRUE;
}

/* Where the raw bytes of @sheet's rows are now. FALSE: they are nowhere. */
static gboolean
move_text (RcaSheet *sheet, const RcaSegmentLines *lines, guint n_lines, const guint64 *position, guint64 text_base)
{
  guint64 *at = rca_sheet_column (sheet, RCA_COL_TEXT_POSITION);
  guint k = 0;
  for (guint32 r = 0; r < sheet->n; r++)
  {
    if (!(at[r] & RCA_TEXT_LINES))
    {
      at[r] += text_base;
      continue;
    }
    guint64 line = at[r] & ~RCA_TEXT_LINES;
    if (k >= n_lines || line < lines[k].position)
      k = 0;
    while (k < n_lines && line - lines[k].position >= lines[k].lines)
      k++;
    if (k == n_lines)
      return FALSE;
    at[r] = RCA_TEXT_LINES | (position[k] + (line - lines[k].position));
  }
  return TRUE;
}

static gboolean
add_sheet (Merging *m, RcaSegment *segment, guint index, const guint64 *position, guint64 text_base, guint64 want_lines, GError **error)
{
  guint n;
  if (rca_segment_sheet_lines (segment, index) != want_lines)
    return TRUE;
  g_autoptr (RcaSheet) sheet = rca_segment_sheet (segment, index, error);
  if (!sheet)
    return FALSE;
  const RcaSegmentLines *l = rca_segment_lines (segment, &n);
  if (!move_text (sheet, l, n, position, text_base))
  {
    g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "a row stands in lines that are not there");
    return FALSE;
  }
  add_rows (m, sheet);
  return TRUE;
}

static gboolean
add_text (Merging *m, RcaSegment *segment, guint64 *base, GError **error)
{
  g_autoptr (GBytes) text = rca_segment_text (segment, error);
  *base = rca_text_end (m->text);
  if (!text)
    return FALSE;
  gsize n;
  const char *p = g_bytes_get_data (text, &n);
  rca_text_append (m->text, rca_bytes (p, n));
  return TRUE;
}

static gboolean
add_segment (Merging *m, RcaSegment *segment, GError **error)
{
  guint n;
  guint64 text_base;
  const RcaSegmentLines *lines = rca_segment_lines (segment, &n);
  guint n_sheets = rca_segment_n_sheets (segment);
  g_autofree guint64 *position = g_new0 (guint64, n + 1);
  if (!add_text (m, segment, &text_base, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
  {
    if (!add_lines (m, segment, i, &lines[i], &position[i], error))
      return FALSE;
    for (guint k = 0; k < n_sheets; k++)
      if (!add_sheet (m, segment, k, position, text_base, i + 1, error))
        return FALSE;
  }
  for (guint k = 0; k < n_sheets; k++)
    if (!add_sheet (m, segment, k, position, text_base, 0, error))
      return FALSE;
  return TRUE;
}

/* ---- all of them ---- */

static void
add_counts (RcaSegmentEntry *out, const RcaSegmentEntry *from)
{
  guint64 *sum = (guint64 *)&out->counts;
  const guint64 *one = (const guint64 *)&from->counts;
  for (gsize i = 0; i < sizeof out->counts / sizeof *sum; i++)
    sum[i] += one[i];
}

gboolean
rca_compact_segments (const char *dir, const RcaSegmentEntry *entry, guint n, guint64 number, RcaIds *ids, RcaIdFiles *files, RcaSegmentEntry *out, GError **error)
{
  g_auto (Merging) m = { .codec = rca_lines_codec_new (), .text = rca_text_new (), .sheet = g_ptr_array_new_with_free_func ((GDestroyNotify)rca_sheet_free) };
  rca_id_namer_init (&m.namer, ids);
  if (!(m.writer = rca_segment_writer_new (dir, number, error)))
    return FALSE;
  rca_segment_writer_level (m.writer, LEVEL);
  for (guint i = 0; i < n; i++)
  {
    g_autoptr (RcaSegment) segment = rca_segment_open (dir, entry[i].number, error);
    if (segment)
      rca_segment_use_ids (segment, files);
    if (!segment || !add_segment (&m, segment, error))
      return FALSE;
  }
  if (!flush (&m, error) || !rca_segment_writer_text (m.writer, m.text, error))
    return FALSE;
  *out = (RcaSegmentEntry){ 0 };
  RcaSegmentWriter *writer = g_steal_pointer (&m.writer);
  if (!rca_segment_writer_finish (writer, out, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    add_counts (out, &entry[i]);
  out->level = LEVEL;
  out->ids_first = m.namer.first;
  out->ids_last = m.namer.last;
  return TRUE;
}

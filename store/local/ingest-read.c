/* Pieces of files → segments → the source's entry in the manifest. */
#include "local/ingest-private.h"
#include "local/ids.h"
#include "local/raw.h"
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <sys/stat.h>
#include <unistd.h>

/* One segment being made of one or several pieces. */
typedef struct {
  RcaSource *source;
  RcaTableSource *rows;
  RcaTableWriter *writer;
  RcaSegmentWriter *segment;
  RcaRaw *raw;
  RcaIdNamer namer;
  const RcaSourcePart *at; /* the part whose bytes are held; NULL: none yet */
  guint64 next;            /* where the event at hand begins: bytes before it belong to the rows that are there */
  RcaSegmentEntry entry;
  GError *error;
} Making;

static void
making_clear (Making *m)
{
  g_clear_pointer (&m->writer, rca_table_writer_free);
  g_clear_pointer (&m->raw, rca_raw_free);
  g_clear_pointer (&m->rows, rca_table_source_free);
  g_clear_pointer (&m->source, rca_source_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Making, making_clear)

/* What the part at hand has beyond the piece is not of this segment. */
static void
cut_to_piece (Making *m)
{
  if (m->at && m->at->found.next != G_MAXUINT64)
    rca_raw_cut (m->raw, m->at->found.next);
}

/* Ids are looked for around the time of the rows. */
static void
note_span (Making *m, const RcaSheet *sheet)
{
  const gint64 *time = sheet->column[RCA_COL_TIME];
  m->namer.min_ns = G_MAXINT64;
  m->namer.max_ns = G_MININT64;
  for (guint32 r = 0; r < sheet->n; r++)
    if (time[r] != RCA_TIME_NONE)
    {
      m->namer.min_ns = MIN (m->namer.min_ns, time[r]);
      m->namer.max_ns = MAX (m->namer.max_ns, time[r]);
    }
}

/* Ids are new in most rows: as long as they are derived from the lines, telling them apart is work for nothing. */
static void
let_ids_repeat (Making *m)
{
  static const RcaColumnId ids[] = { RCA_COL_REQUEST_ID, RCA_COL_TRACE_ID };
  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    rca_table_writer_let_repeat (m->writer, ids[i], rca_segment_writer_tells (m->segment, ids[i]));
}

static gboolean
sheet_full (RcaTableSource *rows, RcaSheet *sheet, gpointer user)
{
  Making *m = user;
  RcaLinesBlock *block;
  guint64 position;
  note_span (m, sheet);
  if (!m->error && rca_raw_put (m->raw, m->next, &block, &position, &m->error) && rca_segment_writer_add (m->segment, sheet, block, position, &m->error))
    rca_segment_writer_text (m->segment, rows->text, &m->error);
  let_ids_repeat (m);
  return TRUE;
}

/* Rows and bytes of the part at hand are all there. */
static void
end_part (Making *m)
{
  RcaLinesBlock *block;
  guint64 position;
  if (!m->at)
    return;
  cut_to_piece (m);
  m->next = G_MAXUINT64;
  rca_table_writer_turn (m->writer);
  if (!m->error)
    rca_raw_put (m->raw, G_MAXUINT64, &block, &position, &m->error);
  rca_raw_cut (m->raw, 0);
  m->at = NULL;
}

static void
begin_part (Making *m, const RcaSourcePart *part)
{
  end_part (m);
  m->at = part;
  rca_raw_begin (m->raw, part->place, part->range.from, part->range.lines_before);
}

/* Much text that is no record: it goes ahead of the rows, up to where a next segment may begin. */
static void
relieve (Making *m, guint64 until)
{
  RcaLinesBlock *block;
  guint64 position;
  rca_table_writer_turn (m->writer);
  if (!m->error)
    rca_raw_put (m->raw, until, &block, &position, &m->error);
}

static void
take_bytes (RcaSource *source, guint part, guint64 offset, RcaBytes bytes, gpointer user)
{
  Making *m = user;
  const RcaSourcePart *of = g_ptr_array_index (source->parts, part);
  if (m->at != of)
    begin_part (m, of);
  if (rca_raw_held (m->raw) > RCA_RAW_MOST_BYTES)
    relieve (m, of->range.until);
  if (rca_raw_has_hole (m->raw, offset))
    relieve (m, G_MAXUINT64);
  rca_raw_add (m->raw, offset, bytes);
}

static gboolean
place_text (guint place, const RcaEvent *ev, guint64 *position, guint32 *length, gpointer user)
{
  return rca_raw_place (((Making *)user)->raw, ev, position, length);
}

static void
take_event (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  Making *m = user;
  if (m->error)
    return;
  m->next = ev->offset;
  if (rca_raw_before (m->raw, ev->offset) > RCA_RAW_BLOCK_BYTES)
    rca_table_writer_turn (m->writer);
  rca_table_writer_append (m->writer, ((RcaSourcePart *)g_ptr_array_index (source->parts, part))->place, ev);
}

static gboolean
start (Making *m, const RcaIngestWork *work, guint64 number, gboolean sealed)
{
  m->segment = rca_segment_writer_new (work->pass->dir, number, &m->error);
  if (!m->segment)
    return FALSE;
  m->source = rca_source_new (work->source->path, work->source->name);
  m->rows = rca_table_source_new (work->source->path);
  m->writer = rca_table_writer_new (m->rows);
  /* an open end is replaced soon, and its ids would be in the store for ever */
  rca_id_namer_init (&m->namer, sealed ? work->pass->ids : NULL);
  m->raw = rca_raw_new (m->segment, m->namer.ids ? &m->namer.store : NULL);
  rca_table_writer_on_full (m->writer, sheet_full, m);
  rca_table_writer_on_text (m->writer, place_text, m);
  return TRUE;
}

static void
add_piece (Making *m, const RcaPiece *piece)
{
  const RcaSourcePart *where = piece->look->part;
  RcaSourcePart *part = rca_source_add_part (m->source, where->path, where->member);
  part->fd = piece->look->fd;
  part->place = piece->place;
  part->format = piece->format;
  part->range = piece->range;
}

/* Reads what was added and writes it; afterwards @m->rows tells of it. */
static gboolean
make (Making *m, const RcaIngestWork *work)
{
  RcaReadOptions read = work->pass->options->read;
  read.from_ns = read.to_ns = RCA_TIME_NONE; /* everything, whatever span will be asked about */
  read.tap = take_bytes;
  rca_source_read (m->source, &read, take_event, m);
  end_part (m);
  rca_table_writer_turn (m->writer);
  if (m->error)
    rca_segment_writer_abandon (m->segment);
  else
    rca_segment_writer_finish (m->segment, &m->entry, &m->error);
  if (!m->error)
    rca_table_source_describe (m->rows, m->source);
  return m->error == NULL;
}

/* ---- what the manifest learns ---- */

static const RcaPartEnd *
end_of (const Making *m, guint place)
{
  for (guint i = 0; i < m->source->parts->len; i++)
  {
    const RcaSourcePart *part = g_ptr_array_index (m->source->parts, i);
    if (part->place == place)
      return &part->found;
  }
  g_assert_not_reached ();
}

/* What was looked at is what was read: nobody wrote it anew meanwhile, or put another file under its name. */
static gboolean
still_is (const RcaPiece *piece, const RcaManifestPart *part, const RcaPartEnd *end)
{
  struct stat st;
  char head[RCA_LOOK_HEAD_BYTES];
  const RcaLook *look = piece->look;
  guint64 hash, n;
  if (!look->inode)
    return TRUE; /* a pipe */
  if ((look->fd >= 0 ? fstat (look->fd, &st) : stat (look->part->path, &st)) != 0 || st.st_ino != look->inode || st.st_dev != look->device)
    return FALSE;
  if (!look->plain)
    return (guint64)st.st_size == look->size;
  if ((guint64)st.st_size < end->end || !rca_look_read (look, 0, head, (gsize)look->n))
    return FALSE;
  if (memcmp (head, look->head, (gsize)look->n) != 0)
    return FALSE;
  return part->before_n == 0 || (rca_look_before (look, part->offset, &n, &hash) && n == part->before_n && hash == part->before);
}

static void
retire_tail (RcaIngestWork *work, guint place)
{
  RcaSegmentEntry old;
  if (!rca_ingest_take_tail (work->to, place, &old))
    return;
  g_array_append_val (work->retired, old.number);
  work->records -= (gint64)old.counts.records;
  work->lines -= (gint64)old.counts.lines;
}

/* Problems of what was read now replace those it had before. */
static gboolean
is_told_anew (const RcaIngestWork *work, const char *problem)
{
  for (guint i = 0; i < work->piece->len; i++)
    if (strstr (problem, g_array_index (work->piece, RcaPiece, i).look->part->path))
      return TRUE;
  for (guint i = 0; i < work->problem->len; i++)
    if (g_str_equal (problem, g_ptr_array_index (work->problem, i)))
      return TRUE;
  return FALSE;
}

static void
note_part (const RcaIngestWork *work, const RcaPiece *piece, RcaManifestPart *part, const RcaPartEnd *end, gboolean broken)
{
  const RcaLook *look = piece->look;
  part->device = look->device;
  part->inode = look->inode;
  part->size = look->size;
  part->mtime_ns = look->mtime_ns;
  part->head_n = look->n;
  part->head = XXH3_64bits (look->head, (gsize)look->n);
  part->offset = piece->rest ? end->next : end->end;
  if (!rca_look_before (look, part->offset, &part->before_n, &part->before))
    part->before_n = 0;
  part->broken = broken;
  part->encoding = end->encoding;
  part->mark = end->mark;
  part->lossy = end->lossy;
  part->read_ns = work->pass->now_ns;
}

static void
note_sealed (RcaManifestPart *part, const RcaPiece *piece, const RcaPartEnd *end)
{
  if (piece->kind == RCA_PIECE_OPEN)
    return;
  gboolean all = end->next == G_MAXUINT64;
  part->sealed = all ? end->end : end->next;
  part->lines = all ? end->lines : end->next_lines;
}

/* The source's counts and description, and the new segment in its list. */
static void
enter_segment (RcaIngestWork *work, Making *m, guint64 tail)
{
  gboolean anew = work->to->segment->len == 0;
  m->entry.tail = tail;
  m->entry.ids_first = m->namer.first;
  m->entry.ids_last = m->namer.last;
  rca_ingest_add (work->to->info, m->rows, &m->entry, anew);
  if (m->entry.rows || m->entry.counts.lines)
    g_array_append_val (work->to->segment, m->entry);
  work->records += (gint64)m->entry.counts.records;
  work->lines += (gint64)m->entry.counts.lines;
  work->bytes_on_disk += m->entry.bytes;
  for (guint i = 0; i < m->source->problems->len; i++)
    g_ptr_array_add (work->problem, g_strdup (g_ptr_array_index (m->source->problems, i)));
}

static guint64
bytes_of (const RcaPiece *piece, const RcaPartEnd *end)
{
  return piece->look->plain && end->end > piece->range.from ? end->end - piece->range.from : piece->look->size;
}

/* @piece: those that @m was made of. FALSE when one of them was written anew meanwhile: nothing is entered. */
static gboolean
enter (RcaIngestWork *work, Making *m, const GPtrArray *piece)
{
  for (guint i = 0; i < piece->len; i++)
  {
    const RcaPiece *one = g_ptr_array_index (piece, i);
    work->torn |= !still_is (one, g_ptr_array_index (work->to->part, one->place), end_of (m, one->place));
  }
  for (guint i = 0; i < piece->len && !work->torn; i++)
  {
    RcaPiece *one = g_ptr_array_index (piece, i);
    const RcaPartEnd *end = end_of (m, one->place);
    RcaManifestPart *part = g_ptr_array_index (work->to->part, one->place);
    one->rest = one->kind == RCA_PIECE_SPLIT && end->next != G_MAXUINT64;
    retire_tail (work, one->place);
    note_part (work, one, part, end, m->source->problems->len > 0);
    note_sealed (part, one, end);
    work->bytes_in += bytes_of (one, end);
  }
  if (!work->torn)
    enter_segment (work, m, piece->len == 1 && ((RcaPiece *)g_ptr_array_index (piece, 0))->kind == RCA_PIECE_OPEN ? ((RcaPiece *)g_ptr_array_index (piece, 0))->place + 1 : 0);
  return !work->torn;
}

/* ---- the whole ---- */

static gboolean
read_pieces (RcaIngestWork *work, const GPtrArray *piece, guint64 number)
{
  g_auto (Making) m = { 0 };
  if (!start (&m, work, number, ((RcaPiece *)g_ptr_array_index (piece, 0))->kind != RCA_PIECE_OPEN))
  {
    work->error = m.error;
    return FALSE;
  }
  for (guint i = 0; i < piece->len; i++)
    add_piece (&m, g_ptr_array_index (piece, i));
  if (!make (&m, work))
  {
    work->error = m.error;
    return FALSE;
  }
  return enter (work, &m, piece);
}

/* What is left of a piece whose beginning is kept for good by now. */
static void
open_rest (const RcaIngestWork *work, RcaPiece *piece)
{
  const RcaManifestPart *part = g_ptr_array_index (work->to->part, piece->place);
  piece->kind = RCA_PIECE_OPEN;
  piece->range = (RcaPartRange){ .from = part->sealed, .lines_before = part->lines, .until = G_MAXUINT64, .end = piece->range.end, .newer_than_ns = G_MININT64 };
  piece->format = rca_format_find (work->to->info->format);
  rca_ingest_prime (piece->look, &piece->range);
}

static void
settle_problems (RcaIngestWork *work)
{
  GPtrArray *problem = work->to->info->problem;
  for (guint i = problem->len; i-- > 0;)
    if (is_told_anew (work, g_ptr_array_index (problem, i)))
      g_ptr_array_remove_index (problem, i);
  for (guint i = 0; i < work->problem->len; i++)
    g_ptr_array_add (problem, g_strdup (g_ptr_array_index (work->problem, i)));
}

void
rca_ingest_read (RcaIngestWork *work)
{
  guint64 number = work->number;
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();
  for (guint i = 0; i < work->piece->len; i++)
  {
    RcaPiece *piece = &g_array_index (work->piece, RcaPiece, i);
    if (piece->kind != RCA_PIECE_OPEN)
      g_ptr_array_add (kept, piece);
  }
  gboolean ok = kept->len == 0 || read_pieces (work, kept, number++);
  for (guint i = 0; ok && i < work->piece->len; i++)
  {
    RcaPiece *piece = &g_array_index (work->piece, RcaPiece, i);
    g_autoptr (GPtrArray) one = g_ptr_array_new ();
    if (piece->kind == RCA_PIECE_SEAL || (piece->kind == RCA_PIECE_SPLIT && !piece->rest))
      continue;
    if (piece->kind == RCA_PIECE_SPLIT)
      open_rest (work, piece);
    g_ptr_array_add (one, piece);
    ok = read_pieces (work, one, number++);
  }
  settle_problems (work);
}

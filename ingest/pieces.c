#include "pieces.h"
#include "bisect.h"
#include "part.h"
#include "tally.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PRIME_BYTES ((guint64)128 << 10) /* what a decoder is shown before its piece */

typedef struct {
  RcaSource *source;
  RcaTally *tally;
} Piece;

struct RcaPieces {
  RcaSource *of;
  RcaReadOptions options; /* of the pieces */
  RcaPlace place;
  RcaSniff sniff;
  const RcaFormat *format;
  char *name;
  GArray *piece; /* Piece */
};

static void
piece_clear (gpointer data)
{
  Piece *piece = data;
  rca_tally_free (piece->tally);
  rca_source_free (piece->source);
}

void
rca_pieces_free (RcaPieces *pieces)
{
  if (!pieces)
    return;
  g_array_unref (pieces->piece);
  g_free (pieces->name);
  g_free (pieces);
}

guint
rca_pieces_n (const RcaPieces *pieces)
{
  return pieces->piece->len;
}

RcaSource *
rca_pieces_source (RcaPieces *pieces, guint i)
{
  return g_array_index (pieces->piece, Piece, i).source;
}

/* The start of a line, PRIME_BYTES before @from or a little less. FALSE when there is none. */
static gboolean
find_enter (int fd, guint64 from, guint64 first, guint64 *enter)
{
  *enter = first;
  if (from - first <= PRIME_BYTES)
    return TRUE;
  g_autofree char *block = g_malloc (PRIME_BYTES);
  guint64 at = from - PRIME_BYTES;
  gssize got = pread (fd, block, PRIME_BYTES, (off_t)at);
  const char *lf = got > 0 ? memchr (block, '\n', (gsize)got) : NULL;
  if (lf)
    *enter = at + (guint64)(lf - block) + 1;
  return lf != NULL;
}

static gboolean
add_piece (RcaPieces *pieces, int fd, guint64 from, guint64 until)
{
  const RcaSourcePart *of = g_ptr_array_index (pieces->of->parts, 0);
  Piece piece = { .source = rca_source_new (pieces->of->path, pieces->of->name) };
  RcaSourcePart *part = rca_source_add_part (piece.source, of->path, NULL);
  part->format = pieces->format;
  part->range.from = from;
  part->range.until = until;
  part->range.leave = TRUE;
  piece.tally = rca_tally_new (piece.source);
  g_array_append_val (pieces->piece, piece);
  return find_enter (fd, from, pieces->place.offset, &part->range.enter);
}

/* What was written behind @size meanwhile is the last piece's, unless the window ends before. */
static gboolean
add_pieces (RcaPieces *pieces, int fd, guint64 size, guint64 piece_bytes)
{
  guint64 end = pieces->place.end, from = pieces->place.offset;
  guint64 n = MIN (end, size) > from ? (MIN (end, size) - from) / piece_bytes : 0; /* the file may have shrunk */
  for (guint64 i = 0; i < n; i++, from += piece_bytes)
    if (!add_piece (pieces, fd, from, i + 1 == n ? end : from + piece_bytes))
      return FALSE;
  return n > 1;
}

static gboolean
find_place (RcaPieces *pieces, const RcaReadOptions *options)
{
  g_auto (RcaOpenedPart) opened = { 0 };
  const RcaSourcePart *part = g_ptr_array_index (pieces->of->parts, 0);
  if (!rca_part_open (pieces->of, 0, options, &opened, NULL) || !rca_input_is_plain (opened.input) || opened.sample.head.n == 0)
    return FALSE;
  pieces->name = g_strdup (opened.name);
  pieces->format = rca_part_format (pieces->of, 0, options, &opened.sample, &pieces->sniff);
  if (!pieces->format)
    return FALSE;
  return rca_bisect (part->path, pieces->format, &opened.sample, options->from_ns, options->to_ns, &pieces->place);
}

RcaPieces *
rca_pieces_cut (RcaSource *source, const RcaReadOptions *options, guint64 piece_bytes)
{
  struct stat st;
  const RcaSourcePart *part = source->parts->len == 1 ? g_ptr_array_index (source->parts, 0) : NULL;
  if (!part || part->member || part->range.from || part->range.until != G_MAXUINT64 || options->tap || stat (part->path, &st) != 0 || !S_ISREG (st.st_mode)
      || (guint64)st.st_size < 2 * piece_bytes)
    return NULL;
  g_autoptr (RcaPieces) pieces = g_new0 (RcaPieces, 1);
  pieces->of = source;
  pieces->options = *options;
  pieces->options.from_ns = pieces->options.to_ns = RCA_TIME_NONE;
  pieces->piece = g_array_new (FALSE, TRUE, sizeof (Piece));
  g_array_set_clear_func (pieces->piece, piece_clear);
  int fd = open (part->path, O_RDONLY | O_CLOEXEC);
  gboolean cut = fd >= 0 && find_place (pieces, options) && add_pieces (pieces, fd, (guint64)st.st_size, piece_bytes);
  if (fd >= 0)
    close (fd);
  return cut ? g_steal_pointer (&pieces) : NULL;
}

/* The file that the whole was given, by another descriptor: each has its own place in it. */
static int
open_again (const RcaSourcePart *of)
{
  g_autofree char *name = of->fd >= 0 ? g_strdup_printf ("/proc/self/fd/%d", of->fd) : g_strdup (of->path);
  return open (name, O_RDONLY | O_CLOEXEC);
}

void
rca_pieces_read (RcaPieces *pieces, guint i, RcaSourceEmit emit, gpointer user)
{
  Piece *piece = &g_array_index (pieces->piece, Piece, i);
  RcaSourcePart *part = g_ptr_array_index (piece->source->parts, 0);
  RcaReadOptions options = pieces->options;
  options.tally = piece->tally;
  part->fd = open_again (g_ptr_array_index (pieces->of->parts, 0));
  rca_source_read (piece->source, &options, emit, user);
  if (part->fd >= 0)
    close (part->fd);
  part->fd = -1;
}

/* ---- put together ---- */

/* Each record that a piece reads on to is the first of the next one; else they saw different records. */
static gboolean
count_lines (const RcaPieces *pieces, gint64 *lines_before)
{
  guint64 next = G_MAXUINT64; /* where the pieces up to here ended */
  gint64 lines = 0;           /* before that */
  for (guint i = 0; i < pieces->piece->len; i++)
  {
    const RcaSource *source = g_array_index (pieces->piece, Piece, i).source;
    const RcaPartEnd *found = &((RcaSourcePart *)g_ptr_array_index (source->parts, 0))->found;
    if (source->problems->len)
      return FALSE;
    lines_before[i] = 0;
    if (i > 0 && found->first == G_MAXUINT64 && found->next == next)
      continue; /* one record is longer than the piece */
    if (i > 0 && found->first != next)
      return FALSE;
    if (i > 0 && next != G_MAXUINT64)
      lines_before[i] = lines - (gint64)found->first_lines;
    next = found->next;
    lines = lines_before[i] + (gint64)found->next_lines;
  }
  return TRUE;
}

static void
add_counts (RcaSource *into, const RcaSource *from)
{
  into->lines += from->lines;
  into->blank += from->blank;
  into->records += from->records;
  into->parsed += from->parsed;
  into->rejected += from->rejected;
  into->truncated += from->truncated;
  if (!into->first_rejected)
    into->first_rejected = g_strdup (from->first_rejected);
}

static char *
tell_why (const RcaPieces *pieces)
{
  GString *why = g_string_new (pieces->sniff.reason);
  if (pieces->place.offset)
    g_string_append_printf (why, "; %s is read from byte %" G_GUINT64_FORMAT " on, where the window begins", pieces->name, pieces->place.offset);
  if (pieces->of->truncated)
    g_string_append_printf (why, "; %" G_GUINT64_FORMAT " lines longer than 1 MiB were cut", pieces->of->truncated);
  return g_string_free (why, FALSE);
}

gboolean
rca_pieces_join (RcaPieces *pieces, gint64 *lines_before)
{
  RcaSource *of = pieces->of;
  if (!count_lines (pieces, lines_before))
    return FALSE;
  rca_source_reset (of);
  g_autoptr (RcaTally) tally = rca_tally_new (of);
  for (guint i = 0; i < pieces->piece->len; i++)
  {
    Piece *piece = &g_array_index (pieces->piece, Piece, i);
    add_counts (of, piece->source);
    rca_tally_merge (tally, piece->tally);
  }
  rca_tally_time (tally, pieces->place.first_ns);
  rca_tally_time (tally, pieces->place.last_ns);
  of->format = pieces->format;
  of->score = pieces->sniff.score;
  of->next_score = pieces->sniff.next_score;
  of->next_format = pieces->sniff.next;
  of->columns = g_strdup (g_array_index (pieces->piece, Piece, pieces->piece->len - 1).source->columns);
  rca_tally_finish (tally);
  of->why = tell_why (pieces);
  ((RcaSourcePart *)g_ptr_array_index (of->parts, 0))->skipped_bytes = pieces->place.offset;
  return TRUE;
}

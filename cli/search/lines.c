#include "lines.h"
#include <string.h>

enum { CHUNK = 256 * 1024 };
/* A line longer than this is searched in pieces: memory stays bounded. */
enum { LONGEST = 16 * 1024 * 1024 };

struct RcaLines {
  RcaInput *input;
  char *buffer;
  gsize size, from, to; /* bytes [from, to) are not yet given */
  guint64 number;       /* of the last line given or passed over */
  gboolean ended, torn; /* torn: the line goes on in what comes next */
  GError *lost;         /* said once all that came before it was given */
};

RcaLines *
rca_lines_new (RcaInput *input)
{
  RcaLines *l = g_new0 (RcaLines, 1);
  l->input = input;
  l->size = 2 * CHUNK;
  l->buffer = g_malloc (l->size);
  return l;
}

gboolean
rca_lines_enter (RcaLines *l, guint64 offset, guint64 number)
{
  if (!rca_input_seek (l->input, offset))
    return FALSE;
  l->from = l->to = 0;
  l->number = number - 1;
  l->ended = l->torn = FALSE;
  return TRUE;
}

void
rca_lines_free (RcaLines *l)
{
  g_clear_error (&l->lost);
  g_free (l->buffer);
  g_free (l);
}

/* More bytes behind those that are there. FALSE at the end. */
static gboolean
fill (RcaLines *l)
{
  if (l->ended)
    return FALSE;
  memmove (l->buffer, l->buffer + l->from, l->to - l->from);
  l->to -= l->from;
  l->from = 0;
  if (l->size - l->to < CHUNK)
    l->buffer = g_realloc (l->buffer, l->size *= 2);
  gssize got = rca_input_read (l->input, l->buffer + l->to, CHUNK, &l->lost);
  l->ended = got <= 0;
  l->to += got > 0 ? (gsize) got : 0;
  return got > 0;
}

static guint64
count_lines (const char *from, const char *to)
{
  guint64 n = 0;
  while (from < to && (from = memchr (from, '\n', (gsize) (to - from))))
    {
      n++;
      from++;
    }
  return n;
}

/* Moves to the line of the next @literal; to the last line, which may go on, when there is none. */
static void
skip_to (RcaLines *l, const char *literal, gsize literal_n)
{
  const char *text = l->buffer + l->from, *end = l->buffer + l->to;
  const char *at = memmem (text, (gsize) (end - text), literal, literal_n);
  const char *feed = memrchr (text, '\n', (gsize) ((at ? at : end) - text));
  if (!feed)
    return;
  l->number += count_lines (text, feed + 1) - l->torn; /* a torn line has its number already */
  l->torn = FALSE;
  l->from = (gsize) (feed + 1 - l->buffer);
}

static void
give (RcaLines *l, gsize n, gboolean whole, RcaLine *line)
{
  l->number += !l->torn;
  *line = (RcaLine){ l->buffer + l->from, n, l->number };
  l->torn = !whole;
  l->from += n + whole;
}

gboolean
rca_lines_next (RcaLines *l, const char *literal, gsize literal_n, RcaLine *line, GError **error)
{
  gsize looked = 0; /* bytes of the line that hold no line feed */
  for (;;)
    {
      if (literal && literal_n > 0 && looked == 0)
        skip_to (l, literal, literal_n);
      char *text = l->buffer + l->from;
      char *feed = memchr (text + looked, '\n', l->to - l->from - looked);
      if (feed)
        return give (l, (gsize) (feed - text), TRUE, line), TRUE;
      looked = l->to - l->from;
      if (looked >= LONGEST)
        return give (l, looked, FALSE, line), TRUE;
      if (fill (l))
        continue;
      if (looked > 0)
        return give (l, looked, FALSE, line), TRUE;
      if (l->lost)
        g_propagate_error (error, g_steal_pointer (&l->lost));
      return FALSE;
    }
}

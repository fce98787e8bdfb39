/* A large log in pieces tells the same as read as one: every record once, in its line. */
#include "bisect.h"
#include "line-count.h"
#include "pieces.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define PIECE_BYTES (100 << 10)

typedef struct {
  guint64 line, offset;
  gint64 time_ns;
} Seen;

static void
note_event (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  Seen seen = { ev->line, ev->offset, ev->time_ns };
  g_array_append_val ((GArray *)user, seen);
}

static RcaReadOptions
options_of (gint64 from_s, gint64 to_s)
{
  gint64 from_ns = from_s ? from_s * RCA_NS_PER_S : RCA_TIME_NONE, to_ns = to_s ? to_s * RCA_NS_PER_S : RCA_TIME_NONE;
  return (RcaReadOptions){ .from_ns = from_ns, .to_ns = to_ns, .lines_later = TRUE };
}

static GArray *
read_pieces (RcaSource *source, const RcaReadOptions *options)
{
  g_autoptr (RcaPieces) pieces = rca_pieces_cut (source, options, PIECE_BYTES);
  g_assert_nonnull (pieces);
  guint n = rca_pieces_n (pieces);
  g_autofree gint64 *before = g_new (gint64, n);
  g_autofree GArray **seen = g_new (GArray *, n);
  GArray *all = g_array_new (FALSE, FALSE, sizeof (Seen));
  for (guint i = n; i-- > 0;) /* their order does not matter */
    rca_pieces_read (pieces, i, note_event, seen[i] = g_array_new (FALSE, FALSE, sizeof (Seen)));
  g_assert_true (rca_pieces_join (pieces, before));
  for (guint i = 0; i < n; i++)
  {
    for (guint k = 0; k < seen[i]->len; k++)
      g_array_index (seen[i], Seen, k).line += (guint64)before[i];
    g_array_append_vals (all, seen[i]->data, seen[i]->len);
    g_array_unref (seen[i]);
  }
  return all;
}

static void
write_record (FILE *f, guint i)
{
  fprintf (f, "2026-11-24T%02u:%02u:%02u.000Z %s [worker-%u] com.shop.Box: box %u is shut\n", i / 3600 % 24, i / 60 % 60, i % 60, i % 7 ? "INFO " : "ERROR", i % 5, i);
  if (i % 7 == 0)
    for (guint k = 0; k < i % 40; k++)
      fprintf (f, "\tat com.shop.Box.shut%u(Box.java:%u)\n", k, i % 900 + 1);
  if (i % 501 == 0)
    fputs ("\n", f);
  if (i == 30000)
    for (guint k = 0; k < 9000; k++) /* longer than several pieces */
      fprintf (f, "\tat com.shop.Long.deep%u(Long.java:%u)\n", k, k);
}

static char *
write_log (void)
{
  g_autofree char *dir = g_dir_make_tmp ("rca-pieces-XXXXXX", NULL);
  char *path = g_build_filename (dir, "app.log", NULL);
  FILE *f = fopen (path, "w");
  for (guint i = 0; i < 60000; i++)
    write_record (f, i);
  fclose (f);
  return path;
}

static void
remove_log (const char *path)
{
  g_autofree char *dir = g_path_get_dirname (path);
  g_remove (path);
  g_rmdir (dir);
}

static void
assert_same_events (GArray *a, GArray *b, guint n)
{
  for (guint i = 0; i < n; i++)
  {
    const Seen *x = &g_array_index (a, Seen, i), *y = &g_array_index (b, Seen, i);
    g_assert_cmpuint (x->offset, ==, y->offset);
    g_assert_cmpuint (x->line, ==, y->line);
    g_assert_cmpint (x->time_ns, ==, y->time_ns);
  }
}

static void
assert_same_source (const RcaSource *a, const RcaSource *b)
{
  g_assert_cmpstr (a->service, ==, b->service);
  g_assert_cmpstr (a->columns, ==, b->columns);
  g_assert_true (a->format == b->format && a->stream == b->stream && a->present == b->present && a->zone_known == b->zone_known);
  g_assert_cmpuint (a->records, ==, b->records);
  g_assert_cmpuint (a->parsed, ==, b->parsed);
  g_assert_cmpuint (a->errors, ==, b->errors);
  g_assert_cmpuint (a->lines, ==, b->lines);
  g_assert_cmpuint (a->blank, <=, b->blank); /* lines deep within a very long record are no record's to whoever begins there */
  g_assert_cmpuint (a->truncated, ==, b->truncated);
  g_assert_cmpint (a->first_ns, ==, b->first_ns);
  g_assert_cmpint (a->last_ns, ==, b->last_ns);
  g_assert_cmpstr (a->why, ==, b->why);
}

static void
test_whole (void)
{
  g_autofree char *path = write_log ();
  RcaReadOptions options = options_of (0, 0);
  g_autoptr (RcaSource) one = rca_source_new (path, NULL), many = rca_source_new (path, NULL);
  g_autoptr (GArray) seen = g_array_new (FALSE, FALSE, sizeof (Seen));
  rca_source_add_part (one, path, NULL);
  rca_source_add_part (many, path, NULL);
  rca_source_read (one, &options, note_event, seen);
  g_autoptr (GArray) pieces = read_pieces (many, &options);
  g_assert_cmpuint (seen->len, >=, 60000);
  assert_same_events (seen, pieces, seen->len);
  g_assert_cmpuint (seen->len, ==, pieces->len);
  assert_same_source (one, many);
  remove_log (path);
}

/* What may matter to the window is read, with the lines counted from where it is entered. */
static void
test_window (void)
{
  g_autofree char *path = write_log ();
  gint64 day_s = 1795478400, from_s = day_s + 5 * 3600, to_s = from_s + 3600;
  RcaReadOptions options = options_of (from_s, to_s);
  g_autoptr (RcaSource) one = rca_source_new (path, NULL), many = rca_source_new (path, NULL);
  g_autoptr (GArray) seen = g_array_new (FALSE, FALSE, sizeof (Seen));
  rca_source_add_part (one, path, NULL);
  rca_source_add_part (many, path, NULL);
  rca_source_read (one, &options, note_event, seen);
  g_autoptr (GArray) pieces = read_pieces (many, &options);
  guint n = MIN (seen->len, pieces->len);
  g_assert_cmpuint (n, >, 3600);
  g_assert_cmpuint (n, <, 20000);
  assert_same_events (seen, pieces, n);
  g_assert_cmpint (g_array_index (pieces, Seen, 0).time_ns, <, from_s * RCA_NS_PER_S);
  g_assert_cmpint (g_array_index (pieces, Seen, n - 1).time_ns, >, to_s * RCA_NS_PER_S);
  g_assert_cmpuint (rca_source_lines_before (one, 0), ==, rca_source_lines_before (many, 0));
  remove_log (path);
}

static void
test_line_count (void)
{
  g_autofree char *path = write_log ();
  int fd = g_open (path, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  for (guint n_threads = 0; n_threads < 4; n_threads++)
  {
    g_autoptr (RcaLineCount) count = rca_line_count_new ();
    guint large = rca_line_count_add (count, fd, 8 << 20), small = rca_line_count_add (count, fd, 77777), none = rca_line_count_add (count, fd, 0);
    rca_line_count_start (count, n_threads);
    g_assert_cmpuint (rca_line_count_get (count, small), ==, rca_count_lines (path, 77777));
    g_assert_cmpuint (rca_line_count_get (count, large), ==, rca_count_lines (path, 8 << 20));
    g_assert_cmpuint (rca_line_count_get (count, large), >, 60000);
    g_assert_cmpuint (rca_line_count_get (count, none), ==, 0);
  }
  close (fd);
  remove_log (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ingest/pieces/tell-the-same-as-the-whole", test_whole);
  g_test_add_func ("/ingest/pieces/hold-the-window", test_window);
  g_test_add_func ("/ingest/pieces/lines-before-are-counted-by-any-number-of-threads", test_line_count);
  return g_test_run ();
}

/* Reading a part of a file: ranges of records, files that are open already, holes. */
#include "source.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

static char *
write_log (guint n)
{
  g_autofree char *dir = g_dir_make_tmp ("rca-range-XXXXXX", NULL);
  char *path = g_build_filename (dir, "app.log", NULL);
  FILE *f = fopen (path, "w");
  for (guint i = 0; i < n; i++)
    fprintf (f, "2026-11-24T00:%02u:%02u.000Z ERROR box %04u is shut\n", i / 60 % 60, i % 60, i);
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

#define LINE_BYTES G_GUINT64_CONSTANT (48)

static void
note_event (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  g_array_append_val ((GArray *)user, ev->line);
}

static GArray *
read_range (const char *path, int fd, RcaPartRange range, RcaPartEnd *found, guint64 *lines)
{
  GArray *line = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autoptr (RcaSource) source = rca_source_new (path, NULL);
  RcaSourcePart *part = rca_source_add_part (source, path, NULL);
  part->fd = fd;
  part->range = range;
  RcaReadProgress progress = { 0 };
  RcaReadOptions options = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE, .progress = &progress };
  rca_source_read (source, &options, note_event, line);
  g_assert_cmpuint (source->records, ==, line->len);
  g_assert_cmpuint (progress.done, >, 0);
  *found = part->found;
  *lines = source->lines;
  return line;
}

#define LINE(array, i) g_array_index (array, guint64, i)

static void
test_ranges (void)
{
  g_autofree char *path = write_log (1000);
  RcaPartEnd found;
  guint64 lines;
  RcaPartRange first = { .until = 400 * LINE_BYTES - 5, .end = G_MAXUINT64, .newer_than_ns = G_MININT64 };
  g_autoptr (GArray) a = read_range (path, -1, first, &found, &lines);
  g_assert_cmpuint (a->len, ==, 400);
  g_assert_cmpuint (lines, ==, 400);
  g_assert_cmpuint (found.next, ==, 400 * LINE_BYTES);
  g_assert_cmpuint (found.next_lines, ==, 400);
  /* entered a little earlier, so that the decoder knows what came before */
  RcaPartRange rest = { .from = found.next, .lines_before = 400, .until = G_MAXUINT64, .end = 700 * LINE_BYTES, .enter = 300 * LINE_BYTES, .enter_lines = 300, .newer_than_ns = G_MININT64 };
  g_autoptr (GArray) b = read_range (path, -1, rest, &found, &lines);
  g_assert_cmpuint (b->len, ==, 300);
  g_assert_cmpuint (LINE (b, 0), ==, 401);
  g_assert_cmpuint (LINE (b, 299), ==, 700);
  g_assert_cmpuint (lines, ==, 300);
  g_assert_cmpuint (found.end, ==, 700 * LINE_BYTES);
  g_assert_cmpuint (found.lines, ==, 700);
  g_assert_cmpuint (found.next, ==, G_MAXUINT64);
  remove_log (path);
}

static void
test_open_file (void)
{
  g_autofree char *path = write_log (100);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  remove_log (path);
  RcaPartEnd found;
  guint64 lines;
  RcaPartRange all = { .until = G_MAXUINT64, .end = G_MAXUINT64, .newer_than_ns = G_MININT64 };
  for (guint i = 0; i < 2; i++) /* it stays the caller's */
  {
    g_autoptr (GArray) a = read_range (path, fd, all, &found, &lines);
    g_assert_cmpuint (a->len, ==, 100);
  }
  close (fd);
}

/* A writer that did not open for appending goes on at its old place after a truncation. */
static void
test_hole (void)
{
  const guint64 hole = G_GUINT64_CONSTANT (3) << 30;
  g_autofree char *path = write_log (10);
  int fd = open (path, O_RDWR | O_CLOEXEC);
  g_assert_cmpint (pwrite (fd, "2026-11-24T00:10:00.000Z ERROR box 9999 is shut\n", LINE_BYTES, (off_t)(hole)), ==, LINE_BYTES);
  RcaPartEnd found;
  guint64 lines;
  RcaPartRange all = { .until = G_MAXUINT64, .end = G_MAXUINT64, .newer_than_ns = G_MININT64 };
  g_autoptr (GArray) a = read_range (path, fd, all, &found, &lines);
  g_assert_cmpuint (a->len, ==, 11);
  g_assert_cmpuint (LINE (a, 10), ==, 11);
  g_assert_cmpuint (found.end, ==, hole + LINE_BYTES);
  close (fd);
  remove_log (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/range/only-records-that-begin-inside-count-and-the-next-one-is-told", test_ranges);
  g_test_add_func ("/range/an-open-file-is-read-when-its-name-is-gone", test_open_file);
  g_test_add_func ("/range/a-hole-of-gigabytes-costs-nothing-and-the-line-behind-it-is-whole", test_hole);
  return g_test_run ();
}

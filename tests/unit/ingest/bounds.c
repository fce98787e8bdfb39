/* Each bound of bounds.h is kept. A user's pattern's are in user-format.c. */
#include "bounds.h"
#include "json-scan.h"
#include "source.h"
#include "timestamp.h"
#include <glib/gstdio.h>
#include <unistd.h>

typedef struct {
  guint events, truncated;
  gsize longest;
  GHashTable *services;
} Seen;

static void
note (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  Seen *seen = user;
  seen->events++;
  seen->truncated += (ev->flags & RCA_EVENT_TRUNCATED) != 0;
  seen->longest = MAX (seen->longest, ev->raw.n);
}

static RcaSource *
read_text (const GString *text, Seen *seen)
{
  g_autofree char *dir = g_dir_make_tmp ("rca-bounds-XXXXXX", NULL), *path = g_build_filename (dir, "x.log", NULL);
  g_assert_true (g_file_set_contents (path, text->str, (gssize)text->len, NULL));
  RcaSource *source = rca_source_new (path, NULL);
  rca_source_add_part (source, path, NULL);
  RcaReadOptions options = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE };
  rca_source_read (source, &options, note, seen);
  g_unlink (path);
  g_rmdir (dir);
  return source;
}

static void
append_run (GString *text, char c, gsize n)
{
  gsize at = text->len;
  g_string_set_size (text, at + n);
  memset (text->str + at, c, n);
}

static void
test_a_longer_line_is_cut_marked_and_counted (void)
{
  Seen seen = { 0 };
  g_autoptr (GString) text = g_string_new ("2026-11-24T11:02:01Z INFO a: ");
  append_run (text, 'x', 3 * RCA_BOUND_LINE_BYTES);
  g_string_append (text, "\n2026-11-24T11:02:02Z INFO a: after\n");
  g_autoptr (RcaSource) source = read_text (text, &seen);
  g_assert_cmpuint (seen.events, ==, 2);
  g_assert_cmpuint (seen.truncated, ==, 1);
  g_assert_cmpuint (source->truncated, ==, 1);
  g_assert_cmpuint (seen.longest, <=, RCA_BOUND_LINE_BYTES);
}

static void
test_a_longer_record_is_cut_and_the_next_one_whole (void)
{
  Seen seen = { 0 };
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < RCA_BOUND_SAMPLE_LINES; i++)
    g_string_append (text, "2026-11-24T11:02:01Z ERROR a: boom\n");
  for (guint i = 0; i < 60000; i++)
    g_string_append (text, "\tat com.example.Deep.call(Deep.java:1)\n");
  g_string_append (text, "2026-11-24T11:02:02Z INFO a: after\n");
  g_autoptr (RcaSource) source = read_text (text, &seen);
  g_assert_cmpuint (source->records, ==, RCA_BOUND_SAMPLE_LINES + 1);
  g_assert_cmpuint (seen.longest, <=, RCA_BOUND_LINE_BYTES);
}

static gboolean
visit (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  guint *deepest = user;
  *deepest = MAX (*deepest, depth);
  return TRUE;
}

static void
test_json_is_followed_to_its_bound_and_no_further (void)
{
  RcaArena *arena = rca_arena_new ();
  for (guint depth = RCA_BOUND_JSON_DEPTH - 8; depth < RCA_BOUND_JSON_DEPTH + 100000; depth += depth < RCA_BOUND_JSON_DEPTH + 8 ? 1 : 50000)
  {
    guint deepest = 0;
    g_autoptr (GString) text = g_string_new (NULL);
    for (guint i = 0; i < depth; i++)
      g_string_append (text, "{\"a\":");
    g_string_append_c (text, '1');
    append_run (text, '}', depth);
    gsize took = rca_json_scan (rca_bytes (text->str, text->len), arena, visit, &deepest);
    g_assert_cmpuint (took, <=, text->len);
    g_assert_cmpuint (deepest, ==, MIN (depth, RCA_BOUND_JSON_DEPTH));
  }
  rca_arena_free (arena);
}

static void
test_programs_beyond_the_bound_are_still_read (void)
{
  Seen seen = { 0 };
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < RCA_BOUND_CHANNELS * 2; i++)
    g_string_append_printf (text, "Nov 24 11:02:01 web1 prog%u[1]: hello\n", i);
  g_autoptr (RcaSource) source = read_text (text, &seen);
  g_assert_cmpuint (source->records, ==, RCA_BOUND_CHANNELS * 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bounds/a-longer-line-is-cut-marked-and-counted", test_a_longer_line_is_cut_marked_and_counted);
  g_test_add_func ("/bounds/a-longer-record-is-cut-and-the-next-one-whole", test_a_longer_record_is_cut_and_the_next_one_whole);
  g_test_add_func ("/bounds/json-is-followed-to-its-bound-and-no-further", test_json_is_followed_to_its_bound_and_no_further);
  g_test_add_func ("/bounds/programs-beyond-the-bound-are-still-read", test_programs_beyond_the_bound_are_still_read);
  return g_test_run ();
}

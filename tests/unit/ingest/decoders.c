/* Every tests/decoders/NAME.log must decode into exactly NAME.expected. */
#include "event-json.h"
#include "source.h"
#include "timestamp.h"
#include <glib/gstdio.h>
#include <utime.h>

typedef struct {
  char *log, *expected, *name;
} Sample;

static void
collect (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  rca_event_to_json (ev, user);
}

/* A copy whose time of last write does not depend on the checkout. */
static char *
dated_copy (const Sample *sample, const char *dir)
{
  char *data;
  gsize n;
  char *path = g_strdup_printf ("%s/%s.log", dir, sample->name);
  struct utimbuf written = { .actime = 1795521600, .modtime = 1795521600 }; /* 2026-11-24 12:00 UTC */
  g_assert_true (g_file_get_contents (sample->log, &data, &n, NULL));
  g_assert_true (g_file_set_contents (path, data, (gssize)n, NULL));
  g_assert_cmpint (utime (path, &written), ==, 0);
  g_free (data);
  return path;
}

static char *
decode (const Sample *sample)
{
  g_autofree char *dir = g_dir_make_tmp ("rca-decoders-XXXXXX", NULL);
  g_autofree char *path = dated_copy (sample, dir);
  g_autoptr (RcaSource) source = rca_source_new (path, NULL);
  GString *events = g_string_new (NULL);
  rca_source_add_part (source, path, NULL);
  rca_source_read (source, NULL, collect, events);
  g_string_append_printf (events, "{\"format\":\"%s\",\"lines\":%" G_GUINT64_FORMAT ",\"records\":%" G_GUINT64_FORMAT ",\"rejected\":%" G_GUINT64_FORMAT "}\n",
                          source->format ? source->format->name : "unknown", source->lines, source->records, source->rejected);
  g_unlink (path);
  g_rmdir (dir);
  return g_string_free (events, FALSE);
}

/* The first line that differs says more than both texts. */
static void
report_difference (const char *got, const char *want)
{
  g_auto (GStrv) a = g_strsplit (got, "\n", -1);
  g_auto (GStrv) b = g_strsplit (want, "\n", -1);
  for (guint i = 0; a[i] || b[i]; i++)
    if (g_strcmp0 (a[i], b[i]) != 0)
    {
      g_test_message ("event %u\n  got      %s\n  expected %s", i + 1, a[i] ?: "(none)", b[i] ?: "(none)");
      return;
    }
}

static void
test_sample (gconstpointer data)
{
  const Sample *sample = data;
  g_autofree char *got = decode (sample);
  g_autofree char *want = NULL;
  if (g_getenv ("RCA_UPDATE_GOLDEN"))
    g_assert_true (g_file_set_contents (sample->expected, got, -1, NULL));
  g_assert_true (g_file_get_contents (sample->expected, &want, NULL, NULL));
  if (strcmp (got, want) != 0)
    report_difference (got, want);
  g_assert_true (strcmp (got, want) == 0);
}

static void
sample_free (gpointer data)
{
  Sample *sample = data;
  g_free (sample->log);
  g_free (sample->expected);
  g_free (sample->name);
  g_free (sample);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_autofree char *folder = g_build_filename (g_getenv ("G_TEST_SRCDIR") ?: "tests", "decoders", NULL);
  GDir *dir = g_dir_open (folder, 0, NULL);
  for (const char *file; dir && (file = g_dir_read_name (dir));)
  {
    if (!g_str_has_suffix (file, ".log"))
      continue;
    Sample *sample = g_new0 (Sample, 1);
    sample->name = g_strndup (file, strlen (file) - 4);
    sample->log = g_build_filename (folder, file, NULL);
    sample->expected = g_strdup_printf ("%s/%s.expected", folder, sample->name);
    g_autofree char *test = g_strdup_printf ("/decoders/%s", sample->name);
    g_test_add_data_func_full (test, sample, test_sample, sample_free);
  }
  if (dir)
    g_dir_close (dir);
  return g_test_run ();
}

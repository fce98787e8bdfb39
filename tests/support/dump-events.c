/* Shows what the decoders make of files: a line of JSON an event, the source's counts to standard error.
 *
 *     dump-events [--input-format NAME] PATH… */
#include "event-json.h"
#include "source.h"
#include "timestamp.h"
#include <stdio.h>

static void
print_event (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  g_autoptr (GString) out = g_string_new (NULL);
  rca_event_to_json (ev, out);
  fputs (out->str, stdout);
}

static void
print_counts (const RcaSource *s)
{
  char first[32], last[32];
  g_printerr ("%s: %s (%s), service %s, stream %s%s%s\n", s->path, s->format ? s->format->name : "unknown", s->why, s->service ?: "-",
              rca_stream_name (s->stream), s->columns ? ", columns " : "", s->columns ?: "");
  g_printerr ("  lines %" G_GUINT64_FORMAT " records %" G_GUINT64_FORMAT " parsed %" G_GUINT64_FORMAT " rejected %" G_GUINT64_FORMAT, s->lines, s->records,
              s->parsed, s->rejected);
  g_printerr (" http_5xx %" G_GUINT64_FORMAT " errors %" G_GUINT64_FORMAT " slow %" G_GUINT64_FORMAT " changes %" G_GUINT64_FORMAT " samples %" G_GUINT64_FORMAT
              "\n",
              s->http_5xx, s->errors, s->slow, s->changes, s->samples);
  if (s->first_ns != RCA_TIME_NONE)
    g_printerr ("  %s .. %s, zone %s\n", rca_time_format (s->first_ns, first), rca_time_format (s->last_ns, last), s->zone_known ? "known" : "unknown");
  if (s->first_rejected)
    g_printerr ("  first not understood: %s\n", s->first_rejected);
  for (guint i = 0; i < s->problems->len; i++)
    g_printerr ("  problem: %s\n", (char *)s->problems->pdata[i]);
}

int
main (int argc, char **argv)
{
  RcaReadOptions options = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE };
  int first = 1;
  if (argc > 2 && strcmp (argv[1], "--input-format") == 0)
  {
    options.input_format = argv[2];
    first = 3;
  }
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) sources = rca_sources_find ((const char *const *)argv + first, (guint)(argc - first), problems);
  for (guint i = 0; i < problems->len; i++)
    g_printerr ("%s\n", (char *)problems->pdata[i]);
  for (guint i = 0; i < sources->len; i++)
  {
    rca_source_read (sources->pdata[i], &options, print_event, NULL);
    print_counts (sources->pdata[i]);
  }
  return 0;
}

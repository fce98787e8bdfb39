/* Asks a store every kind of question and prints the answers as lines of JSON, for
 * compare.py: probe (files|local) OUT-OF [PATH…]; `local` takes the store's folder. */
#include "store.h"
#include <math.h>
#include <stdio.h>

static void
put_string (const char *s)
{
  if (!s)
  {
    fputs ("null", stdout);
    return;
  }
  putchar ('"');
  for (; *s; s++)
    if (*s == '"' || *s == '\\' || (guchar)*s < 0x20)
      printf ("\\u%04x", (guchar)*s);
    else
      putchar (*s);
  putchar ('"');
}

static void
member (const char *key, const char *value)
{
  printf (",\"%s\":", key);
  put_string (value);
}

static void
number (const char *key, double value)
{
  if (isnan (value))
    printf (",\"%s\":null", key);
  else
    printf (",\"%s\":%.15g", key, value);
}

static void
integer (const char *key, gint64 value)
{
  printf (",\"%s\":%" G_GINT64_FORMAT, key, value);
}

static RcaSpan
show_sources (RcaStore *store, gboolean timing)
{
  g_autoptr (RcaSources) s = rca_store_sources (store, NULL);
  for (guint i = 0; i < s->source->len; i++)
  {
    const RcaSourceInfo *f = g_ptr_array_index (s->source, i);
    printf ("{\"call\":\"source\"");
    member ("path", f->path);
    member ("format", f->format);
    member ("stream", rca_stream_name (f->stream));
    member ("service", f->service);
    member ("host", f->host);
    member ("instance", f->instance);
    member ("zone", f->zone);
    member ("why", f->why);
    member ("columns", f->columns);
    number ("offset", f->clock_offset_s);
    integer ("lines", (gint64)f->lines);
    integer ("records", (gint64)f->records);
    integer ("parsed", (gint64)f->parsed);
    integer ("rejected", (gint64)f->rejected);
    integer ("http_5xx", (gint64)f->http_5xx);
    integer ("errors", (gint64)f->errors);
    integer ("slow", (gint64)f->slow);
    integer ("changes", (gint64)f->changes);
    integer ("samples", (gint64)f->samples);
    integer ("first", f->first_ns);
    integer ("last", f->last_ns);
    integer ("step", f->time_step_ns);
    puts ("}");
  }
  for (guint i = 0; i < s->peer->len; i++)
  {
    const RcaPeer *p = g_ptr_array_index (s->peer, i);
    printf ("{\"call\":\"peer\"");
    member ("upstream", p->upstream);
    member ("instance", p->instance);
    member ("service", p->service);
    puts ("}");
  }
  for (guint i = 0; i < s->note->len; i++)
  {
    printf ("{\"call\":\"note\"");
    member ("text", g_ptr_array_index (s->note, i));
    puts ("}");
  }
  for (guint i = 0; i < s->problem->len; i++)
  {
    printf ("{\"call\":\"problem\"");
    member ("text", g_ptr_array_index (s->problem, i));
    puts ("}");
  }
  printf ("{\"call\":\"store\"");
  member ("user_facing", rca_stream_name (s->user_facing));
  integer ("start", s->extent.start_ns);
  integer ("end", s->extent.end_ns);
  puts ("}");
  return s->extent;
}

static const guint all_measures = (1 << 15) - 1;

static void
show_entity (const RcaFrame *f, const RcaFrameQuery *q, guint e)
{
  static const struct {
    const char *name;
    RcaMeasure measure;
  } series[] = {
    { "count", RCA_MEASURE_COUNT },
    { "failed", RCA_MEASURE_FAILED },
    { "bytes", RCA_MEASURE_BYTES },
    { "duration", RCA_MEASURE_DURATION },
    { "connect", RCA_MEASURE_CONNECT },
    { "upstream_time", RCA_MEASURE_UPSTREAM },
    { "examined", RCA_MEASURE_ROWS_EXAMINED },
    { "clients", RCA_MEASURE_CLIENTS },
    { "aborted", RCA_MEASURE_ABORTED },
    { "limited", RCA_MEASURE_LIMITED },
  };
  guint n = rca_frame_n_buckets (f);
  printf ("{\"call\":\"frame\"");
  member ("stream", rca_stream_name (q->stream));
  member ("by0", rca_dimension_name (q->by[0]));
  member ("by1", rca_dimension_name (q->by[1]));
  member ("value0", rca_frame_value (f, e, 0));
  member ("value1", rca_frame_value (f, e, 1));
  member ("label0", rca_frame_label (f, e, 0));
  integer ("width", rca_frame_width_ns (f));
  integer ("start", rca_frame_start_ns (f));
  for (guint m = 0; m < G_N_ELEMENTS (series); m++)
  {
    const double *v = rca_frame_series (f, e, series[m].measure);
    double sum = 0;
    for (guint b = 0; b < n; b++)
      sum += v[b];
    if (sum == 0)
      continue;
    printf (",\"%s\":{", series[m].name);
    gboolean first = TRUE;
    for (guint b = 0; b < n; b++)
      if (v[b] != 0)
      {
        printf ("%s\"%u\":%.9g", first ? "" : ",", b, v[b]);
        first = FALSE;
      }
    putchar ('}');
  }
  RcaHistogram all = { { 0 } };
  RcaGauge gauge = { INFINITY, -INFINITY, 0, 0 };
  for (guint b = 0; b < n; b++)
  {
    const RcaHistogram *h = rca_frame_histogram (f, e, b, RCA_MEASURE_DURATION);
    if (h)
      rca_histogram_add (&all, h);
    RcaGauge g = rca_frame_gauge (f, e, b);
    if (g.n > 0)
      gauge = (RcaGauge){ MIN (gauge.min, g.min), MAX (gauge.max, g.max), gauge.sum + g.sum, gauge.n + g.n };
  }
  if (rca_histogram_count (&all))
    number ("p95", rca_histogram_quantile_s (&all, 0.95));
  if (gauge.n > 0)
  {
    number ("gauge_min", gauge.min);
    number ("gauge_max", gauge.max);
    number ("gauge_sum", gauge.sum);
    number ("gauge_n", gauge.n);
  }
  number ("distinct_clients", rca_frame_clients (f, e, 0, n, RCA_MEASURE_CLIENTS));
  number ("distinct_clients_failed", rca_frame_clients (f, e, 0, n, RCA_MEASURE_CLIENTS_FAILED));
  puts ("}");
}

static void
show_frames (RcaStore *store, RcaSpan span)
{
  static const struct {
    RcaStream stream;
    RcaDimension by[2];
  } frames[] = {
    { RCA_STREAM_ACCESS, { RCA_DIM_NONE, RCA_DIM_NONE } },        { RCA_STREAM_ACCESS, { RCA_DIM_ROUTE, RCA_DIM_STATUS } },
    { RCA_STREAM_ACCESS, { RCA_DIM_UPSTREAM, RCA_DIM_NONE } },    { RCA_STREAM_ACCESS, { RCA_DIM_STATUS_CLASS, RCA_DIM_UPSTREAM_CLASS } },
    { RCA_STREAM_ACCESS, { RCA_DIM_NETWORK, RCA_DIM_NONE } },     { RCA_STREAM_ACCESS, { RCA_DIM_AUDIENCE, RCA_DIM_AGENT } },
    { RCA_STREAM_ACCESS, { RCA_DIM_KIND, RCA_DIM_FAILURE } },     { RCA_STREAM_ACCESS, { RCA_DIM_ATTEMPT, RCA_DIM_NONE } },
    { RCA_STREAM_CDN, { RCA_DIM_CACHE_STATUS, RCA_DIM_STATUS } }, { RCA_STREAM_CDN, { RCA_DIM_ROUTE, RCA_DIM_NONE } },
    { RCA_STREAM_APP, { RCA_DIM_KIND, RCA_DIM_SEVERITY } },       { RCA_STREAM_APP, { RCA_DIM_INSTANCE, RCA_DIM_VERSION } },
    { RCA_STREAM_APP, { RCA_DIM_TEMPLATE, RCA_DIM_NONE } },       { RCA_STREAM_APP, { RCA_DIM_EXCEPTION, RCA_DIM_FAILURE } },
    { RCA_STREAM_DB, { RCA_DIM_FINGERPRINT, RCA_DIM_NONE } },     { RCA_STREAM_DB, { RCA_DIM_DB_EVENT, RCA_DIM_SQLSTATE_CLASS } },
    { RCA_STREAM_MONITOR, { RCA_DIM_METRIC, RCA_DIM_DEVICE } },   { RCA_STREAM_CHANGE, { RCA_DIM_SOURCE, RCA_DIM_SERVICE } },
  };
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
  {
    RcaFrameQuery q
        = { .span = span, .width_ns = 10 * RCA_NS_PER_S, .stream = frames[i].stream, .by = { frames[i].by[0], frames[i].by[1] }, .measures = all_measures };
    g_autoptr (RcaFrame) f = rca_store_frame (store, &q, NULL);
    for (guint e = 0; e < rca_frame_n_entities (f); e++)
      show_entity (f, &q, e);
  }
}

static void
show_changes (RcaStore *store, RcaSpan span)
{
  g_autoptr (GPtrArray) changes = rca_store_changes (store, span, NULL);
  for (guint i = 0; i < changes->len; i++)
  {
    const RcaChange *c = g_ptr_array_index (changes, i);
    printf ("{\"call\":\"change\"");
    integer ("start", c->start_ns);
    integer ("end", c->end_ns);
    member ("kind", rca_change_kind_name (c->kind));
    member ("service", c->service);
    member ("version", c->version);
    member ("before", c->version_before);
    member ("actor", c->actor);
    member ("outcome", c->outcome);
    member ("host", c->host);
    member ("text", c->text);
    member ("path", c->ref.path);
    integer ("line", (gint64)c->ref.line);
    integer ("seen", c->seen_on_rows);
    puts ("}");
  }
}

static void
show_joins (RcaStore *store, RcaSpan span)
{
  static const struct {
    RcaStream stream, carrier;
    RcaDimension thing;
    RcaBad bad;
  } joins[] = {
    { RCA_STREAM_ACCESS, RCA_STREAM_APP, RCA_DIM_TEMPLATE, RCA_BAD_FAILED },
    { RCA_STREAM_ACCESS, RCA_STREAM_APP, RCA_DIM_INSTANCE, RCA_BAD_FAILED },
    { RCA_STREAM_ACCESS, RCA_STREAM_ACCESS, RCA_DIM_UPSTREAM, RCA_BAD_FAILED },
    { RCA_STREAM_ACCESS, RCA_STREAM_DB, RCA_DIM_FINGERPRINT, RCA_BAD_FAILED_OR_SLOW },
    { RCA_STREAM_APP, RCA_STREAM_APP, RCA_DIM_EXCEPTION, RCA_BAD_FAILED },
    { RCA_STREAM_CDN, RCA_STREAM_ACCESS, RCA_DIM_UPSTREAM, RCA_BAD_FAILED },
    { RCA_STREAM_CDN, RCA_STREAM_APP, RCA_DIM_TEMPLATE, RCA_BAD_FAILED },
  };
  for (guint k = 0; k < G_N_ELEMENTS (joins); k++)
  {
    RcaJoinQuery q
        = { .span = span, .stream = joins[k].stream, .bad = joins[k].bad, .slow_ns = RCA_NS_PER_S / 2, .carrier = joins[k].carrier, .thing = joins[k].thing };
    g_autoptr (RcaJoin) j = rca_store_join (store, &q, NULL);
    for (guint i = 0; i < j->route->len; i++)
    {
      const RcaJoinRoute *r = &g_array_index (j->route, RcaJoinRoute, i);
      printf ("{\"call\":\"join-route\",\"join\":%u,\"by_id\":%d", k, j->by_id);
      member ("route", r->route);
      integer ("bad", r->bad);
      integer ("good", r->good);
      integer ("queued", r->bad_queued);
      integer ("bad_unjoined", r->bad_unjoined);
      integer ("good_unjoined", r->good_unjoined);
      puts ("}");
    }
    for (guint i = 0; i < j->cell->len; i++)
    {
      const RcaJoinCell *c = &g_array_index (j->cell, RcaJoinCell, i);
      printf ("{\"call\":\"join-cell\",\"join\":%u", k);
      member ("thing", c->thing);
      member ("route", c->route);
      integer ("bad_with", c->bad_with);
      integer ("good_with", c->good_with);
      puts ("}");
    }
  }
}

static void
show_row (const char *what, const RcaRow *r)
{
  printf ("{\"call\":\"row\"");
  member ("what", what);
  member ("path", r->ref.path);
  integer ("line", (gint64)r->ref.line);
  integer ("time", r->ref.time_ns);
  integer ("start", r->start_ns);
  integer ("end", r->end_ns);
  member ("stream", rca_stream_name (r->stream));
  integer ("status", r->status);
  integer ("duration", r->duration_ns);
  member ("route", r->route);
  member ("service", r->service);
  member ("instance", r->instance);
  member ("version", r->version);
  member ("id", r->id);
  member ("template", r->template_text);
  member ("exception", r->exception);
  member ("statement", r->fingerprint_name);
  member ("failure", rca_failure_name (r->failure));
  member ("text", r->ref.text);
  puts ("}");
}

static void
show_rows (RcaStore *store, RcaSpan span)
{
  static const struct {
    const char *what;
    RcaRowQuery query;
  } asked[] = {
    { "failed", { .failed_only = TRUE, .order = RCA_ROWS_BY_TIME, .limit = 40 } },
    { "slowest", { .order = RCA_ROWS_BY_DURATION_DESC, .min_duration_ns = RCA_NS_PER_MS, .limit = 40 } },
    { "last-app", { .stream = RCA_STREAM_APP, .order = RCA_ROWS_BY_TIME_DESC, .limit = 40 } },
    { "db", { .stream = RCA_STREAM_DB, .order = RCA_ROWS_BY_TIME, .limit = 40 } },
    { "change", { .stream = RCA_STREAM_CHANGE, .order = RCA_ROWS_BY_TIME, .limit = 40 } },
  };
  g_autofree char *id = NULL;
  for (guint k = 0; k < G_N_ELEMENTS (asked); k++)
  {
    RcaRowQuery q = asked[k].query;
    q.span = span;
    g_autoptr (GPtrArray) rows = rca_store_rows (store, &q, NULL);
    for (guint i = 0; i < rows->len; i++)
    {
      const RcaRow *r = g_ptr_array_index (rows, i);
      show_row (asked[k].what, r);
      if (r->id && !id)
        id = g_strdup (r->id);
    }
  }
  if (!id)
    return;
  RcaRowQuery q = { .span = span, .id = id, .order = RCA_ROWS_BY_TIME, .limit = 40 };
  g_autoptr (GPtrArray) rows = rca_store_rows (store, &q, NULL);
  for (guint i = 0; i < rows->len; i++)
    show_row ("id", g_ptr_array_index (rows, i));
}

static void
show_seen (RcaStore *store, RcaStream stream, RcaDimension d, RcaSpan span)
{
  RcaFrameQuery q = { .span = span, .width_ns = 3600 * RCA_NS_PER_S, .stream = stream, .by = { d, RCA_DIM_NONE }, .measures = RCA_MEASURE_COUNT, .k = 20 };
  g_autoptr (RcaFrame) f = rca_store_frame (store, &q, NULL);
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  for (guint e = 0; e < rca_frame_n_entities (f); e++)
    if (*rca_frame_value (f, e, 0))
      g_ptr_array_add (values, (gpointer)rca_frame_value (f, e, 0));
  g_ptr_array_add (values, (gpointer) "never seen anywhere");
  g_ptr_array_add (values, NULL);
  g_autoptr (RcaSeenAnswer) a = rca_store_seen (store, stream, d, (const char *const *)values->pdata, span, NULL);
  for (guint i = 0; i < a->seen->len; i++)
  {
    const RcaSeen *s = g_ptr_array_index (a->seen, i);
    printf ("{\"call\":\"seen\"");
    member ("stream", rca_stream_name (stream));
    member ("by", rca_dimension_name (d));
    member ("value", s->value);
    integer ("first", s->first_ns);
    integer ("last", s->last_ns);
    integer ("count", (gint64)s->count);
    integer ("occurrences", s->occurrence->len);
    number ("singletons", a->singletons_per_s);
    puts ("}");
  }
}

static RcaStore *
open_store (int argc, char **argv, GError **error)
{
  RcaOpenOptions options = { .read = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE }, .jobs = 2, .assumed_zone = g_time_zone_new_utc () };
  RcaStore *store = NULL;
  if (g_str_equal (argv[1], "files"))
    store = rca_store_open_files ((const char *const *)argv + 2, (guint)argc - 2, &options, error);
  else if (g_str_equal (argv[1], "local"))
    store = rca_store_open (argv[2], &options, error);
  g_time_zone_unref (options.assumed_zone);
  return store;
}

static int
ingest (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  RcaOpenOptions options = { .read = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE }, .jobs = 2 };
  RcaIngestResult result;
  gboolean ok = rca_store_ingest (argv[2], (const char *const *)argv + 3, (guint)argc - 3, &options, &result, &error);
  if (ok)
    printf ("{\"call\":\"ingest\",\"sources\":%" G_GUINT64_FORMAT ",\"records\":%" G_GUINT64_FORMAT ",\"bytes_in\":%" G_GUINT64_FORMAT
            ",\"bytes_on_disk\":%" G_GUINT64_FORMAT "}\n",
            result.sources, result.records, result.bytes_in, result.bytes_on_disk);
  else
    fprintf (stderr, "%s\n", error->message);
  rca_ingest_result_clear (&result);
  return ok ? 0 : 1;
}

int
main (int argc, char **argv)
{
  if (argc < 3)
    return 2;
  if (g_str_equal (argv[1], "ingest"))
    return ingest (argc, argv);
  g_autoptr (GError) error = NULL;
  gint64 begin = g_get_monotonic_time ();
  g_autoptr (RcaStore) store = open_store (argc, argv, &error);
  if (!store)
  {
    fprintf (stderr, "%s\n", error ? error->message : "no such backend");
    return 1;
  }
  gint64 opened = g_get_monotonic_time ();
  RcaSpan span = show_sources (store, FALSE);
  gint64 t = g_get_monotonic_time ();
  show_frames (store, span);
  gint64 frames = g_get_monotonic_time () - t;
  show_changes (store, span);
  t = g_get_monotonic_time ();
  show_joins (store, span);
  gint64 joins = g_get_monotonic_time () - t;
  show_rows (store, span);
  show_seen (store, RCA_STREAM_APP, RCA_DIM_TEMPLATE, span);
  show_seen (store, RCA_STREAM_DB, RCA_DIM_FINGERPRINT, span);
  fprintf (stderr, "open %.1f ms, 18 frames %.1f ms, 7 joins %.1f ms\n", (double)(opened - begin) / 1e3, (double)frames / 1e3, (double)joins / 1e3);
  return 0;
}

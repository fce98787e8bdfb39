/* A table out of events made by hand. */
#pragma once
#include "table.h"

typedef struct {
  RcaTable *table;
  RcaStore *store;
} Fake;

#define T0 (G_GINT64_CONSTANT (1795500000) * RCA_NS_PER_S)

static inline gint64
at_s (double seconds)
{
  return T0 + (gint64)(seconds * 1e9);
}

static inline RcaEvent *
fake_event (RcaStream stream, double seconds)
{
  RcaEvent *ev = g_new0 (RcaEvent, 1);
  rca_event_clear (ev);
  ev->stream = stream;
  ev->time_ns = at_s (seconds);
  return ev;
}

static inline void
fake_str (RcaEvent *ev, RcaField f, const char *value)
{
  rca_event_set_str (ev, f, rca_bytes_str (value));
}

/* A source and the writer that fills it; every append numbers its line. */
typedef struct {
  RcaTableSource *source;
  RcaTableWriter *writer;
  guint64 line;
} FakeSource;

static inline FakeSource
fake_source (RcaTable *table, const char *path, RcaStream stream, const char *service)
{
  FakeSource f = { rca_table_source_new (path), NULL, 0 };
  f.source->stream = stream;
  f.source->service = g_strdup (service);
  f.source->zone_known = TRUE;
  f.writer = rca_table_writer_new (f.source);
  rca_table_add (table, f.source);
  return f;
}

static inline void
fake_append (FakeSource *f, RcaEvent *ev)
{
  ev->line = ++f->line;
  g_autofree char *raw = g_strdup_printf ("line %" G_GUINT64_FORMAT " of %s", ev->line, f->source->path);
  if (ev->raw.n == 0)
    ev->raw = rca_bytes_str (raw);
  f->source->records++;
  f->source->parsed++;
  f->source->present |= ev->present;
  f->source->lines++;
  if (f->source->first_ns == RCA_TIME_NONE || ev->time_ns < f->source->first_ns)
    f->source->first_ns = ev->time_ns;
  f->source->last_ns = MAX (f->source->last_ns, ev->time_ns);
  rca_table_writer_append (f->writer, 0, ev);
  g_free (ev);
}

static inline void
fake_request (FakeSource *f, RcaStream stream, double end, const char *path, gint status, double duration, const char *id, const char *upstream)
{
  RcaEvent *ev = fake_event (stream, end);
  fake_str (ev, RCA_FIELD_HTTP_METHOD, "GET");
  fake_str (ev, RCA_FIELD_URL_PATH, path);
  rca_event_set_num (ev, RCA_FIELD_HTTP_STATUS, status);
  if (duration >= 0)
    rca_event_set_num (ev, RCA_FIELD_DURATION, (gint64)(duration * 1e9));
  if (id)
    fake_str (ev, RCA_FIELD_REQUEST_ID, id);
  if (upstream)
    fake_str (ev, RCA_FIELD_UPSTREAM, upstream);
  fake_append (f, ev);
}

static inline RcaStore *
fake_finish (RcaTable *table, FakeSource *sources, guint n)
{
  for (guint i = 0; i < n; i++)
    rca_table_writer_free (sources[i].writer);
  RcaTableOptions options = { { 0, 0 }, NULL, 2 };
  rca_table_finish (table, &options);
  return rca_store_wrap (&rca_table_backend, table);
}

static const RcaSpan all_time = { T0 - 3600 * RCA_NS_PER_S, T0 + 3600 * RCA_NS_PER_S };

#include "table.h"

static RcaSources *
sources (gpointer impl, GError **error)
{
  return rca_table_sources (impl);
}

static RcaFrame *
frame (gpointer impl, const RcaFrameQuery *query, GError **error)
{
  return rca_table_frame (impl, query);
}

static GPtrArray *
changes (gpointer impl, RcaSpan span, GError **error)
{
  return rca_table_changes (impl, span);
}

static RcaJoin *
join (gpointer impl, const RcaJoinQuery *query, GError **error)
{
  return rca_table_join (impl, query);
}

static GPtrArray *
rows (gpointer impl, const RcaRowQuery *query, GError **error)
{
  return rca_table_rows (impl, query);
}

static RcaSeenAnswer *
seen (gpointer impl, RcaStream stream, RcaDimension dimension, const char *const *value, RcaSpan back, GError **error)
{
  return rca_table_seen (impl, stream, dimension, value, back);
}

static void
close_table (gpointer impl)
{
  rca_table_free (impl);
}

static gpointer
table_of (gpointer impl)
{
  return impl;
}

const RcaBackend rca_table_backend = { "table", sources, frame, changes, join, rows, seen, close_table, table_of };

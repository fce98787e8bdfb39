/* A history as bytes: "rca-history 1\n", the SHA-256 of the rest in hex and a newline, a GVariant. */
#include "history-private.h"

#define HEAD "rca-history 1\n"
#define HEAD_BYTES (sizeof HEAD - 1 + 64 + 1)
#define SOURCE_TYPE "(msmsmsmsmsmsmsmsyttttttttttxxxd)"
#define SERIES_TYPE "(yssa(uuudu)au)"
#define TYPE "(a" SOURCE_TYPE "asasa" SERIES_TYPE ")"

static GVariant *
pack_source (const RcaSourceInfo *s)
{
  return g_variant_new (SOURCE_TYPE, s->path, s->format, s->service, s->host, s->instance, s->zone, s->why, s->columns, (guchar)s->stream, s->lines, s->records, s->parsed, s->rejected, s->http_5xx,
                        s->errors, s->slow, s->changes, s->samples, s->present, s->first_ns, s->last_ns, s->time_step_ns, s->clock_offset_s);
}

static GVariant *
pack_series (const RcaHistorySeries *s)
{
  G_STATIC_ASSERT (sizeof (RcaHistoryCell) == 32); /* as GVariant lays out (uuudu) */
  GVariant *cells = g_variant_new_fixed_array (G_VARIANT_TYPE ("(uuudu)"), s->cell->data, s->cell->len, sizeof (RcaHistoryCell));
  GVariant *bins = g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, s->bin->data, s->bin->len, sizeof (guint32));
  return g_variant_new ("(yss@a(uuudu)@au)", s->stream, s->name, s->label, cells, bins);
}

/* GVariant takes valid UTF-8 only; a fingerprint or route may be cut in the middle of a character. */
static gboolean
packable (const RcaHistorySeries *s)
{
  return g_utf8_validate (s->name, -1, NULL) && g_utf8_validate (s->label, -1, NULL);
}

static GVariant *
pack_texts (const GPtrArray *texts)
{
  g_autoptr (GVariantBuilder) b = g_variant_builder_new (G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; i < texts->len; i++)
  {
    g_autofree char *valid = g_utf8_make_valid (g_ptr_array_index (texts, i), -1);
    g_variant_builder_add (b, "s", valid);
  }
  return g_variant_builder_end (b);
}

GBytes *
rca_history_pack (const RcaHistory *h)
{
  g_autoptr (GVariantBuilder) sources = g_variant_builder_new (G_VARIANT_TYPE ("a" SOURCE_TYPE));
  g_autoptr (GVariantBuilder) series = g_variant_builder_new (G_VARIANT_TYPE ("a" SERIES_TYPE));
  for (guint i = 0; i < h->source->len; i++)
    g_variant_builder_add_value (sources, pack_source (g_ptr_array_index (h->source, i)));
  for (guint i = 0; i < h->series->len; i++)
    if (packable (g_ptr_array_index (h->series, i)))
      g_variant_builder_add_value (series, pack_series (g_ptr_array_index (h->series, i)));
  g_autoptr (GVariant) whole = g_variant_ref_sink (g_variant_new ("(a" SOURCE_TYPE "@as@asa" SERIES_TYPE ")", sources, pack_texts (h->problem), pack_texts (h->note), series));
  g_autoptr (GBytes) data = g_variant_get_data_as_bytes (whole);
  g_autofree char *sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, data);
  GByteArray *out = g_byte_array_new ();
  g_byte_array_append (out, (const guint8 *)HEAD, sizeof HEAD - 1);
  g_byte_array_append (out, (const guint8 *)sum, 64);
  g_byte_array_append (out, (const guint8 *)"\n", 1);
  g_byte_array_append (out, g_bytes_get_data (data, NULL), (guint)g_bytes_get_size (data));
  return g_byte_array_free_to_bytes (out);
}

static void
unpack_source (RcaHistory *h, GVariant *v)
{
  RcaSourceInfo s = { 0 };
  guchar stream;
  g_variant_get (v, "(m&sm&sm&sm&sm&sm&sm&sm&syttttttttttxxxd)", &s.path, &s.format, &s.service, &s.host, &s.instance, &s.zone, &s.why, &s.columns, &stream, &s.lines, &s.records, &s.parsed, &s.rejected,
                 &s.http_5xx, &s.errors, &s.slow, &s.changes, &s.samples, &s.present, &s.first_ns, &s.last_ns, &s.time_step_ns, &s.clock_offset_s);
  s.stream = stream;
  g_ptr_array_add (h->source, rca_history_take_source (h->strings, &s));
}

static void
unpack_series (RcaHistory *h, GVariant *v)
{
  guchar stream;
  const char *name, *label;
  gsize n_cells, n_bins;
  g_variant_get_child (v, 0, "y", &stream);
  g_variant_get_child (v, 1, "&s", &name);
  g_variant_get_child (v, 2, "&s", &label);
  g_autoptr (GVariant) cells = g_variant_get_child_value (v, 3);
  g_autoptr (GVariant) bins = g_variant_get_child_value (v, 4);
  const RcaHistoryCell *cell = g_variant_get_fixed_array (cells, &n_cells, sizeof (RcaHistoryCell));
  const guint32 *bin = g_variant_get_fixed_array (bins, &n_bins, sizeof (guint32));
  RcaHistorySeries *s = rca_history_series (h, stream, name, label);
  g_array_append_vals (s->cell, cell, (guint)n_cells);
  g_array_append_vals (s->bin, bin, (guint)n_bins);
  guint32 at = 0;
  for (gsize i = 0; i < n_cells; at += cell[i++].n_bins)
    g_array_append_val (s->at, at);
}

static void
unpack_texts (GPtrArray *into, GVariant *texts)
{
  for (gsize i = 0; i < g_variant_n_children (texts); i++)
  {
    char *text;
    g_variant_get_child (texts, i, "s", &text);
    g_ptr_array_add (into, text);
  }
}

RcaHistory *
rca_history_unpack (GBytes *bytes)
{
  gsize n;
  const char *p = g_bytes_get_data (bytes, &n);
  if (n < HEAD_BYTES || memcmp (p, HEAD, sizeof HEAD - 1) != 0)
    return NULL;
  /* a copy: what is read as doubles has to lie at an address for doubles */
  g_autoptr (GBytes) data = g_bytes_new (p + HEAD_BYTES, n - HEAD_BYTES);
  g_autofree char *sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, data);
  if (memcmp (p + sizeof HEAD - 1, sum, 64) != 0)
    return NULL;
  g_autoptr (GVariant) whole = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (TYPE), data, FALSE));
  RcaHistory *h = rca_history_new ();
  for (guint part = 0; part < 4; part++)
  {
    g_autoptr (GVariant) array = g_variant_get_child_value (whole, part);
    if (part == 1 || part == 2)
      unpack_texts (part == 1 ? h->problem : h->note, array);
    for (gsize i = 0; (part == 0 || part == 3) && i < g_variant_n_children (array); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (array, i);
      (part == 0 ? unpack_source : unpack_series) (h, child);
    }
  }
  return h;
}

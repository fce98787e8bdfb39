#include "clickhouse/native.h"
#include "clickhouse/row-binary.h"
#include "clickhouse/schema.h"
#include "dimension-codes.h"
#include <zlib.h>

#define DAY_NS (86400 * RCA_NS_PER_S)

typedef struct {
  GByteArray *out;
  RcaTable *table;
  RcaTableSource *source;
  const RcaSheet *sheet;
  const RcaNativeRows *rows;
} Put;

/* ---- columns ---- */

static guint8 *
room (GByteArray *out, gsize n)
{
  guint at = out->len;
  g_byte_array_set_size (out, (guint)(at + n));
  return out->data + at;
}

static void
put_numbers (const Put *p, const void *values, gsize width, int fill)
{
  guint8 *to = room (p->out, p->sheet->n * width);
  if (values)
    memcpy (to, values, p->sheet->n * width);
  else
    memset (to, fill, p->sheet->n * width);
}

static void
put_u64 (const Put *p, guint64 first, guint64 step)
{
  guint8 *to = room (p->out, p->sheet->n * sizeof (guint64));
  for (guint32 row = 0; row < p->sheet->n; row++)
  {
    guint64 value = GUINT64_TO_LE (first + row * step);
    memcpy (to + row * sizeof value, &value, sizeof value);
  }
}

/* @codes: by row, or NULL: empty strings. */
static void
put_codes (const Put *p, const RcaDictionary *values, const guint32 *codes)
{
  if (!codes)
    put_numbers (p, NULL, 1, 0);
  for (guint32 row = 0; codes && row < p->sheet->n; row++)
    rca_row_put_bytes (p->out, rca_dictionary_bytes (values, codes[row]));
}

static void
put_text (const Put *p)
{
  for (guint32 row = 0; row < p->sheet->n; row++)
    rca_row_put_bytes (p->out, rca_text_get (p->source->text, rca_sheet_u64 (p->sheet, RCA_COL_TEXT_POSITION, row), rca_sheet_u32 (p->sheet, RCA_COL_TEXT_LENGTH, row)));
}

static guint16
day_of (const RcaSheet *s, guint32 row)
{
  gint64 start = s->start[row];
  if (start < 0 || start / DAY_NS > G_MAXUINT16 || rca_sheet_u8 (s, RCA_COL_STREAM, row) == RCA_STREAM_CHANGE)
    return 0;
  return (guint16)(start / DAY_NS);
}

static void
put_days (const Put *p)
{
  guint8 *to = room (p->out, p->sheet->n * sizeof (guint16));
  for (guint32 row = 0; row < p->sheet->n; row++)
  {
    guint16 day = GUINT16_TO_LE (day_of (p->sheet, row));
    memcpy (to + row * sizeof day, &day, sizeof day);
  }
}

static void
put_bins (const Put *p, RcaColumnId column)
{
  const gint64 *ns = p->sheet->column[column];
  guint8 *to = room (p->out, p->sheet->n);
  for (guint32 row = 0; row < p->sheet->n; row++)
    to[row] = ns && ns[row] >= 0 ? (guint8)rca_histogram_bin (ns[row]) : 0;
}

static void
put_dimension (const Put *p, RcaDimension d)
{
  put_codes (p, rca_table_values (p->table, d), rca_sheet_codes (p->sheet, d));
}

static void
put_extra (const Put *p, RcaExtraColumn e)
{
  switch (e)
  {
  case RCA_EXTRA_BLOCK:
    put_u64 (p, p->rows->block, 0);
    break;
  case RCA_EXTRA_SOURCE:
    put_u64 (p, p->rows->source, 0);
    break;
  case RCA_EXTRA_PLACE:
    put_u64 (p, p->rows->place, 1);
    break;
  case RCA_EXTRA_DAY:
    put_days (p);
    break;
  case RCA_EXTRA_START:
    put_numbers (p, p->sheet->start, sizeof (gint64), 0);
    break;
  case RCA_EXTRA_END:
    put_numbers (p, p->sheet->end, sizeof (gint64), 0);
    break;
  case RCA_EXTRA_HIDDEN:
    put_numbers (p, p->sheet->hidden, 1, 0);
    break;
  case RCA_EXTRA_SPEAKS:
    put_numbers (p, p->rows->speaks, 1, 0);
    break;
  case RCA_EXTRA_DURATION_BIN:
    put_bins (p, RCA_COL_DURATION);
    break;
  case RCA_EXTRA_CONNECT_BIN:
    put_bins (p, RCA_COL_UPSTREAM_CONNECT);
    break;
  case RCA_EXTRA_UPSTREAM_BIN:
    put_bins (p, RCA_COL_UPSTREAM_TIME);
    break;
  case RCA_EXTRA_NETWORK:
    put_dimension (p, RCA_DIM_NETWORK);
    break;
  case RCA_EXTRA_ATTEMPT:
    put_dimension (p, RCA_DIM_ATTEMPT);
    break;
  case RCA_EXTRA_UPSTREAM_CLASS:
    put_dimension (p, RCA_DIM_UPSTREAM_CLASS);
    break;
  default:
    put_text (p);
  }
}

static void
put_column (const Put *p, RcaColumnId c)
{
  G_STATIC_ASSERT (G_BYTE_ORDER == G_LITTLE_ENDIAN); /* as the format is */
  const RcaColumnInfo *info = rca_column_info (c);
  if (info->type == RCA_COLUMN_CODE)
    put_codes (p, p->table->dictionary[info->domain], p->sheet->column[c]);
  else /* an absent integer with a sign is -1: rca_sheet_i64() */
    put_numbers (p, p->sheet->column[c], rca_column_width (info->type), info->type == RCA_COLUMN_I64 ? 0xff : 0);
}

/* ---- the block ---- */

static void
put_head (const Put *p, const char *name, const char *type)
{
  rca_row_put_str (p->out, name);
  rca_row_put_str (p->out, type);
}

void
rca_native_put_sheet (GByteArray *out, RcaTable *table, RcaTableSource *source, const RcaSheet *sheet, const RcaNativeRows *rows)
{
  Put p = { out, table, source, sheet, rows };
  guint n = RCA_N_EXTRAS;
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    n += rca_column_is_stored ((RcaColumnId)c);
  rca_row_put_length (out, n);
  rca_row_put_length (out, sheet->n);
  for (guint e = 0; e < RCA_N_EXTRAS; e++)
  {
    put_head (&p, rca_extra_columns[e].name, rca_extra_columns[e].type);
    put_extra (&p, (RcaExtraColumn)e);
  }
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    if (rca_column_is_stored ((RcaColumnId)c))
    {
      put_head (&p, rca_column_info ((RcaColumnId)c)->name, rca_column_sql_type ((RcaColumnId)c));
      put_column (&p, (RcaColumnId)c);
    }
}

/* ---- compression ---- */

#define GZIP_WINDOW_BITS (15 + 16) /* with gzip's frame */

GByteArray *
rca_gzip (const void *data, gsize n)
{
  z_stream z = { 0 };
  GByteArray *out = g_byte_array_new ();
  int begun = deflateInit2 (&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW_BITS, 9, Z_DEFAULT_STRATEGY);
  g_assert (begun == Z_OK && n <= G_MAXUINT32);
  gsize bound = deflateBound (&z, n);
  g_byte_array_set_size (out, (guint)bound);
  z.next_in = (Bytef *)(gpointer)data;
  z.avail_in = (uInt)n;
  z.next_out = out->data;
  z.avail_out = (uInt)bound;
  int ended = deflate (&z, Z_FINISH);
  g_assert (ended == Z_STREAM_END);
  g_byte_array_set_size (out, (guint)z.total_out);
  deflateEnd (&z);
  return out;
}

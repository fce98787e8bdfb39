#include "sheet.h"

static const RcaColumnInfo columns[RCA_N_COLUMNS] = {
#define X(id, name, type, domain) [RCA_COL_##id] = { name, RCA_COLUMN_##type, RCA_DOMAIN_##domain },
#include "column.def"
#undef X
};

static const guint8 widths[] = {
  [RCA_COLUMN_U8] = 1, [RCA_COLUMN_U16] = 2, [RCA_COLUMN_U32] = 4, [RCA_COLUMN_U64] = 8, [RCA_COLUMN_I64] = 8, [RCA_COLUMN_F64] = 8, [RCA_COLUMN_CODE] = 4,
};

const RcaColumnInfo *
rca_column_info (RcaColumnId column)
{
  return &columns[column];
}

gsize
rca_column_width (RcaColumnType type)
{
  return widths[type];
}

/* In segments a dictionary goes by the name of the first column that uses it; ids by their own. */
const char *
rca_domain_name (RcaDomain domain)
{
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    if (columns[c].domain == domain)
      return domain == RCA_DOMAIN_ID ? "id" : columns[c].name;
  return "";
}

RcaSheet *
rca_sheet_new (void)
{
  RcaSheet *sheet = g_new0 (RcaSheet, 1);
  sheet->min_start = G_MAXINT64;
  sheet->max_start = G_MININT64;
  return sheet;
}

void
rca_sheet_free (RcaSheet *sheet)
{
  if (!sheet)
    return;
  if (sheet->origin.free)
    sheet->origin.free (sheet->origin.user);
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    g_free (sheet->column[c]);
  for (guint d = 0; d < RCA_N_DIMENSIONS; d++)
    g_free (sheet->derived[d]);
  for (guint d = 0; d < RCA_N_DOMAINS; d++)
    rca_dictionary_free (sheet->dictionary[d]);
  g_free (sheet->start);
  g_free (sheet->end);
  g_free (sheet->hidden);
  g_free (sheet);
}

/* Absent is 0, and -1 where 0 means something. */
static void
clear_elements (RcaSheet *sheet, RcaColumnId c, guint32 from, guint32 to)
{
  gsize width = widths[columns[c].type];
  memset ((char *)sheet->column[c] + from * width, columns[c].type == RCA_COLUMN_I64 ? 0xff : 0, (to - from) * width);
}

void
rca_sheet_reserve (RcaSheet *sheet, guint32 n_rows)
{
  if (n_rows <= sheet->capacity)
    return;
  guint32 before = sheet->capacity;
  sheet->capacity = n_rows;
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    if (sheet->column[c])
    {
      sheet->column[c] = g_realloc_n (sheet->column[c], sheet->capacity, widths[columns[c].type]);
      clear_elements (sheet, (RcaColumnId)c, before, sheet->capacity);
    }
}

guint32
rca_sheet_add (RcaSheet *sheet)
{
  g_assert (sheet->n < RCA_SHEET_ROWS);
  if (sheet->n == sheet->capacity)
    rca_sheet_reserve (sheet, MIN (RCA_SHEET_ROWS, MAX (256, sheet->capacity * (sheet->capacity < 4096 ? 4 : 2))));
  return sheet->n++;
}

G_STATIC_ASSERT (RCA_N_COLUMNS <= 64);

guint64
rca_sheet_columns_of (RcaDomain domain)
{
  guint64 of = 0;
  for (guint c = 0; domain != RCA_DOMAIN_NONE && c < RCA_N_COLUMNS; c++)
    of |= (guint64)(columns[c].domain == domain) << c;
  return of;
}

void
rca_sheet_bring (RcaSheet *sheet, RcaColumnId column)
{
  guint64 want = sheet->pending & (rca_sheet_columns_of (columns[column].domain) | G_GUINT64_CONSTANT (1) << column);
  sheet->pending &= ~want;
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    if ((want >> c) & 1)
      sheet->origin.bring (sheet, (RcaColumnId)c, sheet->origin.user);
  if (sheet->brought)
    sheet->brought (sheet, want, sheet->brought_user);
}

void
rca_sheet_bring_all (RcaSheet *sheet)
{
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
    rca_sheet_get (sheet, (RcaColumnId)c);
}

gpointer
rca_sheet_column (RcaSheet *sheet, RcaColumnId c)
{
  rca_sheet_get (sheet, c);
  if (!sheet->column[c])
  {
    sheet->column[c] = g_malloc_n (MAX (sheet->capacity, 1), widths[columns[c].type]);
    clear_elements (sheet, c, 0, sheet->capacity);
  }
  return sheet->column[c];
}

void
rca_sheet_set_u (RcaSheet *sheet, RcaColumnId c, guint32 row, guint64 value)
{
  if (value == 0)
    return; /* absent already, and an absent column stays unmade */
  gpointer data = rca_sheet_column (sheet, c);
  switch (widths[columns[c].type])
  {
  case 1:
    ((guint8 *)data)[row] = (guint8)value;
    break;
  case 2:
    ((guint16 *)data)[row] = (guint16)value;
    break;
  case 4:
    ((guint32 *)data)[row] = (guint32)value;
    break;
  default:
    ((guint64 *)data)[row] = value;
  }
}

void
rca_sheet_set_i64 (RcaSheet *sheet, RcaColumnId c, guint32 row, gint64 value)
{
  ((gint64 *)rca_sheet_column (sheet, c))[row] = value;
}

void
rca_sheet_set_f64 (RcaSheet *sheet, RcaColumnId c, guint32 row, double value)
{
  ((double *)rca_sheet_column (sheet, c))[row] = value;
}

static inline guint32
set_str (RcaSheet *sheet, RcaColumnId c, guint32 row, RcaBytes value, guint32 (*code_of) (RcaDictionary *, RcaBytes))
{
  if (value.n == 0)
    return 0;
  RcaDomain d = columns[c].domain;
  if (!sheet->dictionary[d])
    sheet->dictionary[d] = rca_dictionary_new ();
  guint32 *codes = rca_sheet_column (sheet, c);
  /* most columns repeat the value of the row before */
  if (row > 0 && codes[row - 1] && rca_bytes_equal (rca_dictionary_bytes (sheet->dictionary[d], codes[row - 1]), value))
    return codes[row] = codes[row - 1];
  return codes[row] = code_of (sheet->dictionary[d], value);
}

guint32
rca_sheet_set_str (RcaSheet *sheet, RcaColumnId c, guint32 row, RcaBytes value)
{
  return set_str (sheet, c, row, value, rca_dictionary_intern);
}

guint32
rca_sheet_append_str (RcaSheet *sheet, RcaColumnId c, guint32 row, RcaBytes value)
{
  return set_str (sheet, c, row, value, rca_dictionary_append);
}

static void
append_codes (RcaSheet *sheet, const RcaSheet *more, RcaColumnId c, guint32 from, guint32 to, guint32 *known)
{
  RcaDomain d = columns[c].domain;
  const guint32 *code = more->column[c];
  guint32 *into = rca_sheet_column (sheet, c);
  if (!sheet->dictionary[d])
    sheet->dictionary[d] = rca_dictionary_new ();
  for (guint32 r = from; r < to; r++)
  {
    if (code[r] && !known[code[r]])
      known[code[r]] = rca_dictionary_intern (sheet->dictionary[d], rca_dictionary_bytes (more->dictionary[d], code[r]));
    into[sheet->n + r - from] = known[code[r]];
  }
}

void
rca_sheet_append (RcaSheet *sheet, const RcaSheet *more, guint32 from, guint32 to)
{
  g_assert (to - from <= RCA_SHEET_ROWS - sheet->n);
  guint32 *known[RCA_N_DOMAINS] = { NULL };
  rca_sheet_reserve (sheet, sheet->n + (to - from));
  for (guint c = 0; c < RCA_N_COLUMNS; c++)
  {
    RcaDomain d = columns[c].domain;
    gsize width = widths[columns[c].type];
    if (!more->column[c])
      continue;
    if (columns[c].type != RCA_COLUMN_CODE)
      memcpy ((char *)rca_sheet_column (sheet, (RcaColumnId)c) + sheet->n * width, (const char *)more->column[c] + from * width, (to - from) * width);
    else if (more->dictionary[d])
    {
      if (!known[d])
        known[d] = g_new0 (guint32, rca_dictionary_size (more->dictionary[d]));
      append_codes (sheet, more, (RcaColumnId)c, from, to, known[d]);
    }
  }
  for (guint d = 0; d < RCA_N_DOMAINS; d++)
    g_free (known[d]);
  sheet->n += to - from;
  sheet->streams |= more->streams;
}

/* Columns made again by their rules. */
#include "local/derive.h"
#include "seam.h"

static void
put (RcaSheet *sheet, RcaColumnId c, guint32 row, guint64 value)
{
  gpointer data = sheet->column[c];
  switch (rca_column_width (rca_column_info (c)->type))
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

typedef struct {
  RcaDeriveRows *rows;
  RcaSheet *into;
  RcaColumnId c;
  const RcaDeriveView *view;
  RcaRule rule;
  guint64 absent;
  const RcaRuleCodes *codes;
} Filling;

/* Which kind a value is of, and which of that kind. */
static inline guint
kind_of (const RcaDeriveView *view, gint32 value, guint64 *rank)
{
  *rank = view->rank ? view->rank[value] : (guint64)value;
  return view->slot->which ? view->slot->which[value] : 0;
}

/* Values into the column, which has elements of a known width. */
static void
put_all (RcaSheet *sheet, RcaColumnId c, const guint64 *v)
{
  gpointer data = sheet->column[c];
  gsize width = rca_column_width (rca_column_info (c)->type);
  for (guint32 r = 0; width == 1 && r < sheet->n; r++)
    ((guint8 *)data)[r] = (guint8)v[r];
  for (guint32 r = 0; width == 2 && r < sheet->n; r++)
    ((guint16 *)data)[r] = (guint16)v[r];
  for (guint32 r = 0; width == 4 && r < sheet->n; r++)
    ((guint32 *)data)[r] = (guint32)v[r];
  if (width == 8 && data != v)
    memcpy (data, v, sheet->n * width);
}

/* Numbers of one kind that is a plain multiple; FALSE: rca_derive_number() has to look at each. */
static gboolean
fill_multiples (const Filling *f, guint64 *to)
{
  const RcaLayoutSlot *slot = f->view->slot;
  const RcaLayoutTag *t = slot ? &slot->tag[0] : NULL;
  if (!slot || slot->which || (t->kind != RCA_VARIABLE_INT && t->kind != RCA_VARIABLE_PADDED && t->kind != RCA_VARIABLE_DECIMAL)
      || (t->kind == RCA_VARIABLE_DECIMAL && f->rule.scale < t->param))
    return FALSE;
  guint64 unit = 1, plus = (guint64)f->rule.plus;
  for (guint i = t->kind == RCA_VARIABLE_DECIMAL ? t->param : 0; i < f->rule.scale; i++)
    unit *= 10;
  for (guint32 r = 0; r < f->into->n; r++)
    to[r] = f->view->value[r] < 0 ? f->absent : t->value[f->view->value[r]] * unit + plus;
  return TRUE;
}

static gboolean
fill_numbers (Filling *f)
{
  gboolean wide = rca_column_width (rca_column_info (f->c)->type) == 8;
  g_autofree guint64 *own = wide ? NULL : g_new (guint64, MAX (f->into->n, 1));
  guint64 *to = wide ? f->into->column[f->c] : own;
  gboolean done = fill_multiples (f, to);
  for (guint32 r = 0; !done && r < f->into->n; r++)
  {
    gint64 number;
    gboolean is = rca_derive_number (f->view, f->view->value[r], f->rule.scale, &number);
    to[r] = is ? (guint64)(number + f->rule.plus) : f->absent;
  }
  put_all (f->into, f->c, to);
  return TRUE;
}

static gboolean
fill_map (Filling *f)
{
  RcaDeriveKeys keys;
  rca_derive_keys (f->view, f->rows->block, &keys);
  if (keys.n != f->rule.table.n)
    return FALSE;
  g_autofree guint64 *v = g_new (guint64, MAX (f->into->n, 1));
  for (guint32 r = 0; r < f->into->n; r++)
    v[r] = f->rule.table.v[rca_derive_key (&keys, f->view, f->rows->block, f->view->value[r])];
  put_all (f->into, f->c, v);
  return TRUE;
}

/* What a value's code was the last time: clients and words come again and again. */
#define SEEN 16384
typedef struct {
  guint64 value;
  guint32 code; /* 0: none */
} Seen;

static guint32
code_of_text (Filling *f, gint32 value)
{
  char buffer[RCA_VARIABLE_BYTES];
  RcaBytes text;
  return rca_derive_text (f->rows, f->view, value, buffer, &text) ? rca_dictionary_intern (f->codes->dictionary, text) : 0;
}

static gboolean
fill_texts (Filling *f)
{
  const RcaLayoutSlot *slot = f->view->slot;
  if (!f->codes->dictionary || !slot)
    return FALSE;
  g_autofree Seen *seen = g_new0 (Seen, SEEN);
  guint32 *to = f->into->column[f->c];
  gboolean packs = rca_column_info (f->c)->domain == RCA_DOMAIN_ID && f->codes->code;
  for (guint k = 0; packs && k < slot->n_tags; k++)
    if (slot->tag[k].kind == RCA_VARIABLE_ID || slot->tag[k].kind == RCA_VARIABLE_UUID)
      rca_layout_fetch (f->rows->block, &slot->tag[k], NULL);
  for (guint32 r = 0; r < f->into->n; r++)
  {
    gint32 value = f->view->value[r];
    guint64 rank;
    if (value < 0)
    {
      to[r] = 0;
      continue;
    }
    guint k = kind_of (f->view, value, &rank);
    RcaLayoutTag *t = &slot->tag[k];
    if (packs && t->id && (t->kind == RCA_VARIABLE_ID || t->kind == RCA_VARIABLE_UUID))
    {
      to[r] = rca_dictionary_intern_id (f->codes->dictionary, t->id + rank * 16);
      continue;
    }
    if (t->kind != RCA_VALUE_WORD && t->kind != RCA_VARIABLE_IPV4)
    {
      to[r] = code_of_text (f, value);
      continue;
    }
    if (t->kind == RCA_VARIABLE_IPV4 && f->codes->code) /* one dictionary for many sheets: clients come again in all of them */
    {
      guint32 *note = rca_dictionary_note (f->codes->dictionary, t->value[rank]);
      if (!*note)
        *note = code_of_text (f, value);
      to[r] = *note;
      continue;
    }
    guint64 key = t->value[rank] << 5 | k;
    Seen *s = &seen[rca_predict_slot (key) % SEEN];
    if (!s->code || s->value != key)
      *s = (Seen){ key, code_of_text (f, value) };
    to[r] = s->code;
  }
  return TRUE;
}

static gboolean
fill_hashes (Filling *f)
{
  if (!f->view->slot || f->rule.scale > 1)
    return FALSE;
  g_autofree guint32 *hash = rca_derive_hashes (f->rows, f->view, f->rule.scale);
  for (guint32 r = 0; r < f->into->n; r++)
    put (f->into, f->c, r, f->view->value[r] < 0 ? 0 : hash[f->view->value[r]]);
  return TRUE;
}

static gboolean (*const fill[RCA_N_RULES]) (Filling *f) = {
  [RCA_RULE_NUMBER] = fill_numbers,
  [RCA_RULE_MAP] = fill_map,
  [RCA_RULE_TEXT] = fill_texts,
  [RCA_RULE_HASH] = fill_hashes,
};

static gboolean
read_list (RcaCursor *in, RcaNumbers *list, guint64 n, guint64 most)
{
  if (in->bad || n > most)
    return FALSE;
  for (guint64 i = 0; i < n; i++)
    rca_numbers_push (list, 0);
  return rca_integers_decode (in, list->v, n);
}

static gboolean
read_rule (RcaCursor *in, RcaDeriveRows *rows, RcaRule *rule)
{
  rule->kind = rca_cursor_u8 (in);
  rule->slot = (guint)rca_cursor_varint (in);
  rule->scale = rca_cursor_u8 (in);
  rule->plus = rca_unzigzag (rca_cursor_varint (in));
  if (in->bad || rule->kind == RCA_RULE_NONE || rule->kind >= RCA_N_RULES || rule->scale > 9)
    return FALSE;
  if (rule->kind == RCA_RULE_MAP && !read_list (in, &rule->table, rca_cursor_varint (in), rows->block->n_bytes + RCA_SHEET_ROWS))
    return FALSE;
  guint64 n = rca_cursor_varint (in);
  return read_list (in, &rule->row, n, rows->sheet->n) && read_list (in, &rule->set, n, rows->sheet->n);
}

/* Codes that the rule names become those of the dictionary that they are merged into. */
static gboolean
translate (const RcaRuleCodes *codes, RcaNumbers *list)
{
  for (gsize i = 0; codes->code && i < list->n; i++)
  {
    if (list->v[i] >= codes->n)
      return FALSE;
    list->v[i] = codes->code[list->v[i]];
  }
  return TRUE;
}

gboolean
rca_rule_read (RcaCursor *in, RcaDeriveRows *rows, RcaSheet *into, RcaColumnId c, const RcaRuleCodes *codes, GError **error)
{
  Filling f = { .rows = rows, .into = into, .c = c, .absent = rca_derive_absent (c), .codes = codes };
  gboolean ok = read_rule (in, rows, &f.rule) && translate (codes, &f.rule.table) && translate (codes, &f.rule.set) && (f.view = rca_derive_view (rows, f.rule.slot)) != NULL;
  if (ok)
  {
    rca_sheet_column (into, c);
    ok = fill[f.rule.kind](&f);
  }
  for (gsize i = 0; ok && i < f.rule.row.n; i++)
  {
    ok = f.rule.row.v[i] < into->n;
    if (ok)
      put (into, c, (guint32)f.rule.row.v[i], f.rule.set.v[i]);
  }
  rca_rule_clear (&f.rule);
  if (!ok)
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_DAMAGED, "column \"%s\": its rule does not hold", rca_column_info (c)->name);
  return ok;
}

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
} Filling;

static gboolean
fill_numbers (Filling *f)
{
  for (guint32 r = 0; r < f->into->n; r++)
  {
    gint64 number;
    gboolean is = rca_derive_number (f->view, f->view->value[r], f->rule.scale, &number);
    put (f->into, f->c, r, is ? (guint64)(number + f->rule.plus) : f->absent);
  }
  return TRUE;
}

static gboolean
fill_map (Filling *f)
{
  RcaDeriveKeys keys;
  rca_derive_keys (f->view, f->rows->block, &keys);
  if (keys.n != f->rule.table.n)
    return FALSE;
  for (guint32 r = 0; r < f->into->n; r++)
    put (f->into, f->c, r, f->rule.table.v[rca_derive_key (&keys, f->view, f->rows->block, f->view->value[r])]);
  return TRUE;
}

static gboolean
fill_texts (Filling *f)
{
  RcaDomain d = rca_column_info (f->c)->domain;
  if (d == RCA_DOMAIN_NONE || !f->view->slot)
    return FALSE;
  if (!f->into->dictionary[d])
    f->into->dictionary[d] = rca_dictionary_new ();
  for (guint32 r = 0; r < f->into->n; r++)
  {
    char buffer[RCA_VARIABLE_BYTES];
    RcaBytes text;
    gboolean is = rca_derive_text (f->rows, f->view, f->view->value[r], buffer, &text);
    put (f->into, f->c, r, is ? rca_dictionary_intern (f->into->dictionary[d], text) : 0);
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

gboolean
rca_rule_read (RcaCursor *in, RcaDeriveRows *rows, RcaSheet *into, RcaColumnId c, GError **error)
{
  Filling f = { .rows = rows, .into = into, .c = c, .absent = rca_derive_absent (c) };
  gboolean ok = read_rule (in, rows, &f.rule) && (f.view = rca_derive_view (rows, f.rule.slot)) != NULL;
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

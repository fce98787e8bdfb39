/* Which rule gives a column back. */
#include "local/derive.h"

/* More rows than that share of the sheet against a rule: it is none. */
#define EXCEPTION_SHARE 100
/* Rows looked at before all are. */
#define GLANCE        400
#define GLANCE_MISSES 12
/* Columns of the lines that are tried, and kept ready for the next column. A log has rarely more that all rows have. */
#define MOST_TRIED 48
#define MOST_KEPT  16
/* A column that fewer rows have costs less than a rule's table. */
#define RARE_SHARE 32
/* A column that no rule fitted is not tried again for so many sheets. */
#define REST 8

void
rca_rule_clear (RcaRule *rule)
{
  rca_numbers_clear (&rule->table);
  rca_numbers_clear (&rule->row);
  rca_numbers_clear (&rule->set);
}

typedef struct {
  RcaDeriveRows *rows;
  RcaColumnId c;
  guint64 absent;
  guint32 n, present;
  guint64 *want; /* of each row */
  RcaRule *rule;
  const RcaDeriveView *view;
  /* of one rule */
  RcaDeriveKeys keys;
  guint32 *hash;
  guint32 *seen_code; /* TEXT: the code that a value had the last time it was met, by a hash of the value */
  guint64 *seen_value;
} Search;

static inline void
except (Search *s, guint32 row, guint64 value)
{
  rca_numbers_push (&s->rule->row, row);
  rca_numbers_push (&s->rule->set, value);
}

/* ---- each kind: what it says of a row, compared ---- */

#define UNSET G_MAXUINT64

static gboolean
start_number (Search *s)
{
  if (!s->view->slot || rca_column_info (s->c)->type == RCA_COLUMN_CODE || rca_column_info (s->c)->type == RCA_COLUMN_F64)
    return FALSE;
  for (guint32 r = 0; r < s->n; r++)
  {
    guint64 want = s->want[r];
    gint32 value = s->view->value[r];
    gint64 number;
    if (want == s->absent || value < 0)
      continue;
    const RcaLayoutSlot *slot = s->view->slot;
    if (slot->tag[slot->which ? slot->which[value] : 0].kind == RCA_VARIABLE_STAMP)
    {
      s->rule->scale = 0;
      return rca_derive_number (s->view, value, 0, &number) && (s->rule->plus = (gint64)want - number, TRUE);
    }
    for (guint scale = 0; scale <= 9; scale++)
      if (rca_derive_number (s->view, value, scale, &number) && number == (gint64)want && number != 0)
      {
        s->rule->scale = (guint8)scale;
        s->rule->plus = 0;
        return TRUE;
      }
    if (!rca_derive_number (s->view, value, 9, &number) || number != 0)
      return FALSE;
  }
  return FALSE;
}

static gboolean
says_number (Search *s, guint32 row, guint64 want)
{
  gint64 number;
  if (!rca_derive_number (s->view, s->view->value[row], s->rule->scale, &number))
    return want == s->absent;
  return (guint64)(number + s->rule->plus) == want;
}

static gboolean
start_map (Search *s)
{
  rca_derive_keys (s->view, s->rows->block, &s->keys);
  if (s->keys.n > s->n / 4 + 8 || rca_column_info (s->c)->type == RCA_COLUMN_F64)
    return FALSE;
  s->rule->table.n = 0;
  for (guint64 i = 0; i < s->keys.n; i++)
    rca_numbers_push (&s->rule->table, UNSET);
  return TRUE;
}

static gboolean
says_map (Search *s, guint32 row, guint64 want)
{
  guint64 *told = &s->rule->table.v[rca_derive_key (&s->keys, s->view, s->rows->block, s->view->value[row])];
  if (*told == UNSET && want != UNSET)
    *told = want;
  return *told == want;
}

#define SEEN 16384

static gboolean
start_text (Search *s)
{
  if (!s->view->slot || rca_column_info (s->c)->type != RCA_COLUMN_CODE)
    return FALSE;
  if (!s->seen_code)
  {
    s->seen_code = g_new (guint32, SEEN);
    s->seen_value = g_new (guint64, SEEN);
  }
  memset (s->seen_code, 0, SEEN * sizeof *s->seen_code);
  return TRUE;
}

static gboolean
says_text (Search *s, guint32 row, guint64 want)
{
  char buffer[RCA_VARIABLE_BYTES];
  gint32 value = s->view->value[row];
  RcaBytes text;
  if (value < 0)
    return want == 0;
  const RcaLayoutSlot *slot = s->view->slot;
  const RcaLayoutTag *t = &slot->tag[slot->which ? slot->which[value] : 0];
  guint64 number = t->value && (t->kind == RCA_VALUE_WORD || t->kind == RCA_VARIABLE_IPV4) ? t->value[s->view->rank ? s->view->rank[value] : (guint32)value] : UNSET;
  guint at = rca_predict_slot (number ^ t->kind) % SEEN;
  if (number != UNSET && s->seen_code[at] && s->seen_value[at] == (number << 8 | t->kind))
    return s->seen_code[at] == want;
  if (!rca_derive_text (s->rows, s->view, value, buffer, &text))
    return want == 0;
  if (want == 0 || !rca_bytes_equal (rca_dictionary_bytes (s->rows->sheet->dictionary[rca_column_info (s->c)->domain], (guint32)want), text))
    return want == 0 && text.n == 0;
  s->seen_code[at] = (guint32)want;
  s->seen_value[at] = number << 8 | t->kind;
  return TRUE;
}

static gboolean
has_texts (const RcaLayoutSlot *slot)
{
  for (guint i = 0; i < slot->n_tags; i++)
    if (slot->tag[i].n && (slot->tag[i].kind == RCA_VALUE_WORD || slot->tag[i].kind == RCA_VALUE_PHRASE))
      return TRUE;
  return FALSE;
}

static gboolean
start_hash_word (Search *s, guint word)
{
  if (s->c != RCA_COL_PATH_HASH || !s->view->slot || !has_texts (s->view->slot))
    return FALSE;
  s->rule->scale = (guint8)word;
  g_free (s->hash);
  s->hash = rca_derive_hashes (s->rows, s->view, word);
  return TRUE;
}

static gboolean
says_hash (Search *s, guint32 row, guint64 want)
{
  gint32 value = s->view->value[row];
  return (value < 0 ? 0 : s->hash[value]) == want;
}

static gboolean
start_hash (Search *s)
{
  if (!start_hash_word (s, 0))
    return FALSE;
  for (guint32 r = 0; r < s->n; r++)
  {
    guint64 want = s->want[r];
    if (want && s->view->value[r] >= 0)
      return says_hash (s, r, want) || start_hash_word (s, 1);
  }
  return FALSE;
}

static const struct {
  gboolean (*start) (Search *s);
  gboolean (*says) (Search *s, guint32 row, guint64 want);
} kinds[RCA_N_RULES] = {
  [RCA_RULE_NUMBER] = { start_number, says_number },
  [RCA_RULE_MAP] = { start_map, says_map },
  [RCA_RULE_TEXT] = { start_text, says_text },
  [RCA_RULE_HASH] = { start_hash, says_hash },
};

/* ---- trying ---- */

/* The most usual rule by itself: one number of one kind a row. */
static gboolean
numbers_hold (Search *s, guint32 limit)
{
  const RcaLayoutSlot *slot = s->view->slot;
  const RcaLayoutTag *t = &slot->tag[0];
  if (slot->which || (t->kind != RCA_VARIABLE_INT && t->kind != RCA_VARIABLE_DECIMAL) || (t->kind == RCA_VARIABLE_DECIMAL && s->rule->scale < t->param))
    return FALSE;
  guint64 unit = 1;
  for (guint i = t->kind == RCA_VARIABLE_DECIMAL ? t->param : 0; i < s->rule->scale; i++)
    unit *= 10;
  s->rule->row.n = s->rule->set.n = 0;
  for (guint32 r = 0; r < s->n && s->rule->row.n <= limit; r++)
  {
    gint32 value = s->view->value[r];
    if (s->want[r] != (value < 0 ? s->absent : t->value[value] * unit + (guint64)s->rule->plus))
      except (s, r, s->want[r]);
  }
  return s->rule->row.n <= limit;
}

static gboolean
holds (Search *s, guint kind, guint32 step, guint32 limit)
{
  s->rule->row.n = s->rule->set.n = 0;
  for (guint32 r = 0; r < s->n; r += step)
  {
    guint64 want = s->want[r];
    if (!kinds[kind].says (s, r, want))
      except (s, r, want);
    if (s->rule->row.n > limit)
      return FALSE;
  }
  return TRUE;
}

/* Whether enough rows have a value in @slot. */
static gboolean
is_candidate (const Search *s, guint slot)
{
  if (slot >= s->rows->block->slot->len)
    return slot == s->rows->block->slot->len;
  return ((const RcaLayoutSlot *)g_ptr_array_index (s->rows->block->slot, slot))->n >= s->present - s->present / EXCEPTION_SHARE;
}

static gboolean
try_rule (Search *s, guint kind, guint slot)
{
  if (!is_candidate (s, slot) || !(s->view = rca_derive_view (s->rows, slot)))
    return FALSE;
  s->rule->kind = (guint8)kind;
  s->rule->slot = slot;
  if (!kinds[kind].start (s))
    return FALSE;
  guint32 step = s->n / GLANCE;
  if (step > 1 && !holds (s, kind, step, GLANCE_MISSES))
    return FALSE;
  if (kind == RCA_RULE_MAP)
    start_map (s); /* a glance fills the table with what its first rows say */
  if (kind == RCA_RULE_NUMBER && numbers_hold (s, s->n / EXCEPTION_SHARE))
    return TRUE;
  return holds (s, kind, 1, s->n / EXCEPTION_SHARE);
}

static gboolean
search (Search *s)
{
  static const guint8 order[] = { RCA_RULE_TEXT, RCA_RULE_NUMBER, RCA_RULE_MAP, RCA_RULE_HASH };
  guint n = rca_derive_n_slots (s->rows), n_tried = 0, tried[MOST_TRIED];
  tried[n_tried++] = n - 1; /* the templates of whole lines */
  for (guint slot = 0; slot + 1 < n && n_tried < MOST_TRIED; slot++)
    if (is_candidate (s, slot))
      tried[n_tried++] = slot;
  for (gsize k = 0; k < G_N_ELEMENTS (order); k++)
    for (guint i = 0; i < n_tried; i++)
      if (try_rule (s, order[k], tried[(i + 1) % n_tried]))
        return TRUE;
  return FALSE;
}

gboolean
rca_rule_find (RcaDeriveMemory *memory, RcaDeriveRows *rows, RcaColumnId c, RcaRule *rule)
{
  Search s = { .rows = rows, .c = c, .absent = rca_derive_absent (c), .n = rows->sheet->n, .rule = rule };
  gboolean found = FALSE;
  if (rows->block->plain || (memory->column[c].missed && memory->column[c].missed++ < REST))
    return FALSE;
  s.want = rca_derive_all (rows->sheet, c);
  for (guint32 r = 0; r < s.n; r++)
    s.present += s.want[r] != s.absent;
  if (s.present < s.n / RARE_SHARE)
  {
    g_free (s.want);
    return FALSE;
  }
  if (memory->column[c].kind)
    found = try_rule (&s, memory->column[c].kind, memory->column[c].slot);
  if (!found)
    found = search (&s);
  g_free (s.want);
  g_free (s.hash);
  g_free (s.seen_code);
  g_free (s.seen_value);
  memory->column[c].kind = found ? rule->kind : RCA_RULE_NONE;
  memory->column[c].slot = rule->slot;
  memory->column[c].missed = !found;
  rca_derive_forget (rows, MOST_KEPT);
  return found;
}

void
rca_rule_write (const RcaRule *rule, RcaBuffer *out)
{
  rca_buffer_put_u8 (out, rule->kind);
  rca_buffer_put_varint (out, rule->slot);
  rca_buffer_put_u8 (out, rule->scale);
  rca_buffer_put_varint (out, rca_zigzag (rule->plus));
  if (rule->kind == RCA_RULE_MAP)
  {
    rca_buffer_put_varint (out, rule->table.n);
    rca_integers_encode (rule->table.v, rule->table.n, NULL, out);
  }
  rca_buffer_put_varint (out, rule->row.n);
  rca_integers_encode (rule->row.v, rule->row.n, NULL, out);
  rca_integers_encode (rule->set.v, rule->set.n, NULL, out);
}

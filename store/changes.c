#include "redact.h"
#include "scan.h"

static const char *
text_of (const RcaTable *table, const RcaSheet *sheet, RcaColumnId column, guint32 row)
{
  guint32 code = rca_sheet_u32 (sheet, column, row);
  return code ? rca_dictionary_string (table->dictionary[rca_column_info (column)->domain], code) : NULL;
}

static gint
compare_change (gconstpointer a, gconstpointer b)
{
  const RcaChange *x = *(RcaChange *const *)a, *y = *(RcaChange *const *)b;
  if (x->start_ns != y->start_ns)
    return x->start_ns < y->start_ns ? -1 : 1;
  gint by_path = strcmp (x->ref.path, y->ref.path);
  if (by_path)
    return by_path;
  return x->ref.line < y->ref.line ? -1 : x->ref.line > y->ref.line;
}

/* What is shown of a change tells no secret either. */
static const char *
shown (RcaTable *table, const char *text)
{
  if (!text || table->no_redact)
    return text;
  g_autofree char *folded = rca_redact_line (rca_bytes_str (text), FALSE);
  return strcmp (folded, text) == 0 ? text : g_string_chunk_insert_const (table->strings, folded);
}

static RcaChange *
change_of_row (RcaTable *table, RcaTableSource *source, const RcaSheet *sheet, guint32 row)
{
  RcaChange *c = g_new0 (RcaChange, 1);
  c->start_ns = sheet->start[row];
  c->end_ns = sheet->end[row];
  c->resolution_ns = source->time_step_ns;
  c->kind = rca_sheet_u8 (sheet, RCA_COL_CHANGE, row);
  c->service = text_of (table, sheet, RCA_COL_SERVICE, row);
  c->version = text_of (table, sheet, RCA_COL_VERSION, row);
  c->version_before = text_of (table, sheet, RCA_COL_VERSION_BEFORE, row);
  c->environment = text_of (table, sheet, RCA_COL_ENVIRONMENT, row);
  c->actor = shown (table, text_of (table, sheet, RCA_COL_ACTOR, row));
  c->outcome = text_of (table, sheet, RCA_COL_OUTCOME, row);
  c->host = text_of (table, sheet, RCA_COL_HOST, row);
  c->text = shown (table, text_of (table, sheet, RCA_COL_MESSAGE, row));
  c->ref = rca_table_ref (table, source, sheet, row);
  if (!c->text)
    c->text = c->ref.text;
  return c;
}

static GPtrArray *
logged_changes (RcaTable *table)
{
  static const char *const change[] = { "change", NULL };
  static const RcaFilter filter = { RCA_DIM_KIND, change, FALSE };
  GPtrArray *all = g_ptr_array_new_with_free_func (g_free);
  RcaScan scan;
  rca_scan_init (&scan, table, RCA_STREAM_UNKNOWN, (RcaSpan){ G_MININT64, G_MAXINT64 }, &filter, 1);
  while (rca_scan_next_sheet (&scan))
  {
    if (!rca_sheet_get (scan.sheet, RCA_COL_CHANGE))
      continue;
    for (guint32 row = 0; row < scan.sheet->n; row++)
      if (rca_scan_takes (&scan, row))
        g_ptr_array_add (all, change_of_row (table, scan.source, scan.sheet, row));
  }
  rca_scan_clear (&scan);
  return all;
}

static void
add_marks (const RcaTable *table, GPtrArray *all)
{
  for (guint i = 0; i < table->mark->len; i++)
  {
    const RcaMark *m = g_ptr_array_index (table->mark, i);
    RcaChange *c = g_new0 (RcaChange, 1);
    *c = (RcaChange){ .start_ns = m->time_ns,
                      .end_ns = m->time_ns,
                      .resolution_ns = RCA_NS_PER_S,
                      .kind = m->version ? RCA_CHANGE_DEPLOY : RCA_CHANGE_CONFIG,
                      .service = m->service,
                      .version = m->version,
                      .text = m->text,
                      .ref = { m->path, m->line, m->time_ns, m->text } };
    g_ptr_array_add (all, c);
  }
}

/* ---- what belongs together ---- */

typedef enum { PHASE_NONE, PHASE_BEGIN, PHASE_END } Phase;

static Phase
phase_of (const RcaChange *c)
{
  static const char *const begins[] = { "in_progress", "started", "start", "starting", "begin", "running", "pending", "queued", "progressing", NULL };
  static const char *const ends[]
      = { "success", "succeeded", "failure", "failed", "finished", "completed", "complete", "done", "error", "cancelled", "inactive", NULL };
  if (!c->outcome)
    return PHASE_NONE;
  return g_strv_contains (begins, c->outcome) ? PHASE_BEGIN : g_strv_contains (ends, c->outcome) ? PHASE_END : PHASE_NONE;
}

static gboolean
same (const char *a, const char *b)
{
  return g_strcmp0 (a, b) == 0;
}

#define LONGEST_JOB_NS (12 * 3600 * RCA_NS_PER_S)

/* Begin and end of one thing, told by one source: one change with a span. */
static void
pair_phases (GPtrArray *all)
{
  for (guint i = 0; i < all->len; i++)
  {
    RcaChange *begin = g_ptr_array_index (all, i);
    if (phase_of (begin) != PHASE_BEGIN || begin->end_ns > begin->start_ns)
      continue;
    for (guint k = i + 1; k < all->len; k++)
    {
      RcaChange *end = g_ptr_array_index (all, k);
      if (end->start_ns - begin->start_ns > LONGEST_JOB_NS)
        break;
      if (end->kind != begin->kind || !same (end->service, begin->service) || !same (end->version, begin->version) || !same (end->ref.path, begin->ref.path))
        continue;
      if (phase_of (end) == PHASE_END)
      {
        begin->end_ns = end->end_ns;
        begin->outcome = end->outcome;
        g_ptr_array_remove_index (all, k);
      }
      break;
    }
  }
}

/* Restarts of one service within a minute are one. */
static void
fold_restarts (GPtrArray *all)
{
  for (guint i = 0; i < all->len; i++)
  {
    RcaChange *first = g_ptr_array_index (all, i);
    if (first->kind != RCA_CHANGE_RESTART)
      continue;
    for (guint k = i + 1; k < all->len;)
    {
      RcaChange *next = g_ptr_array_index (all, k);
      if (next->start_ns - first->end_ns > 60 * RCA_NS_PER_S)
        break;
      if (next->kind == RCA_CHANGE_RESTART && same (next->service, first->service) && same (next->version, first->version) && first->service)
      {
        first->end_ns = MAX (first->end_ns, next->end_ns);
        g_ptr_array_remove_index (all, k);
      }
      else
        k++;
    }
  }
}

static void
fill_versions_before (GPtrArray *all)
{
  g_autoptr (GHashTable) version = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < all->len; i++)
  {
    RcaChange *c = g_ptr_array_index (all, i);
    if (!c->service || !c->version)
      continue;
    const char *before = g_hash_table_lookup (version, c->service);
    if (!c->version_before && before && !same (before, c->version))
      c->version_before = before;
    g_hash_table_insert (version, (gpointer)c->service, (gpointer)c->version);
  }
}

GPtrArray *
rca_table_changes (RcaTable *table, RcaSpan span)
{
  g_autoptr (GPtrArray) all = logged_changes (table);
  add_marks (table, all);
  rca_table_versions_seen (table, all);
  rca_table_drop_told_restarts (all);
  g_ptr_array_sort (all, compare_change);
  pair_phases (all);
  rca_table_fold_deploys (all);
  fold_restarts (all);
  fill_versions_before (all);
  GPtrArray *out = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < all->len; i++)
  {
    const RcaChange *c = g_ptr_array_index (all, i);
    if (c->start_ns >= span.start_ns && c->start_ns < span.end_ns)
      g_ptr_array_add (out, g_memdup2 (c, sizeof *c));
  }
  return out;
}

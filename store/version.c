#include "scan.h"

/* An old process may finish its requests beside the new one: a version seen on the
 * instance so shortly ago has not come back. */
#define OVERLAP_NS (30 * RCA_NS_PER_S)
/* Records of one process are written a little out of the order of their times. */
#define OUT_OF_ORDER_NS (5 * RCA_NS_PER_S)
/* A change that a log tells lies so near that it is the same. */
#define TOLD_NS (300 * RCA_NS_PER_S)
/* One version that reaches several instances within this is one change. */
#define FOLD_NS (60 * RCA_NS_PER_S)

/* A run of rows of one process that say one version. */
typedef struct {
  gint64 end, last; /* where its first and its last row end */
  guint32 instance, service, version;
  RcaTableSource *source;
  RcaSheet *sheet;
  guint32 row;
} Speaking;

static gint
compare_speaking (gconstpointer a, gconstpointer b)
{
  const Speaking *x = a, *y = b;
  if (x->service != y->service)
    return x->service < y->service ? -1 : 1;
  if (x->instance != y->instance)
    return x->instance < y->instance ? -1 : 1;
  return x->end < y->end ? -1 : x->end > y->end;
}

/* So many processes write into one log at once, at most; of more, runs are shorter. */
#define SPEAKERS 16

/* The last run of the same process in this sheet, when it says the same; else NULL. */
static Speaking *
run_of (GArray *all, const Speaking *s)
{
  for (guint i = all->len; i > 0 && i + SPEAKERS > all->len; i--)
  {
    Speaking *run = &g_array_index (all, Speaking, i - 1);
    if (run->sheet != s->sheet)
      return NULL;
    if (run->instance == s->instance && run->service == s->service)
      return run->version == s->version && s->end + OUT_OF_ORDER_NS >= run->end ? run : NULL;
  }
  return NULL;
}

/* Runs follow each other in the order of reading; rows out of order only lengthen them. */
static void
speak (GArray *all, const Speaking *s)
{
  Speaking *run = run_of (all, s);
  if (!run)
  {
    g_array_append_val (all, *s);
    return;
  }
  run->last = MAX (run->last, s->end);
  if (s->end < run->end)
  {
    run->end = s->end;
    run->row = s->row;
  }
}

/* All that say their version, by instance and time. */
static GArray *
speaking_rows (RcaTable *table)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (Speaking));
  RcaScan scan;
  rca_scan_init (&scan, table, RCA_STREAM_APP, (RcaSpan){ G_MININT64, G_MAXINT64 }, NULL, 0);
  while (rca_scan_next_sheet (&scan))
  {
    const guint32 *version = rca_sheet_get (scan.sheet, RCA_COL_VERSION);
    for (guint32 row = 0; version && row < scan.sheet->n; row++)
      if (version[row] && rca_scan_covers (&scan, row))
      {
        gint64 end = scan.sheet->end[row];
        Speaking s
            = { end,        end, rca_sheet_u32 (scan.sheet, RCA_COL_INSTANCE, row), rca_sheet_u32 (scan.sheet, RCA_COL_SERVICE, row), version[row], scan.source,
                scan.sheet, row };
        speak (all, &s);
      }
  }
  rca_scan_clear (&scan);
  g_array_sort (all, compare_speaking);
  return all;
}

static RcaChange *
change_seen (RcaTable *table, const Speaking *s, guint32 before)
{
  RcaChange *c = g_new0 (RcaChange, 1);
  *c = (RcaChange){
    .start_ns = s->end,
    .end_ns = s->end,
    .resolution_ns = MAX (s->source->time_step_ns, RCA_NS_PER_S),
    .kind = RCA_CHANGE_DEPLOY,
    .service = s->service ? rca_dictionary_string (table->dictionary[RCA_DOMAIN_SERVICE], s->service) : NULL,
    .version = rca_dictionary_string (table->dictionary[RCA_DOMAIN_VERSION], s->version),
    .version_before = rca_dictionary_string (table->dictionary[RCA_DOMAIN_VERSION], before),
    .host = s->instance ? rca_dictionary_string (table->dictionary[RCA_DOMAIN_INSTANCE], s->instance) : NULL,
    .ref = rca_table_ref (table, s->source, s->sheet, s->row),
    .acts_ns = s->end,
    .seen_on_rows = TRUE,
  };
  g_autofree char *text = g_strdup_printf ("version %s first seen on %s (before it %s)", c->version,
                                           c->host      ? c->host
                                           : c->service ? c->service
                                                        : "a record",
                                           c->version_before);
  c->text = g_string_chunk_insert_const (table->strings, text);
  return c;
}

/* Logs write "v2.4.1" and "2.4.1". */
static const char *
bare_version (const char *version)
{
  return (*version == 'v' || *version == 'V') && g_ascii_isdigit (version[1]) ? version + 1 : version;
}

/* And "shop" deploys what calls itself "shop-api". */
static gboolean
same_service (const char *a, const char *b)
{
  return !a || !b || strstr (a, b) || strstr (b, a);
}

static gboolean
same_version (const RcaChange *a, const RcaChange *b)
{
  return a->version && b->version && g_str_equal (bare_version (a->version), bare_version (b->version)) && same_service (a->service, b->service);
}

static gint64
distance (const RcaChange *a, const RcaChange *b)
{
  return MAX (MAX (a->start_ns - b->end_ns, b->start_ns - a->end_ns), 0);
}

/* A change of @all that tells of @c already: in a log within TOLD_NS, the nearest first, or of
 * another instance within FOLD_NS. A process start only repeats what the rows say. */
static RcaChange *
told_by (GPtrArray *all, const RcaChange *c)
{
  RcaChange *best = NULL;
  for (guint i = 0; i < all->len; i++)
  {
    RcaChange *o = g_ptr_array_index (all, i);
    if (o == c || o->kind == RCA_CHANGE_RESTART || !same_version (o, c) || distance (o, c) > (o->seen_on_rows ? FOLD_NS : TOLD_NS))
      continue;
    if (!best || distance (o, c) < distance (best, c))
      best = o;
  }
  return best;
}

static void
acts_from (RcaChange *o, gint64 time)
{
  o->acts_ns = o->acts_ns ? MIN (o->acts_ns, time) : time;
}

static void
fold_into (RcaChange *o, const RcaChange *c)
{
  acts_from (o, c->start_ns);
  if (!o->seen_on_rows)
  {
    if (!o->version_before)
      o->version_before = c->version_before;
    return;
  }
  if (c->start_ns < o->start_ns)
  {
    o->ref = c->ref;
    o->text = c->text;
  }
  o->start_ns = MIN (o->start_ns, c->start_ns);
  o->end_ns = MAX (o->end_ns, c->end_ns);
  o->host = NULL; /* several */
}

/* @n runs of one instance, by time. */
static void
follow_instance (RcaTable *table, const Speaking *s, guint n, GPtrArray *all)
{
  g_autoptr (GHashTable) last = g_hash_table_new (NULL, NULL); /* version → index + 1 of its last run */
  guint32 now = s[0].version;
  for (guint i = 0; i < n; i++)
  {
    guint seen = GPOINTER_TO_UINT (g_hash_table_lookup (last, GUINT_TO_POINTER (s[i].version)));
    g_hash_table_insert (last, GUINT_TO_POINTER (s[i].version), GUINT_TO_POINTER (i + 1));
    if (s[i].version == now || (seen && s[i].end - s[seen - 1].last < OVERLAP_NS))
      continue;
    g_autofree RcaChange *c = change_seen (table, &s[i], now);
    now = s[i].version;
    RcaChange *o = told_by (all, c);
    if (o)
      fold_into (o, c);
    else
      g_ptr_array_add (all, g_steal_pointer (&c));
  }
}

void
rca_table_versions_seen (RcaTable *table, GPtrArray *all)
{
  g_autoptr (GArray) rows = speaking_rows (table);
  for (guint i = 0; i < rows->len;)
  {
    const Speaking *s = &g_array_index (rows, Speaking, i);
    guint n = 1;
    while (i + n < rows->len && s[n].service == s->service && s[n].instance == s->instance)
      n++;
    follow_instance (table, s, n, all);
    i += n;
  }
}

/* The start of a process with the version that a deploy brought is that deploy's doing. */
void
rca_table_drop_told_restarts (GPtrArray *all)
{
  for (guint i = all->len; i-- > 0;)
  {
    const RcaChange *c = g_ptr_array_index (all, i);
    RcaChange *o = c->kind == RCA_CHANGE_RESTART && c->version ? told_by (all, c) : NULL;
    if (!o)
      continue;
    acts_from (o, c->start_ns);
    g_ptr_array_remove_index (all, i);
  }
}

/* ---- versions that only a process start tells ---- */

typedef struct {
  GHashTable *of_pid;  /* pid → code */
  guint32 now, before; /* of the process that started last, and of the one it took over from */
  gint64 since;
} Carried;

static guint32
carried_version (const Carried *carried, gint64 time, gint64 duration, gint64 pid)
{
  guint32 of_pid = pid > 0 ? GPOINTER_TO_UINT (g_hash_table_lookup (carried->of_pid, GSIZE_TO_POINTER ((gsize)pid))) : 0;
  if (of_pid)
    return of_pid;
  /* work that began before the start is the old process's, finishing; what has no time stands after the start in its file */
  gint64 began = time;
  if (time != RCA_TIME_NONE && __builtin_sub_overflow (time, MAX (duration, 0), &began))
    began = G_MININT64;
  return time != RCA_TIME_NONE && began < carried->since ? carried->before : carried->now;
}

static void
carry_sheet (RcaSheet *sheet, Carried *carried)
{
  const gint64 *time = rca_sheet_get (sheet, RCA_COL_TIME);
  for (guint32 row = 0; row < sheet->n; row++)
  {
    if (rca_sheet_u8 (sheet, RCA_COL_STREAM, row) != RCA_STREAM_APP)
      continue;
    guint32 version = rca_sheet_u32 (sheet, RCA_COL_VERSION, row);
    gint64 pid = rca_sheet_i64 (sheet, RCA_COL_PID, row);
    guint8 change = rca_sheet_u8 (sheet, RCA_COL_CHANGE, row);
    if (version && (change == RCA_CHANGE_RESTART || change == RCA_CHANGE_DEPLOY))
    {
      carried->before = carried->now;
      carried->now = version;
      carried->since = time[row];
      if (pid > 0)
        g_hash_table_insert (carried->of_pid, GSIZE_TO_POINTER ((gsize)pid), GUINT_TO_POINTER (version));
    }
    if (version || !carried->now)
      continue;
    rca_sheet_set_u (sheet, RCA_COL_VERSION, row, carried_version (carried, time[row], rca_sheet_i64 (sheet, RCA_COL_DURATION, row), pid));
  }
}

/* "service shop 2.4.1 starting" holds for what the process writes after it, where the rows
 * themselves say no version. */
void
rca_table_carry_versions (RcaTable *table)
{
  for (guint i = 0; i < table->source->len; i++)
  {
    RcaTableSource *source = g_ptr_array_index (table->source, i);
    Carried carried = { g_hash_table_new (NULL, NULL), 0, 0, 0 };
    for (guint j = 0; j < source->sheet->len; j++)
    {
      RcaSheet *sheet = g_ptr_array_index (source->sheet, j);
      if (carried.now || (rca_sheet_get (sheet, RCA_COL_CHANGE) && rca_sheet_get (sheet, RCA_COL_VERSION)))
        carry_sheet (sheet, &carried);
    }
    g_hash_table_unref (carried.of_pid);
  }
}

static void
fill_from (RcaChange *into, const RcaChange *from)
{
  const char **to[] = { &into->version_before, &into->environment, &into->actor, &into->outcome, &into->service };
  const char *with[] = { from->version_before, from->environment, from->actor, from->outcome, from->service };
  for (gsize i = 0; i < G_N_ELEMENTS (to); i++)
    if (!*to[i])
      *to[i] = with[i];
  if (g_strcmp0 (into->host, from->host) != 0)
    into->host = NULL; /* several */
  into->start_ns = MIN (into->start_ns, from->start_ns);
  into->end_ns = MAX (into->end_ns, from->end_ns);
}

/* One version going out is one change, whoever tells of it: the pipeline, the cluster, each host.
 * @all by time: the first teller is what is quoted. */
/* One log tells of another version of it in between: what comes after is done anew. */
static gboolean
comes_between (const RcaChange *first, const RcaChange *next)
{
  return next->version && next->service && first->service && g_str_equal (next->service, first->service) && g_str_equal (next->ref.path, first->ref.path) && !same_version (first, next);
}

void
rca_table_fold_deploys (GPtrArray *all)
{
  for (guint i = 0; i < all->len; i++)
  {
    RcaChange *first = g_ptr_array_index (all, i);
    if (first->kind != RCA_CHANGE_DEPLOY && first->kind != RCA_CHANGE_ROLLBACK)
      continue;
    for (guint k = i + 1; k < all->len;)
    {
      const RcaChange *next = g_ptr_array_index (all, k);
      gboolean deploys = next->kind == RCA_CHANGE_DEPLOY || next->kind == RCA_CHANGE_ROLLBACK;
      if (next->start_ns > first->end_ns + TOLD_NS || (deploys && comes_between (first, next)))
        break;
      if (deploys && same_version (first, next))
      {
        fill_from (first, next);
        if (next->kind == RCA_CHANGE_ROLLBACK)
          first->kind = RCA_CHANGE_ROLLBACK;
        g_ptr_array_remove_index (all, k);
      }
      else
        k++;
    }
  }
}

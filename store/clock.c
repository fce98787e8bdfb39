#include "clock-private.h"

/* Zones of sources that write none. What shares ids with a source of known zone is put
 * where those ids agree; else where (client, path) pairs agree; else where its bursts
 * follow the others'; else where it overlaps them at all; else in the assumed zone. */
#define ENOUGH_VOTES 3
#define MAX_VOTES    4096

typedef struct {
  gint64 shift;
  guint n;
} Vote;

static gboolean
is_loose (const RcaTableSource *source)
{
  return source->zoneless || source->dateless;
}

/* ---- votes by shared keys ---- */

typedef struct {
  gint64 *by_id;       /* code → time in a source whose place is known */
  GHashTable *by_pair; /* (client, path) → GArray of times; only those the loose source has */
  GArray *vote;
  guint n;
} Keys;

static guint32
id_of (const RcaSheet *sheet, guint32 row, guint which)
{
  return rca_sheet_u32 (sheet, which ? RCA_COL_TRACE_ID : RCA_COL_REQUEST_ID, row);
}

static void
remember_ids (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user)
{
  Keys *keys = user;
  for (guint k = 0; k < 2; k++)
  {
    guint32 id = id_of (sheet, row, k);
    if (id && keys->by_id[id] == RCA_TIME_NONE)
      keys->by_id[id] = rca_clock_row_time (source, sheet, row, TRUE);
  }
}

static gint64
pair_of (const RcaSheet *sheet, guint32 row)
{
  guint32 client = rca_sheet_u32 (sheet, RCA_COL_CLIENT, row), path = rca_sheet_u32 (sheet, RCA_COL_PATH_HASH, row);
  return client && path ? (gint64)(((guint64)client << 32) | path) : 0;
}

static void
want_pairs (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user)
{
  Keys *keys = user;
  gint64 key = pair_of (sheet, row);
  if (key && g_hash_table_size (keys->by_pair) < MAX_VOTES)
    g_hash_table_insert (keys->by_pair, g_memdup2 (&key, sizeof key), g_array_new (FALSE, FALSE, sizeof (gint64)));
}

static void
remember_pairs (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user)
{
  Keys *keys = user;
  gint64 key = pair_of (sheet, row);
  GArray *times = key ? g_hash_table_lookup (keys->by_pair, &key) : NULL;
  gint64 t = rca_clock_row_time (source, sheet, row, TRUE);
  if (times && times->len < 64)
    g_array_append_val (times, t);
}

/* The nearest multiple of @unit. */
static gint64
rounded (gint64 time, gint64 unit)
{
  return (time + (time >= 0 ? unit / 2 : -unit / 2)) / unit * unit;
}

/* The nearest place that a zone can be: half hours, and the quarters of Nepal, Eucla and the Chatham
 * Islands. A clock that is ten minutes off is in no zone of its own. */
static gint64
nearest_zone (gint64 difference)
{
  static const gint quarters[] = { 345, 525, 765, 825 }; /* minutes east */
  gint64 shift = rounded (difference, RCA_QUARTER_NS), minutes = -shift / (60 * RCA_NS_PER_S) % (24 * 60);
  for (gsize i = 0; i < G_N_ELEMENTS (quarters); i++)
    if (minutes == quarters[i])
      return shift;
  return rounded (difference, 2 * RCA_QUARTER_NS);
}

static void
cast_vote (Keys *keys, gint64 difference)
{
  gint64 shift = nearest_zone (difference);
  keys->n++;
  for (guint i = 0; i < keys->vote->len; i++)
  {
    Vote *v = &g_array_index (keys->vote, Vote, i);
    if (v->shift == shift)
    {
      v->n++;
      return;
    }
  }
  Vote fresh = { shift, 1 };
  if (keys->vote->len < 1024)
    g_array_append_val (keys->vote, fresh);
}

static void
vote_by_ids (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user)
{
  Keys *keys = user;
  for (guint k = 0; k < 2 && keys->n < MAX_VOTES; k++)
  {
    guint32 id = id_of (sheet, row, k);
    if (id && keys->by_id[id] != RCA_TIME_NONE)
    {
      cast_vote (keys, keys->by_id[id] - rca_clock_row_time (source, sheet, row, FALSE));
      return;
    }
  }
}

static void
vote_by_pairs (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user)
{
  Keys *keys = user;
  gint64 key = pair_of (sheet, row);
  GArray *times = key ? g_hash_table_lookup (keys->by_pair, &key) : NULL;
  gint64 t = rca_clock_row_time (source, sheet, row, FALSE);
  /* within a second of a whole quarter: the same client may have asked for the same at other times */
  for (guint i = 0; times && i < times->len && keys->n < MAX_VOTES; i++)
  {
    gint64 d = g_array_index (times, gint64, i) - t;
    gint64 rest = ((d % RCA_QUARTER_NS) + RCA_QUARTER_NS) % RCA_QUARTER_NS;
    if (rest < 2 * RCA_NS_PER_S || rest > RCA_QUARTER_NS - 2 * RCA_NS_PER_S)
      cast_vote (keys, d);
  }
}

/* The shift with most votes; ties go to the smaller shift. FALSE when it does not stand out. */
static gboolean
elect (const Keys *keys, double share, Vote *best)
{
  *best = (Vote){ 0, 0 };
  for (guint i = 0; i < keys->vote->len; i++)
  {
    const Vote *v = &g_array_index (keys->vote, Vote, i);
    if (v->n > best->n || (v->n == best->n && ABS (v->shift) < ABS (best->shift)))
      *best = *v;
  }
  return best->n >= ENOUGH_VOTES && best->n >= share * keys->n;
}

/* ---- deciding ---- */

typedef struct {
  RcaTable *table;
  GTimeZone *assumed;
  GPtrArray *known; /* RcaTableSource */
  gint64 *by_id;    /* id → time in the first of @known that has it */
  GString *guessed; /* paths of sources put into the assumed zone by nothing but that */
} Clocks;

static gint64
assumed_shift (const Clocks *c, gint64 time)
{
  gint64 second = time / RCA_NS_PER_S;
  gint interval = g_time_zone_adjust_time (c->assumed, G_TIME_TYPE_STANDARD, &second);
  return -(gint64)g_time_zone_get_offset (c->assumed, interval) * RCA_NS_PER_S;
}

/* "+05:30" of what was added to come to UTC; whole days (a guessed date) apart. */
static char *
zone_name (gint64 shift)
{
  gint64 zone = -shift;
  zone -= (zone + (zone >= 0 ? RCA_DAY_NS / 2 : -RCA_DAY_NS / 2)) / RCA_DAY_NS * RCA_DAY_NS;
  gint minutes = (gint)(ABS (zone) / (60 * RCA_NS_PER_S));
  return minutes ? g_strdup_printf ("%c%02d:%02d", zone < 0 ? '-' : '+', minutes / 60, minutes % 60) : g_strdup ("UTC");
}

static void
set_why (RcaTableSource *s, const char *how)
{
  char *why = s->why ? g_strdup_printf ("%s; zone %s", s->why, how) : g_strdup_printf ("zone %s", how);
  g_free (s->why);
  s->why = why;
}

static void
settle (Clocks *c, RcaTableSource *s, gint64 shift, const char *how)
{
  g_autofree char *name = zone_name (shift);
  gboolean as_assumed = shift == assumed_shift (c, s->first_ns);
  s->zone_shift_ns = shift;
  g_free (s->zone);
  s->zone = g_strdup_printf ("%s (inferred)", name);
  set_why (s, how);
  if (!as_assumed)
    rca_table_note (c->table, "%s writes no %s: %s, %s", s->path, s->dateless ? "date" : "zone", s->zone, how);
}

static void
assume (Clocks *c, RcaTableSource *s)
{
  s->zone_by_table = g_time_zone_ref (c->assumed);
  g_free (s->zone);
  s->zone = g_strdup_printf ("%s (assumed)", g_time_zone_get_identifier (c->assumed));
  set_why (s, "assumed: no source of known zone shares ids or time with it");
  g_string_append_printf (c->guessed, "%s%s", c->guessed->len ? ", " : "", s->path);
}

static gboolean
place_by_ids (Clocks *c, RcaTableSource *s)
{
  g_autoptr (GArray) vote = g_array_new (FALSE, FALSE, sizeof (Vote));
  Keys keys = { c->by_id, NULL, vote, 0 };
  rca_clock_each_row (s, vote_by_ids, &keys);
  Vote best;
  if (!elect (&keys, 0.5, &best))
    return FALSE;
  g_autofree char *how = g_strdup_printf ("from %u shared request ids", best.n);
  settle (c, s, best.shift, how);
  return TRUE;
}

static gboolean
place_by_pairs (Clocks *c, RcaTableSource *s)
{
  g_autoptr (GHashTable) by_pair = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)g_array_unref);
  g_autoptr (GArray) vote = g_array_new (FALSE, FALSE, sizeof (Vote));
  Keys keys = { NULL, by_pair, vote, 0 };
  rca_clock_each_row (s, want_pairs, &keys);
  if (g_hash_table_size (by_pair) == 0)
    return FALSE;
  for (guint i = 0; i < c->known->len; i++)
    rca_clock_each_row (g_ptr_array_index (c->known, i), remember_pairs, &keys);
  rca_clock_each_row (s, vote_by_pairs, &keys);
  Vote best;
  if (!elect (&keys, 0.6, &best))
    return FALSE;
  g_autofree char *how = g_strdup_printf ("from %u requests that both logs name", best.n);
  settle (c, s, best.shift, how);
  return TRUE;
}

/* The place of @s is known from now on, and the times of its ids. */
static void
know (Clocks *c, RcaTableSource *s)
{
  Keys keys = { c->by_id, NULL, NULL, 0 };
  rca_clock_each_row (s, remember_ids, &keys);
  g_ptr_array_add (c->known, s);
}

static gboolean
place_by_activity (Clocks *c, RcaTableSource *s)
{
  gint64 shift;
  const char *how;
  if (!rca_clock_place_by_activity (s, c->known, assumed_shift (c, s->first_ns), &shift, &how))
    return FALSE;
  settle (c, s, shift, how);
  return TRUE;
}

static void
place (Clocks *c, RcaTableSource *s)
{
  if (!s->settled && (c->known->len == 0 || !(place_by_ids (c, s) || place_by_pairs (c, s) || place_by_activity (c, s))))
    assume (c, s);
  know (c, s);
}

/* Sources with more records are placed first: the others then have more to hold on to. */
static gint
compare_records (gconstpointer a, gconstpointer b)
{
  const RcaTableSource *x = *(RcaTableSource *const *)a, *y = *(RcaTableSource *const *)b;
  if (x->records != y->records)
    return x->records > y->records ? -1 : 1;
  return strcmp (x->path, y->path);
}

static gint64 *
no_times (guint32 n)
{
  gint64 *times = g_new (gint64, n);
  for (guint32 i = 0; i < n; i++)
    times[i] = RCA_TIME_NONE;
  return times;
}

static void
place_loose (Clocks *c, GPtrArray *known, GPtrArray *loose)
{
  c->by_id = no_times (rca_dictionary_size (rca_table_domain (c->table, RCA_DOMAIN_ID)));
  for (guint i = 0; i < known->len; i++)
    know (c, g_ptr_array_index (known, i));
  g_ptr_array_sort (loose, compare_records);
  for (guint i = 0; i < loose->len; i++)
    place (c, g_ptr_array_index (loose, i));
  g_free (c->by_id);
}

void
rca_table_find_clocks (RcaTable *table, GTimeZone *assumed)
{
  g_autoptr (GTimeZone) zone = assumed ? g_time_zone_ref (assumed) : g_time_zone_new_local ();
  g_autoptr (GPtrArray) placed = g_ptr_array_new (), known = g_ptr_array_new (), loose = g_ptr_array_new ();
  g_autoptr (GString) guessed = g_string_new (NULL);
  for (guint i = 0; i < table->source->len; i++)
  {
    RcaTableSource *s = g_ptr_array_index (table->source, i);
    if (s->first_ns == RCA_TIME_NONE)
      continue;
    if (!s->zone)
      s->zone = g_strdup ("UTC");
    g_ptr_array_add (is_loose (s) ? loose : known, s);
  }
  Clocks c = { .table = table, .assumed = zone, .known = placed, .guessed = guessed };
  if (loose->len)
    place_loose (&c, known, loose);
  if (guessed->len)
    rca_table_note (table, "no zone written in %s: %s assumed", guessed->str, g_time_zone_get_identifier (zone));
  rca_table_find_offsets (table);
}

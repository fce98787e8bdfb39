#include "table.h"
#define XXH_INLINE_ALL
#include <math.h>
#include <xxhash.h>

/* Zones of sources that write none. What shares ids with a source of known zone is put
 * where those ids agree; else where (client, path) pairs agree; else where its bursts
 * follow the others'; else where it overlaps them at all; else in the assumed zone.
 * Zones are whole quarter hours. */
#define QUARTER_NS   (900 * RCA_NS_PER_S)
#define DAY_NS       (86400 * RCA_NS_PER_S)
#define WIDEST_ZONE  (14 * 4) /* quarters */
#define ENOUGH_VOTES 3
#define MAX_VOTES    4096
#define MAX_BUCKETS  20000

typedef struct {
  gint64 shift;
  guint n;
} Vote;

/* ---- what is known already ---- */

typedef void (*EachRow) (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user);

static void
each_row (const RcaTableSource *source, EachRow f, gpointer user)
{
  for (guint i = 0; i < source->sheet->len; i++)
  {
    const RcaSheet *sheet = g_ptr_array_index (source->sheet, i);
    const gint64 *time = sheet->column[RCA_COL_TIME];
    for (guint32 row = 0; row < sheet->n; row++)
      if (time[row] != RCA_TIME_NONE)
        f (source, sheet, row, user);
  }
}

static gint64
row_time (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gboolean known)
{
  gint64 t = ((const gint64 *)sheet->column[RCA_COL_TIME])[row];
  gboolean loose = rca_sheet_u8 (sheet, RCA_COL_FLAGS, row) & (RCA_EVENT_ZONE_UNKNOWN | RCA_EVENT_DATE_UNKNOWN);
  return known && loose ? rca_table_zoned (source, t) : t;
}

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
      keys->by_id[id] = row_time (source, sheet, row, TRUE);
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
  gint64 t = row_time (source, sheet, row, TRUE);
  if (times && times->len < 64)
    g_array_append_val (times, t);
}

static void
cast_vote (Keys *keys, gint64 difference)
{
  gint64 half = difference >= 0 ? QUARTER_NS / 2 : -QUARTER_NS / 2;
  gint64 shift = (difference + half) / QUARTER_NS * QUARTER_NS;
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
      cast_vote (keys, keys->by_id[id] - row_time (source, sheet, row, FALSE));
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
  gint64 t = row_time (source, sheet, row, FALSE);
  /* within a second of a whole quarter: the same client may have asked for the same at other times */
  for (guint i = 0; times && i < times->len && keys->n < MAX_VOTES; i++)
  {
    gint64 d = g_array_index (times, gint64, i) - t;
    gint64 rest = ((d % QUARTER_NS) + QUARTER_NS) % QUARTER_NS;
    if (rest < 2 * RCA_NS_PER_S || rest > QUARTER_NS - 2 * RCA_NS_PER_S)
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

/* ---- bursts ---- */

typedef struct {
  gint64 start, end; /* of the rows, with their place known or as written */
  gint64 width;
  gint64 origin; /* time of bucket 0 */
  guint n;
  float *all, *bad;
  double sum_all, sum_bad;
  gboolean known;
} Activity;

static void
extend (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user)
{
  Activity *a = user;
  gint64 t = row_time (source, sheet, row, a->known);
  a->start = MIN (a->start, t);
  a->end = MAX (a->end, t);
}

static void
count (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user)
{
  Activity *a = user;
  gint64 i = (row_time (source, sheet, row, a->known) - a->origin) / a->width;
  if (i < 0 || i >= a->n)
    return;
  a->all[i]++;
  a->sum_all++;
  if (rca_sheet_failed (sheet, row) || rca_sheet_u8 (sheet, RCA_COL_FAILURE, row))
  {
    a->bad[i]++;
    a->sum_bad++;
  }
}

static void
activity_open (Activity *a, gint64 width)
{
  a->width = width;
  a->origin = a->start - (((a->start % QUARTER_NS) + QUARTER_NS) % QUARTER_NS);
  a->n = (guint)MIN ((a->end - a->origin) / width + 1, MAX_BUCKETS);
  a->all = g_new0 (float, a->n);
  a->bad = g_new0 (float, a->n);
}

static void
activity_clear (Activity *a)
{
  g_free (a->all);
  g_free (a->bad);
}

/* Pearson's correlation of @s moved by @offset buckets with @r, where both are. */
static double
correlate (const Activity *s, const Activity *r, gint64 offset, gboolean by_failures)
{
  const float *x = by_failures ? s->bad : s->all, *y = by_failures ? r->bad : r->all;
  double n = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (gint64 i = 0; i < s->n; i++)
  {
    gint64 k = i + offset;
    if (k < 0 || k >= r->n)
      continue;
    n++;
    sx += x[i];
    sy += y[k];
    sxx += (double)x[i] * x[i];
    syy += (double)y[k] * y[k];
    sxy += (double)x[i] * y[k];
  }
  double vx = sxx - sx * sx / MAX (n, 1), vy = syy - sy * sy / MAX (n, 1);
  return n >= 12 && vx > 0 && vy > 0 ? (sxy - sx * sy / n) / sqrt (vx * vy) : -1;
}

static double
overlap (const Activity *s, const Activity *r, gint64 shift)
{
  gint64 both = MIN (s->end + shift, r->end) - MAX (s->start + shift, r->start);
  gint64 shorter = MAX (MIN (s->end - s->start, r->end - r->start), RCA_NS_PER_S);
  return both < 0 ? 0 : MIN ((double)(both + RCA_NS_PER_S) / (double)shorter, 1);
}

/* The @k-th shift worth trying: zones around zero, or around whole days where the date is not written. */
static gboolean
nth_shift (const RcaTableSource *source, const Activity *s, const Activity *r, guint k, gint64 *shift)
{
  const guint zones = 2 * WIDEST_ZONE + 1;
  if (!source->dateless)
  {
    *shift = ((gint64)k - WIDEST_ZONE) * QUARTER_NS;
    return k < zones;
  }
  gint64 apart = (r->start + r->end) / 2 - (s->start + s->end) / 2;
  gint64 days = (apart + (apart >= 0 ? DAY_NS / 2 : -DAY_NS / 2)) / DAY_NS - 1 + k / zones;
  *shift = days * DAY_NS + (source->zoneless ? ((gint64)(k % zones) - WIDEST_ZONE) * QUARTER_NS : 0);
  return k < 3 * zones;
}

typedef struct {
  gint64 shift;
  double r, overlap;
} Fit;

static Fit
fit_at (const Activity *s, const Activity *r, gint64 shift, gboolean by_failures)
{
  gint64 offset = (s->origin + shift - r->origin) / s->width;
  double share = overlap (s, r, shift);
  return (Fit){ shift, share >= 0.5 ? correlate (s, r, offset, by_failures) : -1, share };
}

/* The best by correlation with the one after it, the best by overlap. Of equal ones the smaller shift. */
static void
best_fits (const RcaTableSource *source, const Activity *s, const Activity *r, gboolean by_failures, Fit *by_r, double *second_r, Fit *by_overlap)
{
  *by_r = *by_overlap = (Fit){ 0, -1, 0 };
  *second_r = -1;
  gint64 shift;
  for (guint k = 0; nth_shift (source, s, r, k, &shift); k++)
  {
    Fit f = fit_at (s, r, shift, by_failures);
    if (f.r > by_r->r + 1e-9 || (f.r > by_r->r - 1e-9 && ABS (shift) < ABS (by_r->shift)))
    {
      *second_r = by_r->r;
      *by_r = f;
    }
    else
      *second_r = MAX (*second_r, f.r);
    if (f.overlap > by_overlap->overlap + 0.02 || (f.overlap > by_overlap->overlap - 0.02 && ABS (shift) < ABS (by_overlap->shift)))
      *by_overlap = f;
  }
}

static gint64
bucket_width (gint64 length)
{
  static const gint64 widths[] = { 5, 10, 30, 60, 300, 900 };
  for (gsize i = 0; i < G_N_ELEMENTS (widths); i++)
    if (length / (widths[i] * RCA_NS_PER_S) < MAX_BUCKETS - 1000)
      return widths[i] * RCA_NS_PER_S;
  return 900 * RCA_NS_PER_S;
}

/* ---- deciding ---- */

typedef struct {
  RcaTable *table;
  GTimeZone *assumed;
  GPtrArray *known; /* RcaTableSource */
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
  zone -= (zone + (zone >= 0 ? DAY_NS / 2 : -DAY_NS / 2)) / DAY_NS * DAY_NS;
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
  guint32 n = rca_dictionary_size (c->table->dictionary[RCA_DOMAIN_ID]);
  g_autofree gint64 *by_id = g_new (gint64, n);
  for (guint32 i = 0; i < n; i++)
    by_id[i] = RCA_TIME_NONE;
  g_autoptr (GArray) vote = g_array_new (FALSE, FALSE, sizeof (Vote));
  Keys keys = { by_id, NULL, vote, 0 };
  for (guint i = 0; i < c->known->len; i++)
    each_row (g_ptr_array_index (c->known, i), remember_ids, &keys);
  each_row (s, vote_by_ids, &keys);
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
  each_row (s, want_pairs, &keys);
  if (g_hash_table_size (by_pair) == 0)
    return FALSE;
  for (guint i = 0; i < c->known->len; i++)
    each_row (g_ptr_array_index (c->known, i), remember_pairs, &keys);
  each_row (s, vote_by_pairs, &keys);
  Vote best;
  if (!elect (&keys, 0.6, &best))
    return FALSE;
  g_autofree char *how = g_strdup_printf ("from %u requests that both logs name", best.n);
  settle (c, s, best.shift, how);
  return TRUE;
}

static gboolean
place_by_activity (Clocks *c, RcaTableSource *s)
{
  Activity own = { .start = G_MAXINT64, .end = G_MININT64 }, others = { .start = G_MAXINT64, .end = G_MININT64, .known = TRUE };
  each_row (s, extend, &own);
  for (guint i = 0; i < c->known->len; i++)
    each_row (g_ptr_array_index (c->known, i), extend, &others);
  if (own.start > own.end || others.start > others.end)
    return FALSE;
  gint64 width = bucket_width (MAX (own.end - own.start, others.end - others.start));
  activity_open (&own, width);
  activity_open (&others, width);
  each_row (s, count, &own);
  for (guint i = 0; i < c->known->len; i++)
    each_row (g_ptr_array_index (c->known, i), count, &others);
  gboolean by_failures = own.sum_bad >= 5 && others.sum_bad >= 5;
  Fit by_r, by_overlap, as_assumed = fit_at (&own, &others, assumed_shift (c, own.start), by_failures);
  double second_r;
  best_fits (s, &own, &others, by_failures, &by_r, &second_r, &by_overlap);
  gboolean placed = TRUE;
  /* the assumed zone stays unless something speaks clearly against it */
  if (by_r.r >= 0.5 && by_r.shift != as_assumed.shift && by_r.r > as_assumed.r + 0.15 && by_r.r > second_r + 0.15)
    settle (c, s, by_r.shift, by_failures ? "where its failures fall on those of the other logs" : "where its bursts fall on those of the other logs");
  else if (as_assumed.overlap >= 0.5 * by_overlap.overlap && as_assumed.overlap > 0)
    placed = FALSE;
  else if (by_overlap.overlap > 0)
    settle (c, s, by_overlap.shift, "where it lies in the time of the other logs");
  else
    placed = FALSE;
  activity_clear (&own);
  activity_clear (&others);
  return placed;
}

static void
place (Clocks *c, RcaTableSource *s)
{
  if (c->known->len == 0 || !(place_by_ids (c, s) || place_by_pairs (c, s) || place_by_activity (c, s)))
    assume (c, s);
  g_ptr_array_add (c->known, s);
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

void
rca_table_find_clocks (RcaTable *table, GTimeZone *assumed)
{
  g_autoptr (GTimeZone) zone = assumed ? g_time_zone_ref (assumed) : g_time_zone_new_local ();
  g_autoptr (GPtrArray) known = g_ptr_array_new (), loose = g_ptr_array_new ();
  g_autoptr (GString) guessed = g_string_new (NULL);
  Clocks c = { table, zone, known, guessed };
  for (guint i = 0; i < table->source->len; i++)
  {
    RcaTableSource *s = g_ptr_array_index (table->source, i);
    if (s->first_ns == RCA_TIME_NONE)
      continue;
    if (!s->zone)
      s->zone = g_strdup ("UTC");
    g_ptr_array_add (is_loose (s) ? loose : known, s);
  }
  g_ptr_array_sort (loose, compare_records);
  for (guint i = 0; i < loose->len; i++)
    place (&c, g_ptr_array_index (loose, i));
  if (guessed->len)
    rca_table_note (table, "no zone written in %s: %s assumed", guessed->str, g_time_zone_get_identifier (zone));
  rca_table_find_offsets (table);
}

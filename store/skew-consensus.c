#include "clock-private.h"

/* One clock a folder and stream: the files that a program writes side by side. Those that share ids with the
 * reference were set by them (skew.c); a log without ids is set by its trouble. Ids tell how far two clocks
 * are apart, not which of them is wrong: that is settled by what agrees with either. */
#define AGREE_NS  (3 * RCA_NS_PER_S)
#define LEAST_EXTENT_NS (30 * RCA_NS_PER_S)
#define BESIDE_NS (10 * RCA_NS_PER_S) /* rows of a new version begin so soon after their deploy is logged */

typedef struct {
  RcaStream stream;
  char *folder;
  GPtrArray *source; /* RcaTableSource */
  gint64 lag;        /* what to add to its times to agree with the reference */
  gboolean by_ids;   /* set by ids that it shares with the reference */
  gboolean known;
} Clock;

static void
clock_free (Clock *c)
{
  g_free (c->folder);
  g_ptr_array_unref (c->source);
  g_free (c);
}

static GPtrArray *
clocks_of (RcaTable *table, const guint *pairs)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify)clock_free);
  for (guint i = 0; i < table->source->len; i++)
  {
    RcaTableSource *s = g_ptr_array_index (table->source, i);
    g_autofree char *folder = g_path_get_dirname (s->path);
    Clock *mine = NULL;
    for (guint j = 0; j < all->len && !mine; j++)
    {
      Clock *c = g_ptr_array_index (all, j);
      mine = c->stream == s->stream && g_str_equal (c->folder, folder) ? c : NULL;
    }
    if (!mine)
    {
      mine = g_new0 (Clock, 1);
      *mine = (Clock){ .stream = s->stream, .folder = g_steal_pointer (&folder), .source = g_ptr_array_new () };
      g_ptr_array_add (all, mine);
    }
    g_ptr_array_add (mine->source, s);
    mine->by_ids |= pairs[i] > 0;
    if (s->clock_offset_ns && ABS (s->clock_offset_ns) > ABS (mine->lag))
      mine->lag = s->clock_offset_ns;
  }
  return all;
}

static gboolean
tells_of_requests (const Clock *c)
{
  for (guint i = 0; i < c->source->len; i++)
    if ((((RcaTableSource *)g_ptr_array_index (c->source, i))->present >> RCA_FIELD_HTTP_STATUS) & 1)
      return TRUE;
  return FALSE;
}

/* Logs of work: what samples, or tells of changes, has no curve of trouble. */
static gboolean
tells_of_trouble (const Clock *c)
{
  return c->stream == RCA_STREAM_DB || c->stream == RCA_STREAM_ACCESS || c->stream == RCA_STREAM_CDN || c->stream == RCA_STREAM_APP;
}

static void
find_lags (GPtrArray *clocks, const Clock *reference)
{
  for (guint i = 0; i < clocks->len; i++)
  {
    Clock *c = g_ptr_array_index (clocks, i);
    if (c == reference || c->by_ids)
      c->known = TRUE;
    else if (tells_of_trouble (c))
      c->known = rca_clock_lag_by_trouble (c->source, reference->source, &c->lag);
    c->lag = c->known ? c->lag : 0;
  }
}

/* ---- deploys and the versions of rows ---- */

typedef struct {
  GHashTable *first; /* version → gint64*: the first row that says it, by the reference's clock */
  gint64 lag;        /* of the rows at hand */
  GArray *apart;     /* gint64: from a deploy to that row */
} Versions;

static void
note_row (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user)
{
  Versions *v = user;
  guint32 version = rca_sheet_u32 (sheet, RCA_COL_VERSION, row);
  if (!version || rca_sheet_u8 (sheet, RCA_COL_KIND, row) == RCA_KIND_CHANGE)
    return;
  gint64 t = rca_clock_row_time (source, sheet, row, TRUE) + v->lag, *have = g_hash_table_lookup (v->first, GUINT_TO_POINTER (version));
  if (!have)
    g_hash_table_insert (v->first, GUINT_TO_POINTER (version), g_memdup2 (&t, sizeof t));
  else
    *have = MIN (*have, t);
}

static void
note_change (const RcaTableSource *source, const RcaSheet *sheet, guint32 row, gpointer user)
{
  Versions *v = user;
  guint32 version = rca_sheet_u32 (sheet, RCA_COL_VERSION, row);
  gint64 *first = version && rca_sheet_u8 (sheet, RCA_COL_KIND, row) == RCA_KIND_CHANGE ? g_hash_table_lookup (v->first, GUINT_TO_POINTER (version)) : NULL;
  gint64 apart = first ? *first - rca_clock_row_time (source, sheet, row, TRUE) : 0;
  if (first)
    g_array_append_val (v->apart, apart);
}

static gboolean
deploys_agree (const Versions *v, gint64 lag)
{
  guint near = 0;
  for (guint i = 0; i < v->apart->len; i++)
    near += ABS (g_array_index (v->apart, gint64, i) - lag) <= BESIDE_NS;
  return near > 0;
}

/* 1: deploys stand right beside the first rows of their versions by the reference's clock, −1: by one that is @lag
 * behind it, 0: no telling. */
static gint
deploys_vote (const GPtrArray *clocks, gint64 lag)
{
  g_autoptr (GHashTable) first = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_autoptr (GArray) apart = g_array_new (FALSE, FALSE, sizeof (gint64));
  Versions v = { first, 0, apart };
  for (guint i = 0; i < clocks->len; i++)
  {
    const Clock *c = g_ptr_array_index (clocks, i);
    v.lag = c->lag;
    for (guint j = 0; c->stream == RCA_STREAM_APP && c->known && j < c->source->len; j++)
      rca_clock_each_row (g_ptr_array_index (c->source, j), note_row, &v);
  }
  for (guint i = 0; i < clocks->len; i++)
  {
    const Clock *c = g_ptr_array_index (clocks, i);
    for (guint j = 0; c->stream == RCA_STREAM_CHANGE && j < c->source->len; j++) /* a process that tells of its own start is no other clock */
      rca_clock_each_row (g_ptr_array_index (c->source, j), note_change, &v);
  }
  return (gint)deploys_agree (&v, 0) - (gint)deploys_agree (&v, lag);
}

/* ---- who was there at all ---- */

static void
extend (const GPtrArray *source, RcaSpan *span)
{
  for (guint i = 0; i < source->len; i++)
  {
    const RcaTableSource *s = g_ptr_array_index (source, i);
    if (s->first_ns == RCA_TIME_NONE)
      continue;
    span->start_ns = MIN (span->start_ns, rca_table_zoned (s, s->first_ns));
    span->end_ns = MAX (span->end_ns, rca_table_zoned (s, s->last_ns));
  }
}

/* The part of @own that lies in @other, moved by @by. */
static double
inside (RcaSpan own, RcaSpan other, gint64 by)
{
  gint64 both = MIN (own.end_ns, other.end_ns + by) - MAX (own.start_ns, other.start_ns + by);
  return (double)MAX (both, 0) / (double)MAX (own.end_ns - own.start_ns, 1);
}

/* −1: the logs whose clock nothing else tells were written in the time of the requests less @lag and not in that which the
 * reference gives, 1: the other way round. A log of changes tells of other times too. */
static gint
extents_vote (const GPtrArray *clocks, const Clock *reference, gint64 lag)
{
  gint votes = 0;
  RcaSpan requests = { G_MAXINT64, G_MININT64 };
  extend (reference->source, &requests);
  for (guint i = 0; i < clocks->len; i++)
  {
    const Clock *c = g_ptr_array_index (clocks, i);
    RcaSpan own = { G_MAXINT64, G_MININT64 };
    extend (c->source, &own);
    if (c->known || c->stream == RCA_STREAM_CHANGE || own.start_ns >= own.end_ns || own.end_ns - own.start_ns < MAX (LEAST_EXTENT_NS, ABS (lag) / 2))
      continue; /* a few lines at a start tell of no time */
    double as_is = inside (own, requests, 0), moved = inside (own, requests, -lag);
    votes += (as_is > 0.5 && moved < 0.1) - (moved > 0.5 && as_is < 0.1);
  }
  return CLAMP (votes, -1, 1);
}

/* ---- who is wrong ---- */

static void
correct (RcaTable *table, Clock *c, gint64 by, const char *how)
{
  for (guint i = 0; i < c->source->len; i++)
    ((RcaTableSource *)g_ptr_array_index (c->source, i))->clock_offset_ns = by;
  if (by)
    rca_table_note (table, "the clock of %s is %.1f s %s: %s", ((RcaTableSource *)g_ptr_array_index (c->source, 0))->path, (double)ABS (by) / 1e9,
                    by > 0 ? "slow" : "fast", how);
}

/* Who sees the users: whose clock is taken for right when nothing else tells. */
static guint
depth (RcaStream stream)
{
  return stream == RCA_STREAM_CDN ? 0 : stream == RCA_STREAM_ACCESS ? 1 : 2;
}

static gboolean
is_further_out (const GPtrArray *clocks, const Clock *reference, gint64 lag)
{
  for (guint i = 0; i < clocks->len; i++)
  {
    const Clock *c = g_ptr_array_index (clocks, i);
    if (c->known && ABS (c->lag - lag) <= AGREE_NS && depth (c->stream) < depth (reference->stream))
      return TRUE;
  }
  return FALSE;
}

/* The lag that most others share, when more of them do than agree with the reference; 0: it is right. */
static gint64
outvoted_by (const GPtrArray *clocks, const Clock *reference)
{
  gint64 best = 0;
  guint most = 0, with = 1;
  for (guint i = 0; i < clocks->len; i++)
  {
    const Clock *c = g_ptr_array_index (clocks, i);
    guint votes = 0;
    with += c != reference && c->known && ABS (c->lag) <= AGREE_NS;
    for (guint j = 0; c->known && ABS (c->lag) > AGREE_NS && j < clocks->len; j++)
    {
      const Clock *other = g_ptr_array_index (clocks, j);
      votes += other->known && ABS (other->lag - c->lag) <= AGREE_NS;
    }
    if (votes > most)
      most = votes, best = c->lag;
  }
  if (most == 0)
    return 0;
  gint others = deploys_vote (clocks, best) + extents_vote (clocks, reference, best);
  gint more = (gint)most - (gint)with - others;
  return more > 0 || (more == 0 && is_further_out (clocks, reference, best)) ? best : 0;
}

void
rca_clock_find_consensus (RcaTable *table, RcaStream stream, const guint *pairs)
{
  g_autoptr (GPtrArray) clocks = clocks_of (table, pairs);
  Clock *reference = NULL;
  for (guint i = 0; i < clocks->len && !reference; i++)
  {
    Clock *c = g_ptr_array_index (clocks, i);
    reference = c->stream == stream && tells_of_requests (c) ? c : NULL;
  }
  if (!reference)
    return;
  find_lags (clocks, reference);
  gint64 all = outvoted_by (clocks, reference);
  for (guint i = 0; i < clocks->len; i++)
  {
    Clock *c = g_ptr_array_index (clocks, i);
    if (!c->known || (c->stream == RCA_STREAM_CHANGE && !c->lag))
      continue;
    gint64 by = c->lag - all;
    if (c->by_ids && all == 0)
      continue; /* set by its ids already, file by file */
    correct (table, c, ABS (by) > AGREE_NS ? by : 0, c == reference || c->by_ids ? "the others agree with each other and not with it" : "its trouble follows theirs");
  }
}

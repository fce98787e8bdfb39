#include "tally.h"

/* Names beyond that are not counted: a source with thousands of services has no majority. */
#define MAX_NAMES        4096
#define MAX_SAMPLE_TIMES (1 << 20)

/* Who speaks most in one field. The name before is kept at hand: runs are long. */
typedef struct {
  GHashTable *counts; /* char* → guint64* */
  char *last;
  gsize last_n;
  guint64 *last_count;
} Majority;

struct RcaTally {
  RcaSource *source;
  guint64 streams[RCA_N_STREAMS];
  Majority service, host;
  GHashTable *sample_times; /* points in time already counted */
  gint64 last_sample_ns;
};

static void
majority_init (Majority *majority)
{
  majority->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static void
majority_add (Majority *majority, RcaBytes name)
{
  if (majority->last && majority->last_n == name.n && memcmp (majority->last, name.p, name.n) == 0)
  {
    ++*majority->last_count;
    return;
  }
  g_autofree char *key = g_strndup (name.p, name.n);
  gpointer stored, count;
  if (!g_hash_table_lookup_extended (majority->counts, key, &stored, &count))
  {
    if (g_hash_table_size (majority->counts) >= MAX_NAMES)
      return;
    count = g_new0 (guint64, 1);
    stored = g_steal_pointer (&key);
    g_hash_table_insert (majority->counts, stored, count);
  }
  majority->last = stored;
  majority->last_n = name.n;
  majority->last_count = count;
  ++*majority->last_count;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* The name counted most (of equals the first by name), NULL without any. */
static char *
majority_name (const Majority *majority)
{
  GHashTableIter iter;
  gpointer name, count;
  const char *best = NULL;
  guint64 most = 0;
  g_hash_table_iter_init (&iter, majority->counts);
  while (g_hash_table_iter_next (&iter, &name, &count))
  {
    guint64 n = *(guint64 *)count;
    if (!best || n > most || (n == most && strcmp (name, best) < 0))
    {
      best = name;
      most = n;
    }
  }
  return g_utf8_make_valid (best ?: "", -1);
}

RcaTally *
rca_tally_new (RcaSource *source)
{
  RcaTally *tally = g_new0 (RcaTally, 1);
  tally->source = source;
  tally->last_sample_ns = RCA_TIME_NONE;
  majority_init (&tally->service);
  majority_init (&tally->host);
  tally->sample_times = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  return tally;
}

void
rca_tally_free (RcaTally *tally)
{
  if (!tally)
    return;
  g_hash_table_unref (tally->service.counts);
  g_hash_table_unref (tally->host.counts);
  g_hash_table_unref (tally->sample_times);
  g_free (tally);
}

/* Several rows of one point in time (one a CPU, one a disk) are one sample. */
static gboolean
is_new_sample (RcaTally *tally, gint64 time_ns)
{
  if (time_ns == RCA_TIME_NONE)
    return TRUE;
  if (time_ns == tally->last_sample_ns)
    return FALSE;
  tally->last_sample_ns = time_ns;
  if (g_hash_table_size (tally->sample_times) >= MAX_SAMPLE_TIMES)
    return TRUE;
  return g_hash_table_add (tally->sample_times, g_memdup2 (&time_ns, sizeof time_ns));
}

void
rca_tally_time (RcaTally *tally, gint64 time_ns)
{
  RcaSource *source = tally->source;
  if (time_ns == RCA_TIME_NONE)
    return;
  if (source->first_ns == RCA_TIME_NONE || time_ns < source->first_ns)
    source->first_ns = time_ns;
  if (source->last_ns == RCA_TIME_NONE || time_ns > source->last_ns)
    source->last_ns = time_ns;
}

void
rca_tally_event (RcaTally *tally, const RcaEvent *ev)
{
  RcaSource *source = tally->source;
  tally->streams[ev->stream]++;
  source->present |= ev->present;
  rca_tally_time (tally, ev->time_ns);
  if (ev->time_ns != RCA_TIME_NONE && (ev->flags & RCA_EVENT_ZONE_UNKNOWN))
    source->zone_known = FALSE;
  if (rca_event_has (ev, RCA_FIELD_SERVICE))
    majority_add (&tally->service, ev->field[RCA_FIELD_SERVICE].str);
  if (rca_event_has (ev, RCA_FIELD_HOST))
    majority_add (&tally->host, ev->field[RCA_FIELD_HOST].str);
  if (ev->flags & RCA_EVENT_DUPLICATE)
    return;
  gint64 status = rca_event_num (ev, RCA_FIELD_HTTP_STATUS, 0);
  source->http_5xx += status >= 500 && status <= 599;
  source->errors += ev->severity >= RCA_SEVERITY_ERROR;
  source->slow += rca_event_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_NONE) == RCA_DB_EVENT_STATEMENT;
  source->changes += rca_event_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_NONE) != RCA_CHANGE_NONE;
  if (ev->n_samples > 0)
    source->samples += is_new_sample (tally, ev->time_ns);
}

static void
majority_merge (Majority *majority, const Majority *more)
{
  GHashTableIter iter;
  gpointer name, count;
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_hash_table_iter_init (&iter, more->counts);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, name);
  g_ptr_array_sort (names, compare_names); /* which ones are beyond the limit is not for a hash table to say */
  for (guint i = 0; i < names->len; i++)
  {
    name = g_ptr_array_index (names, i);
    majority_add (majority, rca_bytes_str (name));
    count = g_hash_table_lookup (majority->counts, name);
    if (count)
      *(guint64 *)count += *(guint64 *)g_hash_table_lookup (more->counts, name) - 1;
  }
}

/* Points in time that both saw are one sample. */
static void
merge_samples (RcaTally *tally, RcaTally *more)
{
  GHashTableIter iter;
  gpointer time_ns;
  tally->source->samples += more->source->samples - MIN (more->source->samples, g_hash_table_size (more->sample_times));
  g_hash_table_iter_init (&iter, more->sample_times);
  while (g_hash_table_iter_next (&iter, &time_ns, NULL))
    tally->source->samples += is_new_sample (tally, *(gint64 *)time_ns);
}

void
rca_tally_merge (RcaTally *tally, RcaTally *more)
{
  RcaSource *into = tally->source;
  const RcaSource *from = more->source;
  for (guint s = 0; s < RCA_N_STREAMS; s++)
    tally->streams[s] += more->streams[s];
  majority_merge (&tally->service, &more->service);
  majority_merge (&tally->host, &more->host);
  merge_samples (tally, more);
  rca_tally_time (tally, from->first_ns);
  rca_tally_time (tally, from->last_ns);
  into->present |= from->present;
  into->zone_known = into->zone_known && from->zone_known;
  into->http_5xx += from->http_5xx;
  into->errors += from->errors;
  into->slow += from->slow;
  into->changes += from->changes;
}

static RcaStream
majority_stream (const RcaTally *tally)
{
  RcaStream best = tally->source->format ? tally->source->format->stream : RCA_STREAM_UNKNOWN;
  guint64 most = best == RCA_STREAM_UNKNOWN ? 0 : tally->streams[best];
  for (RcaStream s = RCA_STREAM_UNKNOWN + 1; s < RCA_N_STREAMS; s++)
    if (tally->streams[s] > most)
    {
      best = s;
      most = tally->streams[s];
    }
  return best;
}

static char *
non_empty (char *name)
{
  if (*name)
    return name;
  g_free (name);
  return NULL;
}

void
rca_tally_finish (RcaTally *tally)
{
  RcaSource *source = tally->source;
  source->stream = majority_stream (tally);
  g_free (source->service);
  g_free (source->host);
  source->service = non_empty (majority_name (&tally->service));
  source->host = non_empty (majority_name (&tally->host));
  if (!source->service)
    source->service = rca_service_from_path (source->path);
  if (!source->service && source->name)
    source->service = g_strdup (source->name); /* NAME=- */
  if (!source->host && source->name)
    source->host = g_strdup (source->name);
}

/* Parts of file names that say what kind of log it is, not whose. */
static const char *const generic[] = {
  "access", "error", "errors",  "log",         "logs", "out",     "err",      "stdout",   "stderr",   "slow",       "json",    "jsonl",
  "txt",    "csv",   "current", "application", "app",  "server",  "output",   "messages", "syslog",   "daemon",     "query",   "queries",
  "gz",     "zst",   "xz",      "bz2",         "tsv",  "main",    "requests", "all",      "combined", "general",    "console", "debug",
  "info",   "audit", "var",     "tmp",         "data", "archive", "archives", "raw",      "prod",     "production", "default", NULL,
};

static gboolean
is_generic (const char *word, gsize n)
{
  g_autofree char *lower = g_ascii_strdown (word, (gssize)n);
  return g_strv_contains (generic, lower);
}

static gboolean
is_number (const char *word, gsize n)
{
  gsize digits = 0;
  for (gsize i = 0; i < n; i++)
    digits += g_ascii_isdigit (word[i]) || (digits > 0 && (word[i] == 'T' || word[i] == 'Z' || word[i] == '_'));
  return n > 0 && digits == n;
}

/* Strips what is generic or a number from the right of @name, at '-', '_', '.'. Empty when nothing is left. */
static char *
own_name (const char *name)
{
  gsize n = strlen (name);
  while (n > 0)
  {
    gsize start = n;
    while (start > 0 && !rca_char_in (name[start - 1], "-_."))
      start--;
    if (start != n && !is_generic (name + start, n - start) && !is_number (name + start, n - start))
      break;
    n = start > 0 ? start - 1 : 0;
  }
  gsize lead = 0;
  while (lead < n && rca_char_in (name[lead], "-_."))
    lead++;
  return g_strndup (name + lead, n - lead);
}

char *
rca_service_from_path (const char *path)
{
  if (g_str_has_prefix (path, "/dev/") || g_str_has_prefix (path, "/proc/"))
    return NULL; /* a pipe */
  g_autofree char *rest = g_strdup (path);
  for (guint level = 0; level < 3; level++)
  {
    g_autofree char *base = g_path_get_basename (rest);
    g_autofree char *dir = g_path_get_dirname (rest);
    char *name = own_name (base);
    if (*name && strcmp (name, "..") != 0)
      return name;
    g_free (name);
    if (strcmp (dir, ".") == 0 || strcmp (dir, rest) == 0)
      break;
    g_free (rest);
    rest = g_steal_pointer (&dir);
  }
  return NULL;
}

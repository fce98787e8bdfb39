/* Text access logs of any column order: nginx combined and its log_format variants, Apache
 * common/combined/%D, Tomcat, gunicorn, morgan, lighttpd, varnishncsa, LTSV; Envoy, Istio,
 * AWS load balancers, Traefik, ingress-nginx and Squid by their own layouts. */
#include "../access-set.h"
#include "../access-shape.h"
#include "formats.h"

typedef struct {
  RcaAccessColumns *columns;
  RcaAccessClock clock;
  gint time, status, agent; /* where they stand; -1 without */
  gboolean parts;           /* AWS: the request's time is a sum */
  RcaBytes other;           /* of the line at hand: when its other end was */
} Access;

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  g_autoptr (RcaAccessColumns) columns = rca_access_learn (sample);
  if (!columns || columns->fits == 0 || columns->fits * 2 < columns->lines)
    return;
  out->score = (columns->without_time ? 45 : 50) + (gint)(40 * columns->fits / columns->lines);
  if (columns->before)
  {
    out->score = 100; /* told, not guessed */
    g_snprintf (out->reason, sizeof out->reason, "%u of %u lines fit a log_format of the nginx.conf", columns->fits, columns->lines);
  }
  else if (columns->layout)
    g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are laid out as %s writes them", columns->fits, columns->lines, columns->layout);
  else
    g_snprintf (out->reason, sizeof out->reason, "%u of %u lines split into the same %u columns: a request, a status%s among them", columns->fits,
                columns->lines, columns->n, columns->without_time ? " and how long it took" : " and a time");
}

static gpointer
access_open (const RcaSampleLines *sample)
{
  Access *a = g_new0 (Access, 1);
  a->columns = rca_access_learn (sample) ?: g_new0 (RcaAccessColumns, 1);
  rca_access_clock_init (&a->clock, sample->mtime_ns);
  a->time = a->status = a->agent = -1;
  for (guint i = 0; i < a->columns->n; i++)
    switch (a->columns->column[i].role)
    {
    case RCA_ROLE_TIME:
      a->time = (gint)i;
      break;
    case RCA_ROLE_STATUS:
      a->status = (gint)i;
      break;
    case RCA_ROLE_AGENT:
      a->agent = (gint)i;
      break;
    case RCA_ROLE_TIME_PART:
      a->parts = TRUE;
      break;
    default:
      break;
    }
  return a;
}

static void
access_close (gpointer state)
{
  Access *a = state;
  rca_access_columns_free (a->columns);
  g_free (a);
}

/* One of several that add up to the request's time. */
static void
add_part (const RcaAccessColumn *column, RcaBytes v, RcaEvent *ev)
{
  gint64 ns;
  if (rca_access_duration (v, column->unit_ns, FALSE, &ns))
    rca_event_set_num (ev, RCA_FIELD_DURATION, rca_event_num (ev, RCA_FIELD_DURATION, 0) + ns);
}

static gboolean
set_token (Access *a, RcaEvent *ev, const RcaAccessColumn *column, RcaBytes v)
{
  switch (column->role)
  {
  case RCA_ROLE_NONE:
    return TRUE;
  case RCA_ROLE_TIME:
    return rca_access_set_time (&a->clock, v, ev);
  case RCA_ROLE_OTHER_TIME:
    a->other = v;
    return TRUE;
  case RCA_ROLE_TIME_PART:
    add_part (column, v, ev);
    return TRUE;
  default:
    rca_access_set (column, v, ev);
    return TRUE;
  }
}

static const RcaAccessColumn *
find_key (const RcaAccessColumns *columns, RcaBytes key)
{
  for (guint i = 0; i < columns->n; i++)
    if (rca_bytes_equal (columns->column[i].key, key))
      return &columns->column[i];
  return NULL;
}

/* A line with another number of columns: blanks in a user's name move what follows, quotes in an
 * agent what follows that; named columns are found wherever they stand. */
static gboolean
set_odd_line (Access *a, RcaEvent *ev, const RcaAccessToken *token, guint n)
{
  const RcaAccessColumns *columns = a->columns;
  gint first = 0, more = (gint)n - (gint)columns->n;
  if (a->time >= 0 && !columns->column[a->time].key.n)
  {
    while (first < (gint)n && !rca_shape_stamp (token[first].value))
      first++;
    first -= a->time;
  }
  for (gint i = 0; i < (gint)columns->n; i++)
  {
    const RcaAccessColumn *column = &columns->column[i];
    gint at = i < a->time ? i : a->agent >= 0 && i > a->agent && more > 0 ? i + more : i + first;
    if (column->key.n || column->role == RCA_ROLE_NONE || at < 0)
      continue;
    if (at >= (gint)n || token[at].key.n)
      break;
    if (i == a->status && !rca_shape_status (token[at].value) && !rca_shape_absent (token[at].value))
      return FALSE;
    if (!set_token (a, ev, column, token[at].value))
      return FALSE;
  }
  for (guint i = 0; i < n; i++)
  {
    const RcaAccessColumn *column = token[i].key.n ? find_key (columns, token[i].key) : NULL;
    if (column && !set_token (a, ev, column, token[i].value))
      return FALSE;
  }
  return rca_event_has (ev, RCA_FIELD_HTTP_STATUS);
}

/* A path that stands without quotes and holds blanks is several tokens: they become one again
 * when the status then stands where it should. Returns how many tokens there are. */
static guint
join_path (const Access *a, RcaAccessToken *token, guint n)
{
  const RcaAccessColumns *columns = a->columns;
  guint more = n - columns->n, path = 0;
  while (path < columns->n && columns->column[path].role != RCA_ROLE_PATH)
    path++;
  if (columns->separator != ' ' || path >= columns->n || columns->column[path].key.n || token[path].quote || a->status < (gint)path
      || rca_shape_status (token[a->status].value) || !rca_shape_status (token[a->status + (gint)more].value))
    return n;
  RcaBytes last = token[path + more].value;
  token[path].value.n = (gsize)(last.p + last.n - token[path].value.p);
  memmove (&token[path + 1], &token[path + 1 + more], (columns->n - path - 1) * sizeof *token);
  return columns->n;
}

static gboolean
set_line (Access *a, RcaEvent *ev, RcaAccessToken *token, guint n)
{
  const RcaAccessColumns *columns = a->columns;
  if (n > columns->n && !columns->layout)
    n = join_path (a, token, n);
  if (n != columns->n && !(columns->layout && n > columns->n))
    return set_odd_line (a, ev, token, n);
  if (a->status >= 0 && !g_ascii_isdigit (token[a->status].value.n ? token[a->status].value.p[0] : 'x') && !rca_shape_absent (token[a->status].value))
    return set_odd_line (a, ev, token, n);
  for (guint i = 0; i < columns->n; i++)
  {
    const RcaAccessColumn *column = &columns->column[i];
    if (column->key.n && !rca_bytes_equal (column->key, token[i].key))
      column = find_key (columns, token[i].key);
    if (column && column->role && !set_token (a, ev, column, token[i].value))
      return FALSE;
  }
  return TRUE;
}

/* AWS: request, target and response processing add up. The target's is -1 when it did not answer:
 * then the sum says nothing, and only the time since the request's creation tells. */
static void
sum_parts (Access *a, RcaEvent *ev, RcaBytes created)
{
  if (rca_event_has (ev, RCA_FIELD_UPSTREAM_TIME))
  {
    rca_event_set_num (ev, RCA_FIELD_DURATION, rca_event_num (ev, RCA_FIELD_DURATION, 0) + rca_event_num (ev, RCA_FIELD_UPSTREAM_TIME, 0));
    return;
  }
  ev->present &= ~(G_GUINT64_CONSTANT (1) << RCA_FIELD_DURATION);
  if (created.n)
    rca_access_set_other_time (&a->clock, created, ev);
}

static RcaDecodeResult
decode (gpointer state, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Access *a = state;
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  if (a->columns->n == 0)
    return RCA_DECODE_REJECT;
  a->other = rca_bytes (NULL, 0);
  guint n = a->columns->before ? rca_access_match (a->columns, record, token) : rca_access_split (record, a->columns->separator, token);
  if (n < 4 || !set_line (a, ev, token, n) || (ev->time_ns == RCA_TIME_NONE && !a->columns->without_time))
    return RCA_DECODE_REJECT;
  if (a->parts)
    sum_parts (a, ev, a->other);
  else if (a->other.n)
    rca_access_set_other_time (&a->clock, a->other, ev);
  rca_access_finish (ev);
  ev->stream = a->columns->edge ? RCA_STREAM_CDN : RCA_STREAM_ACCESS;
  if (a->columns->time_is_start)
    ev->flags |= RCA_EVENT_TIME_IS_START;
  emit (ev, user);
  return RCA_DECODE_OK;
}

static char *
describe (gpointer state)
{
  const Access *a = state;
  GString *s = g_string_new (a->columns->layout);
  for (guint i = 0; i < a->columns->n; i++)
  {
    const RcaAccessColumn *column = &a->columns->column[i];
    g_string_append_printf (s, "%s", s->len ? " " : "");
    if (column->key.n)
      g_string_append_printf (s, "%.*s=", (int)column->key.n, column->key.p);
    g_string_append (s, rca_access_role_name (column->role));
  }
  return g_string_free (s, FALSE);
}

const RcaFormat rca_format_access = {
  .name = "access",
  .stream = RCA_STREAM_ACCESS,
  .sniff = sniff,
  .open = access_open,
  .close = access_close,
  .decode = decode,
  .describe = describe,
};

/* What the columns of an access log are, from the data: by name where they have one, by what
 * the values look like, by how many there are of them, and by how columns relate (a request
 * takes no less than its upstream, an upstream's status is nearly always the answer's). */
#include "access-learn-private.h"
#include "access-names.h"
#include "access-shape.h"

static gboolean
is_time_role (RcaAccessRole role)
{
  return role == RCA_ROLE_REQUEST_TIME || role == RCA_ROLE_UPSTREAM_TIME || role == RCA_ROLE_CONNECT_TIME || role == RCA_ROLE_HEADER_TIME;
}

/* Named columns must also look like what their name says. */
static gboolean
fits_role (const RcaLearnColumn *c, RcaAccessRole role)
{
  if (rca_learn_present (c) == 0)
    return TRUE;
  switch (role)
  {
  case RCA_ROLE_TIME:
  case RCA_ROLE_OTHER_TIME:
    return rca_learn_mostly (c, SHAPE_STAMP);
  case RCA_ROLE_STATUS:
  case RCA_ROLE_UPSTREAM_STATUS:
    return rca_learn_mostly (c, SHAPE_STATUS);
  case RCA_ROLE_REQUEST_TIME:
  case RCA_ROLE_UPSTREAM_TIME:
  case RCA_ROLE_CONNECT_TIME:
  case RCA_ROLE_HEADER_TIME:
    return c->n[SHAPE_FRACTION] + c->n[SHAPE_INTEGER] + c->n[SHAPE_DURATION] > 0;
  case RCA_ROLE_AGENT:
    return !rca_learn_is_peers (c);
  case RCA_ROLE_HOST:
    return !(rca_learn_mostly (c, SHAPE_ADDRESS) && c->distinct > 1);
  case RCA_ROLE_BYTES:
    return rca_learn_mostly (c, SHAPE_INTEGER);
  case RCA_ROLE_REQUEST:
    return rca_learn_mostly (c, SHAPE_REQUEST);
  case RCA_ROLE_METHOD:
    return rca_learn_mostly (c, SHAPE_METHOD);
  case RCA_ROLE_CACHE:
    return rca_learn_mostly (c, SHAPE_CACHE);
  default:
    return TRUE;
  }
}

/* What a name that says nothing, or something else than the values, is by its values. */
static RcaAccessRole
role_of_values (const RcaLearnColumn *c)
{
  if (rca_learn_mostly (c, SHAPE_TRACE))
    return RCA_ROLE_TRACE_ID;
  if (rca_learn_mostly (c, SHAPE_ID) && c->distinct > 1 && !rca_learn_mostly (c, SHAPE_INTEGER))
    return RCA_ROLE_REQUEST_ID;
  if (rca_learn_is_peers (c))
    return RCA_ROLE_UPSTREAM;
  if (rca_learn_mostly (c, SHAPE_CACHE))
    return RCA_ROLE_CACHE;
  if (rca_learn_mostly (c, SHAPE_REQUEST))
    return RCA_ROLE_REQUEST;
  if (rca_learn_mostly (c, SHAPE_STAMP) && !rca_learn_mostly (c, SHAPE_ID))
    return RCA_ROLE_TIME;
  return RCA_ROLE_NONE;
}

static void
give_named (RcaLearning *l)
{
  for (guint i = 0; i < l->out->n; i++)
  {
    const RcaLearnColumn *c = &l->column[i];
    RcaAccessName name = { 0 };
    if (!c->key.n)
      continue;
    l->named[i] = rca_access_name (c->key, &name) && fits_role (c, name.role);
    if (!l->named[i] && name.role == RCA_ROLE_HOST)
      name = (RcaAccessName){ .role = RCA_ROLE_CLIENT, .strength = 1 }; /* LTSV's "host" is the peer */
    else if (!l->named[i])
      name = (RcaAccessName){ .role = role_of_values (c), .strength = 1 };
    l->edge_names |= name.edge;
    if (!name.role || l->strength[name.role] >= name.strength)
      continue;
    gint64 unit = name.unit_ns;
    if (is_time_role (name.role) && (!unit || (unit == RCA_NS_PER_S && rca_learn_present (c) && !c->n[SHAPE_FRACTION])))
      unit = rca_learn_unit (c);
    rca_learn_give (l, i, name.role, name.strength, unit);
  }
}

/* The most exact of the columns that are times. */
static void
give_time (RcaLearning *l)
{
  gint best = -1, best_score = 0;
  if (rca_learn_taken (l, RCA_ROLE_TIME))
    return;
  for (guint i = 0; i < l->out->n; i++)
  {
    const RcaLearnColumn *c = &l->column[i];
    if (!rca_learn_is_free (l, i) || !rca_learn_mostly (c, SHAPE_STAMP) || c->absent > 0)
      continue;
    gint score = (c->decimals ? 2 : 0) + (c->quote == '[') + 1;
    if (score > best_score)
      best = (gint)i, best_score = score;
  }
  if (best >= 0)
    rca_learn_give (l, (guint)best, RCA_ROLE_TIME, 1, 0);
}

static void
give_request (RcaLearning *l)
{
  for (guint i = 0; i < l->out->n && !rca_learn_taken (l, RCA_ROLE_REQUEST) && !rca_learn_taken (l, RCA_ROLE_PATH); i++)
    if (rca_learn_is_free (l, i) && l->column[i].n[SHAPE_REQUEST] * 2 >= MAX (rca_learn_present (&l->column[i]), 1))
      rca_learn_give (l, i, RCA_ROLE_REQUEST, 1, 0);
  if (rca_learn_taken (l, RCA_ROLE_REQUEST))
    return;
  for (guint i = 0; i < l->out->n && !rca_learn_taken (l, RCA_ROLE_METHOD); i++)
    if (rca_learn_is_free (l, i) && rca_learn_mostly (&l->column[i], SHAPE_METHOD))
      rca_learn_give (l, i, RCA_ROLE_METHOD, 1, 0);
  for (guint i = 0; i < l->out->n && rca_learn_taken (l, RCA_ROLE_METHOD) && !rca_learn_taken (l, RCA_ROLE_PATH); i++)
    if (rca_learn_is_free (l, i) && rca_learn_mostly (&l->column[i], SHAPE_PATH) && l->column[i].quote != '"')
      rca_learn_give (l, i, RCA_ROLE_PATH, 1, 0);
}

static gboolean
is_status_column (const RcaLearning *l, guint i)
{
  const RcaLearnColumn *c = &l->column[i];
  return rca_learn_is_unnamed (l, i) && rca_learn_present (c) * 10 >= c->seen * 9 && c->n[SHAPE_STATUS] * 100 >= rca_learn_present (c) * 95;
}

static void
give_status (RcaLearning *l)
{
  for (guint i = rca_learn_request_place (l); i < l->out->n && !rca_learn_taken (l, RCA_ROLE_STATUS); i++)
    if (is_status_column (l, i) && !l->column[i].lists)
      rca_learn_give (l, i, RCA_ROLE_STATUS, 1, 0);
  for (guint i = 0; i < l->out->n && !rca_learn_taken (l, RCA_ROLE_STATUS); i++)
    if (is_status_column (l, i) && !l->column[i].lists)
      rca_learn_give (l, i, RCA_ROLE_STATUS, 1, 0);
}

/* Nearly always the same as the answer's status, or a list. */
static void
give_upstream_status (RcaLearning *l)
{
  const RcaLearnColumn *status = rca_learn_taken (l, RCA_ROLE_STATUS) ? &l->column[l->place[RCA_ROLE_STATUS]] : NULL;
  for (guint i = 0; status && i < l->out->n && !rca_learn_taken (l, RCA_ROLE_UPSTREAM_STATUS); i++)
  {
    const RcaLearnColumn *c = &l->column[i];
    guint same = 0, both = 0;
    if (!rca_learn_is_unnamed (l, i) || !rca_learn_mostly (c, SHAPE_STATUS))
      continue;
    for (guint r = 0; r < l->rows; r++)
      if (!isnan (c->number[r]) && !isnan (status->number[r]))
      {
        both++;
        same += c->number[r] >= status->number[r] && c->number[r] <= status->number[r];
      }
    if (same * 2 > both)
      rca_learn_give (l, i, RCA_ROLE_UPSTREAM_STATUS, 1, 0);
  }
}

/* The client is the first address; a server's own address is always the same. */
static void
give_client (RcaLearning *l)
{
  guint request = rca_learn_request_place (l);
  for (guint i = 0; i < l->out->n && !rca_learn_taken (l, RCA_ROLE_CLIENT); i++)
    if (rca_learn_is_free (l, i) && rca_learn_mostly (&l->column[i], SHAPE_ADDRESS) && !l->column[i].lists)
      rca_learn_give (l, i, RCA_ROLE_CLIENT, 1, 0);
  for (guint i = 0; i < request && !rca_learn_taken (l, RCA_ROLE_CLIENT); i++)
    if (rca_learn_is_free (l, i) && rca_learn_is_peers (&l->column[i]) && l->column[i].distinct > 1)
      rca_learn_give (l, i, RCA_ROLE_CLIENT, 1, 0);
  if (!rca_learn_taken (l, RCA_ROLE_CLIENT) && request > 2 && rca_learn_is_free (l, 0) && l->column[1].absent * 2 > l->column[1].seen
      && l->column[0].absent == 0)
    rca_learn_give (l, 0, RCA_ROLE_CLIENT, 1, 0); /* names looked up, sockets */
  for (guint i = 0; i < l->out->n && rca_learn_taken (l, RCA_ROLE_CLIENT) && !rca_learn_taken (l, RCA_ROLE_FORWARDED); i++)
  {
    const RcaLearnColumn *c = &l->column[i];
    if (rca_learn_is_free (l, i) && rca_learn_mostly (c, SHAPE_ADDRESSES) && !rca_learn_is_peers (c) && (c->distinct > 1 || c->lists || c->quote == '"'))
      rca_learn_give (l, i, RCA_ROLE_FORWARDED, 1, 0);
  }
}

static void
give_upstream (RcaLearning *l)
{
  guint request = rca_learn_request_place (l);
  for (guint i = 0; i < l->out->n; i++)
  {
    const RcaLearnColumn *c = &l->column[i];
    if (!rca_learn_is_free (l, i) || !rca_learn_is_peers (c))
      continue;
    if (i < request && c->distinct == 1 && i < 2)
      rca_learn_give (l, i, RCA_ROLE_HOST, 1, 0); /* vhost:port, as Apache's vhost_combined begins */
    else if (!rca_learn_taken (l, RCA_ROLE_UPSTREAM))
      rca_learn_give (l, i, RCA_ROLE_UPSTREAM, 1, 0);
  }
}

static void
give_words (RcaLearning *l)
{
  for (guint i = 0; i < l->out->n; i++)
  {
    const RcaLearnColumn *c = &l->column[i];
    if (!rca_learn_is_unnamed (l, i) || rca_learn_present (c) == 0)
      continue;
    if (rca_learn_mostly (c, SHAPE_CACHE) && !rca_learn_taken (l, RCA_ROLE_CACHE))
      rca_learn_give (l, i, RCA_ROLE_CACHE, 1, 0);
    else if (rca_learn_mostly (c, SHAPE_TRACE) && !rca_learn_taken (l, RCA_ROLE_TRACE_ID))
      rca_learn_give (l, i, RCA_ROLE_TRACE_ID, 1, 0);
    else if (rca_learn_mostly (c, SHAPE_ID) && !rca_learn_mostly (c, SHAPE_INTEGER) && c->distinct * 2 > MIN (rca_learn_present (c), MAX_DISTINCT))
    {
      if (!rca_learn_taken (l, RCA_ROLE_REQUEST_ID))
        rca_learn_give (l, i, RCA_ROLE_REQUEST_ID, 1, 0);
      else if (!rca_learn_taken (l, RCA_ROLE_TRACE_ID))
        rca_learn_give (l, i, RCA_ROLE_TRACE_ID, 1, 0);
    }
  }
}

/* Referer and agent: by what they hold, else in the order of the combined format. */
static void
give_quoted (RcaLearning *l)
{
  for (guint i = 0; i < l->out->n; i++)
  {
    const RcaLearnColumn *c = &l->column[i];
    if (!rca_learn_is_free (l, i) || rca_learn_present (c) == 0 || (c->quote != '"' && l->out->separator == ' '))
      continue;
    if (rca_learn_mostly (c, SHAPE_URL) && !rca_learn_taken (l, RCA_ROLE_REFERER))
      rca_learn_give (l, i, RCA_ROLE_REFERER, 1, 0);
    else if (rca_learn_mostly (c, SHAPE_AGENT) && !rca_learn_taken (l, RCA_ROLE_AGENT))
      rca_learn_give (l, i, RCA_ROLE_AGENT, 1, 0);
  }
  for (guint i = rca_learn_request_place (l) + 1; i < l->out->n; i++)
  {
    const RcaLearnColumn *c = &l->column[i];
    if (!rca_learn_is_free (l, i) || c->quote != '"' || c->n[SHAPE_INTEGER] || c->n[SHAPE_FRACTION])
      continue;
    if (!rca_learn_taken (l, RCA_ROLE_REFERER) && (!rca_learn_taken (l, RCA_ROLE_AGENT) || (gint)i < l->place[RCA_ROLE_AGENT]))
      rca_learn_give (l, i, RCA_ROLE_REFERER, 1, 0);
    else if (!rca_learn_taken (l, RCA_ROLE_AGENT))
      rca_learn_give (l, i, RCA_ROLE_AGENT, 1, 0);
    else if (!rca_learn_taken (l, RCA_ROLE_FORWARDED) && (gint)i > l->place[RCA_ROLE_AGENT] && rca_learn_present (c) == c->n[SHAPE_ADDRESSES])
      rca_learn_give (l, i, RCA_ROLE_FORWARDED, 1, 0);
  }
}

static void
give_host (RcaLearning *l)
{
  for (guint i = 0; i < l->out->n && !rca_learn_taken (l, RCA_ROLE_HOST); i++)
    if (rca_learn_is_free (l, i) && rca_learn_mostly (&l->column[i], SHAPE_HOST) && !rca_learn_mostly (&l->column[i], SHAPE_STAMP))
      rca_learn_give (l, i, RCA_ROLE_HOST, 1, 0);
}

static guint
usual_count (const RcaSampleLines *sample, char separator, guint *lines)
{
  guint count[RCA_ACCESS_MAX_TOKENS + 1] = { 0 }, best = 0;
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  *lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
    if (sample->line[i].n)
    {
      count[rca_access_split (sample->line[i], separator, token)]++;
      ++*lines;
    }
  for (guint i = 1; i <= RCA_ACCESS_MAX_TOKENS; i++)
    if (count[i] > count[best] || (count[i] == count[best] && count[i] > 0))
      best = i;
  return count[best] ? best : 0;
}

static guint
count_fits (const RcaSampleLines *sample, const RcaAccessColumns *out)
{
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  guint fits = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    if (rca_access_split (sample->line[i], out->separator, token) != out->n)
      continue;
    gboolean ok = TRUE;
    for (guint t = 0; t < out->n && ok; t++)
      if (out->column[t].role == RCA_ROLE_STATUS)
        ok = rca_shape_status (token[t].value) || rca_shape_absent (token[t].value);
      else if (out->column[t].role == RCA_ROLE_TIME)
        ok = rca_shape_stamp (token[t].value);
    fits += ok;
  }
  return fits;
}

/* A level word before an unquoted request, or a level or message by name (logfmt): an
 * application's own line about it. */
static gboolean
is_application (const RcaLearning *l)
{
  static const char *const names[] = { "level", "lvl", "severity", "msg", "message" };
  gboolean quoted = rca_learn_taken (l, RCA_ROLE_REQUEST) && l->column[l->place[RCA_ROLE_REQUEST]].quote == '"';
  for (guint i = 0; i < l->out->n; i++)
  {
    const RcaLearnColumn *c = &l->column[i];
    if (rca_learn_mostly (c, SHAPE_LEVEL) && (c->key.n || !quoted))
      return TRUE;
    for (guint n = 0; c->key.n && n < G_N_ELEMENTS (names); n++)
      if (rca_bytes_is (c->key, names[n]))
        return TRUE;
  }
  return FALSE;
}

static gboolean
is_whole (RcaLearning *l)
{
  gboolean request = rca_learn_taken (l, RCA_ROLE_REQUEST) || rca_learn_taken (l, RCA_ROLE_PATH);
  if (!request || !rca_learn_taken (l, RCA_ROLE_STATUS))
    return FALSE;
  /* words of a program's own line, if it does not even say whose request it was */
  if (!rca_learn_taken (l, RCA_ROLE_REQUEST) && !rca_learn_taken (l, RCA_ROLE_CLIENT) && rca_learn_taken (l, RCA_ROLE_TIME) && l->out->separator == ' ')
    return FALSE;
  /* morgan's short forms: method, path, status and a time taken, the client and its user before them or not, no time */
  l->out->without_time = !rca_learn_taken (l, RCA_ROLE_TIME);
  gboolean client_first = rca_learn_taken (l, RCA_ROLE_CLIENT) && l->place[RCA_ROLE_CLIENT] == 0 && l->place[RCA_ROLE_METHOD] == 2;
  return !l->out->without_time || ((l->place[RCA_ROLE_METHOD] == 0 || client_first) && rca_learn_taken (l, RCA_ROLE_METHOD) && rca_learn_taken (l, RCA_ROLE_REQUEST_TIME));
}

/* An edge sees absolute URLs (varnishncsa) or tells hits from misses without asking upstreams. */
static void
settle_edge (RcaLearning *l, const RcaSampleLines *sample)
{
  const RcaLearnColumn *request = &l->column[rca_learn_request_place (l)];
  gboolean absolute = request->absolute * 2 > rca_learn_present (request);
  gboolean upstream = rca_learn_taken (l, RCA_ROLE_UPSTREAM) || rca_learn_taken (l, RCA_ROLE_UPSTREAM_TIME) || rca_learn_taken (l, RCA_ROLE_UPSTREAM_STATUS);
  gboolean cache = rca_learn_taken (l, RCA_ROLE_CACHE) && !upstream && !(sample->path && strstr (sample->path, "nginx"));
  l->out->edge = absolute || cache || (l->edge_names && !upstream);
  l->out->time_is_start |= absolute;
}

static void
keep_keys (RcaLearning *l)
{
  RcaAccessColumns *out = l->out;
  out->keys = g_string_chunk_new (256);
  for (guint i = 0; i < out->n; i++)
  {
    RcaBytes key = l->column[i].key;
    if (key.n)
      out->column[i].key = rca_bytes (g_string_chunk_insert_len (out->keys, key.p, (gssize)key.n), key.n);
  }
}

static gboolean
learn_with (const RcaSampleLines *sample, char separator, RcaAccessColumns *out)
{
  *out = (RcaAccessColumns){ .separator = separator };
  out->n = usual_count (sample, separator, &out->lines);
  if (out->n < 4)
    return FALSE;
  g_autofree RcaLearning *l = g_new0 (RcaLearning, 1);
  l->out = out;
  rca_learn_observe (l, sample);
  give_named (l);
  give_time (l);
  give_request (l);
  give_status (l);
  give_upstream_status (l);
  give_client (l);
  give_upstream (l);
  give_words (l);
  give_quoted (l);
  give_host (l);
  rca_learn_durations (l);
  rca_learn_bytes (l);
  rca_learn_whole_duration (l);
  gboolean ok = is_whole (l) && !is_application (l);
  if (ok)
  {
    settle_edge (l, sample);
    keep_keys (l);
    out->fits = count_fits (sample, out);
  }
  for (guint i = 0; i < out->n; i++)
    g_free (l->column[i].number);
  return ok;
}

RcaAccessColumns *
rca_access_learn (const RcaSampleLines *sample)
{
  static const char separators[] = { ' ', '\t', '|', ';', ',' };
  RcaAccessColumns *out = g_new0 (RcaAccessColumns, 1);
  if (rca_access_read_conf (sample, out) || rca_access_find_layout (sample, out))
    return out;
  for (guint i = 0; i < G_N_ELEMENTS (separators); i++)
  {
    if (learn_with (sample, separators[i], out) && out->fits * 2 >= out->lines && out->fits > 0)
      return out;
    g_clear_pointer (&out->keys, g_string_chunk_free);
  }
  g_free (out);
  return NULL;
}

void
rca_access_columns_free (RcaAccessColumns *columns)
{
  if (!columns)
    return;
  if (columns->keys)
    g_string_chunk_free (columns->keys);
  g_free (columns->before);
  g_free (columns);
}

/* Layouts that a program writes whoever runs it: nothing to learn, and units that data cannot tell.
 *
 * AWS: "Access logs for your Application Load Balancer", "… Classic Load Balancer"; Envoy:
 * "Access logging", default format; Istio: meshConfig.accessLogFormat's default; Traefik: CLF;
 * ingress-nginx: log-format-upstream's default; Squid: logformat squid. */
#include "access-line.h"
#include "access-shape.h"
#include "number.h"

#define S  RCA_NS_PER_S
#define MS RCA_NS_PER_MS

typedef struct {
  RcaAccessRole role;
  gint64 unit_ns;
  char quote; /* it stands in these; 0: it does not matter */
} Place;

typedef struct {
  const char *name;
  const char *first; /* what the first token may be, between bars; NULL: anything */
  guint least, most; /* tokens */
  gboolean time_is_start, edge;
  Place place[24];
} Layout;

static const Layout layouts[] = {
  { .name = "Envoy",
    .least = 13,
    .most = 13,
    .time_is_start = TRUE,
    .place = { { RCA_ROLE_TIME, 0, '[' },
               { RCA_ROLE_REQUEST, 0, '"' },
               { RCA_ROLE_STATUS },
               { RCA_ROLE_TERMINATION },
               { RCA_ROLE_NONE },
               { RCA_ROLE_BYTES },
               { RCA_ROLE_REQUEST_TIME, MS },
               { RCA_ROLE_UPSTREAM_TIME, MS },
               { RCA_ROLE_FORWARDED, 0, '"' },
               { RCA_ROLE_AGENT, 0, '"' },
               { RCA_ROLE_REQUEST_ID, 0, '"' },
               { RCA_ROLE_HOST, 0, '"' },
               { RCA_ROLE_UPSTREAM, 0, '"' } } },
  { .name = "Istio",
    .least = 21,
    .most = 23,
    .time_is_start = TRUE,
    .place = { { RCA_ROLE_TIME, 0, '[' },
               { RCA_ROLE_REQUEST, 0, '"' },
               { RCA_ROLE_STATUS },
               { RCA_ROLE_TERMINATION },
               { RCA_ROLE_NONE },
               { RCA_ROLE_NONE },
               { RCA_ROLE_NONE, 0, '"' },
               { RCA_ROLE_NONE },
               { RCA_ROLE_BYTES },
               { RCA_ROLE_REQUEST_TIME, MS },
               { RCA_ROLE_UPSTREAM_TIME, MS },
               { RCA_ROLE_FORWARDED, 0, '"' },
               { RCA_ROLE_AGENT, 0, '"' },
               { RCA_ROLE_REQUEST_ID, 0, '"' },
               { RCA_ROLE_HOST, 0, '"' },
               { RCA_ROLE_UPSTREAM, 0, '"' },
               { RCA_ROLE_NONE },
               { RCA_ROLE_NONE },
               { RCA_ROLE_NONE },
               { RCA_ROLE_CLIENT } } },
  { .name = "AWS ALB",
    .first = "|http|https|h2|ws|wss|grpcs|",
    .least = 18,
    .most = 40,
    .place = { { RCA_ROLE_NONE },
               { RCA_ROLE_TIME },
               { RCA_ROLE_NONE },
               { RCA_ROLE_CLIENT },
               { RCA_ROLE_UPSTREAM },
               { RCA_ROLE_TIME_PART, S },
               { RCA_ROLE_UPSTREAM_TIME, S },
               { RCA_ROLE_TIME_PART, S },
               { RCA_ROLE_STATUS },
               { RCA_ROLE_UPSTREAM_STATUS },
               { RCA_ROLE_NONE },
               { RCA_ROLE_BYTES },
               { RCA_ROLE_REQUEST, 0, '"' },
               { RCA_ROLE_AGENT, 0, '"' },
               { RCA_ROLE_NONE },
               { RCA_ROLE_NONE },
               { RCA_ROLE_NONE },
               { RCA_ROLE_TRACE_ID, 0, '"' },
               { RCA_ROLE_HOST },
               { RCA_ROLE_NONE },
               { RCA_ROLE_NONE },
               { RCA_ROLE_OTHER_TIME } } },
  { .name = "AWS Classic Load Balancer",
    .least = 12,
    .most = 15,
    .place = { { RCA_ROLE_TIME },
               { RCA_ROLE_NONE },
               { RCA_ROLE_CLIENT },
               { RCA_ROLE_UPSTREAM },
               { RCA_ROLE_TIME_PART, S },
               { RCA_ROLE_UPSTREAM_TIME, S },
               { RCA_ROLE_TIME_PART, S },
               { RCA_ROLE_STATUS },
               { RCA_ROLE_UPSTREAM_STATUS },
               { RCA_ROLE_NONE },
               { RCA_ROLE_BYTES },
               { RCA_ROLE_REQUEST, 0, '"' },
               { RCA_ROLE_AGENT, 0, '"' } } },
  { .name = "Traefik",
    .least = 13,
    .most = 13,
    .time_is_start = TRUE,
    .place = { { RCA_ROLE_CLIENT },
               { RCA_ROLE_NONE },
               { RCA_ROLE_NONE },
               { RCA_ROLE_TIME, 0, '[' },
               { RCA_ROLE_REQUEST, 0, '"' },
               { RCA_ROLE_STATUS },
               { RCA_ROLE_BYTES },
               { RCA_ROLE_REFERER, 0, '"' },
               { RCA_ROLE_AGENT, 0, '"' },
               { RCA_ROLE_NONE },
               { RCA_ROLE_NONE, 0, '"' },
               { RCA_ROLE_UPSTREAM, 0, '"' },
               { RCA_ROLE_REQUEST_TIME, MS } } },
  { .name = "ingress-nginx",
    .least = 18,
    .most = 19,
    .place = { { RCA_ROLE_CLIENT },
               { RCA_ROLE_NONE },
               { RCA_ROLE_NONE },
               { RCA_ROLE_TIME, 0, '[' },
               { RCA_ROLE_REQUEST, 0, '"' },
               { RCA_ROLE_STATUS },
               { RCA_ROLE_BYTES },
               { RCA_ROLE_REFERER, 0, '"' },
               { RCA_ROLE_AGENT, 0, '"' },
               { RCA_ROLE_NONE },
               { RCA_ROLE_REQUEST_TIME, S },
               { RCA_ROLE_NONE, 0, '[' },
               { RCA_ROLE_NONE, 0, '[' },
               { RCA_ROLE_UPSTREAM },
               { RCA_ROLE_NONE },
               { RCA_ROLE_UPSTREAM_TIME, S },
               { RCA_ROLE_UPSTREAM_STATUS },
               { RCA_ROLE_REQUEST_ID } } },
  { .name = "Squid",
    .least = 9,
    .most = 11,
    .edge = TRUE,
    .place = { { RCA_ROLE_TIME },
               { RCA_ROLE_REQUEST_TIME, MS },
               { RCA_ROLE_CLIENT },
               { RCA_ROLE_CACHE_STATUS },
               { RCA_ROLE_BYTES },
               { RCA_ROLE_METHOD },
               { RCA_ROLE_PATH },
               { RCA_ROLE_NONE },
               { RCA_ROLE_UPSTREAM } } },
};

/* "-", or Envoy's flags: capitals and commas. */
static gboolean
is_flags (RcaBytes v)
{
  for (gsize i = 0; i < v.n; i++)
    if (!g_ascii_isupper (v.p[i]) && !g_ascii_isdigit (v.p[i]) && v.p[i] != ',' && v.p[i] != '-')
      return FALSE;
  return v.n > 0 && !g_ascii_isdigit (v.p[0]);
}

static gboolean
is_cache_status (RcaBytes v)
{
  const char *slash = memchr (v.p, '/', v.n);
  return slash && rca_shape_status (rca_bytes_from (v, (gsize)(slash - v.p) + 1)) && memchr (v.p, '_', v.n);
}

static gboolean
place_fits (const Place *place, const RcaAccessToken *token)
{
  RcaBytes v = token->value;
  double x;
  if (token->key.n || (place->quote && token->quote != place->quote))
    return FALSE;
  switch (place->role)
  {
  case RCA_ROLE_TIME:
    return rca_shape_stamp (v);
  case RCA_ROLE_STATUS:
    return rca_shape_status (v) || rca_shape_absent (v);
  case RCA_ROLE_BYTES:
    return rca_shape_integer (v) || rca_shape_absent (v);
  case RCA_ROLE_METHOD:
    return rca_shape_method (v) || rca_shape_absent (v);
  case RCA_ROLE_TERMINATION:
    return is_flags (v);
  case RCA_ROLE_CACHE_STATUS:
    return is_cache_status (v);
  case RCA_ROLE_REQUEST_TIME:
    return rca_shape_absent (v) || rca_parse_double (v, &x) || rca_shape_duration (v);
  case RCA_ROLE_TIME_PART:
    return rca_parse_double (v, &x);
  default:
    return TRUE;
  }
}

static gboolean
line_fits (const Layout *layout, RcaBytes line)
{
  RcaAccessToken token[RCA_ACCESS_MAX_TOKENS];
  guint n = rca_access_split (line, ' ', token);
  if (n < layout->least || n > layout->most)
    return FALSE;
  if (layout->first)
  {
    g_autofree char *word = g_strdup_printf ("|%.*s|", (int)MIN (token[0].value.n, 20), token[0].value.p);
    if (!strstr (layout->first, word))
      return FALSE;
  }
  for (guint i = 0; i < MIN (n, G_N_ELEMENTS (layout->place)); i++)
    if (!place_fits (&layout->place[i], &token[i]))
      return FALSE;
  return TRUE;
}

static void
take_layout (const Layout *layout, RcaAccessColumns *columns)
{
  columns->layout = layout->name;
  columns->separator = ' ';
  columns->n = layout->least;
  columns->time_is_start = layout->time_is_start;
  columns->edge = layout->edge;
  for (guint i = 0; i < G_N_ELEMENTS (layout->place); i++)
    columns->column[i] = (RcaAccessColumn){ .role = layout->place[i].role, .unit_ns = layout->place[i].unit_ns };
  for (guint i = layout->least; i < MIN (layout->most, G_N_ELEMENTS (layout->place)); i++)
    if (layout->place[i].role)
      columns->n = i + 1;
}

gboolean
rca_access_find_layout (const RcaSampleLines *sample, RcaAccessColumns *columns)
{
  for (guint l = 0; l < G_N_ELEMENTS (layouts); l++)
  {
    guint fits = 0, lines = 0;
    for (guint i = 0; i < sample->n_lines; i++)
    {
      lines += sample->line[i].n > 0;
      fits += line_fits (&layouts[l], sample->line[i]);
      if (lines >= 4 && fits == 0)
        break;
    }
    if (fits == 0 || fits * 10 < lines * 6)
      continue;
    take_layout (&layouts[l], columns);
    columns->fits = fits;
    columns->lines = lines;
    return TRUE;
  }
  return FALSE;
}

#include "agent.h"
#include <arpa/inet.h>

typedef struct {
  RcaBytes needle; /* lower case */
  RcaBytes family; /* lower case; empty: the product token itself */
  RcaAudience audience;
} AgentRule;

#define RULE(needle, family, audience)                                                                                                                         \
  {                                                                                                                                                            \
    { needle, sizeof (needle) - 1 }, { family, sizeof (family) - 1 }, RCA_AUDIENCE_##audience                                                                  \
  }

/* First fit wins: probes and robots before the browsers they pretend to be, and a
 * browser's own token before those of the engines it names for compatibility. */
static const AgentRule rules[] = {
  RULE ("kube-probe", "kube-probe", PROBE),
  RULE ("elb-healthchecker", "elb-healthchecker", PROBE),
  RULE ("googlehc", "googlehc", PROBE),
  RULE ("amazon-route53-health", "route53-health-check", PROBE),
  RULE ("consul health", "consul", PROBE),
  RULE ("prometheus", "prometheus", PROBE),
  RULE ("blackbox", "blackbox-exporter", PROBE),
  RULE ("uptimerobot", "uptimerobot", PROBE),
  RULE ("uptime-kuma", "uptime-kuma", PROBE),
  RULE ("pingdom", "pingdom", PROBE),
  RULE ("statuscake", "statuscake", PROBE),
  RULE ("site24x7", "site24x7", PROBE),
  RULE ("better uptime", "better-uptime", PROBE),
  RULE ("betteruptime", "better-uptime", PROBE),
  RULE ("datadog", "datadog", PROBE),
  RULE ("newrelicpinger", "newrelic", PROBE),
  RULE ("nagios", "nagios", PROBE),
  RULE ("check_http", "nagios", PROBE),
  RULE ("zabbix", "zabbix", PROBE),
  RULE ("healthcheck", "healthcheck", PROBE),
  RULE ("health-check", "healthcheck", PROBE),
  RULE ("googlebot", "googlebot", USER),
  RULE ("bingbot", "bingbot", USER),
  RULE ("yandexbot", "yandexbot", USER),
  RULE ("applebot", "applebot", USER),
  RULE ("ahrefsbot", "ahrefsbot", USER),
  RULE ("semrushbot", "semrushbot", USER),
  RULE ("facebookexternalhit", "facebook", USER),
  RULE ("gptbot", "gptbot", USER),
  RULE ("edg/", "edge", USER),
  RULE ("opr/", "opera", USER),
  RULE ("samsungbrowser", "samsung", USER),
  RULE ("firefox/", "firefox", USER),
  RULE ("fxios", "firefox", USER),
  RULE ("crios", "chrome", USER),
  RULE ("chrome/", "chrome", USER),
  RULE ("safari/", "safari", USER),
  RULE ("applewebkit", "safari", USER),
  RULE ("trident/", "msie", USER),
  RULE ("msie ", "msie", USER),
};

/* Longest needle above is well below this; agents longer than it are cut. */
#define AGENT_BYTES 512

static const AgentRule *
find_rule (RcaBytes agent)
{
  char lower[AGENT_BYTES];
  gsize n = MIN (agent.n, sizeof lower);
  for (gsize i = 0; i < n; i++)
    lower[i] = g_ascii_tolower (agent.p[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
    if (rca_bytes_find (rca_bytes (lower, n), rules[i].needle) >= 0)
      return &rules[i];
  return NULL;
}

RcaBytes
rca_agent_family (RcaBytes agent)
{
  const AgentRule *rule = find_rule (agent);
  if (rule)
    return rule->family;
  gsize n = 0;
  while (n < agent.n && n < 40 && agent.p[n] != '/' && agent.p[n] != ' ' && agent.p[n] != '(')
    n++;
  return rca_bytes (agent.p, n);
}

/* Whole path segments, lower case. */
static const struct {
  RcaBytes segment;
  gboolean first_only; /* only as the first segment of the path */
  RcaAudience audience;
} segments[] = {
  { { "healthz", 7 }, FALSE, RCA_AUDIENCE_PROBE },
  { { "health", 6 }, FALSE, RCA_AUDIENCE_PROBE },
  { { "healthcheck", 11 }, FALSE, RCA_AUDIENCE_PROBE },
  { { "health-check", 12 }, FALSE, RCA_AUDIENCE_PROBE },
  { { "health_check", 12 }, FALSE, RCA_AUDIENCE_PROBE },
  { { "livez", 5 }, FALSE, RCA_AUDIENCE_PROBE },
  { { "readyz", 6 }, FALSE, RCA_AUDIENCE_PROBE },
  { { "liveness", 8 }, FALSE, RCA_AUDIENCE_PROBE },
  { { "readiness", 9 }, FALSE, RCA_AUDIENCE_PROBE },
  { { "ready", 5 }, TRUE, RCA_AUDIENCE_PROBE },
  { { "live", 4 }, TRUE, RCA_AUDIENCE_PROBE },
  { { "ping", 4 }, TRUE, RCA_AUDIENCE_PROBE },
  { { "up", 2 }, TRUE, RCA_AUDIENCE_PROBE },
  { { "metrics", 7 }, TRUE, RCA_AUDIENCE_PROBE },
  { { "status", 6 }, TRUE, RCA_AUDIENCE_PROBE },
  { { "nginx_status", 12 }, TRUE, RCA_AUDIENCE_PROBE },
  { { "stub_status", 11 }, TRUE, RCA_AUDIENCE_PROBE },
  { { "server-status", 13 }, TRUE, RCA_AUDIENCE_PROBE },
  { { "admin", 5 }, TRUE, RCA_AUDIENCE_ADMIN },
  { { "wp-admin", 8 }, TRUE, RCA_AUDIENCE_ADMIN },
  { { "_admin", 6 }, TRUE, RCA_AUDIENCE_ADMIN },
};

static RcaAudience
audience_of_segment (RcaBytes segment, gboolean first, gboolean last)
{
  for (gsize i = 0; i < G_N_ELEMENTS (segments); i++)
  {
    if (segments[i].segment.n != segment.n || g_ascii_strncasecmp (segments[i].segment.p, segment.p, segment.n) != 0)
      continue;
    if (segments[i].audience == RCA_AUDIENCE_ADMIN ? first : last && (first || !segments[i].first_only))
      return segments[i].audience;
  }
  return RCA_AUDIENCE_USER;
}

static RcaAudience
audience_of_path (RcaBytes path)
{
  gboolean first = TRUE;
  gsize at = 0;
  while (at < path.n && path.p[at] == '/')
  {
    gsize from = ++at;
    while (at < path.n && path.p[at] != '/' && path.p[at] != '?' && path.p[at] != '#')
      at++;
    gboolean last = at >= path.n || path.p[at] != '/' || at + 1 == path.n;
    RcaAudience audience = audience_of_segment (rca_bytes (path.p + from, at - from), first, last);
    if (audience != RCA_AUDIENCE_USER)
      return audience;
    first = FALSE;
  }
  return RCA_AUDIENCE_USER;
}

RcaAudience
rca_audience (RcaBytes path, RcaBytes agent)
{
  RcaAudience audience = audience_of_path (path);
  if (audience != RCA_AUDIENCE_USER || agent.n == 0)
    return audience;
  const AgentRule *rule = find_rule (agent);
  return rule ? rule->audience : RCA_AUDIENCE_USER;
}

const char *
rca_audience_name (RcaAudience audience)
{
  static const char *const names[RCA_N_AUDIENCES] = { "user", "probe", "admin", "batch" };
  return names[audience];
}

gsize
rca_network_of (RcaBytes address, char *out)
{
  char text[INET6_ADDRSTRLEN + 8];
  if (address.n == 0 || address.n >= sizeof text)
  {
    gsize n = MIN (address.n, 63);
    memcpy (out, address.p, n);
    out[n] = '\0';
    return n;
  }
  memcpy (text, address.p, address.n);
  text[address.n] = '\0';
  guint8 bytes[16];
  if (inet_pton (AF_INET, text, bytes) == 1)
    return (gsize)g_snprintf (out, 64, "%u.%u.%u.0/24", bytes[0], bytes[1], bytes[2]);
  if (inet_pton (AF_INET6, text, bytes) == 1)
  {
    memset (bytes + 6, 0, 10);
    inet_ntop (AF_INET6, bytes, text, sizeof text);
    return (gsize)g_snprintf (out, 64, "%s/48", text);
  }
  return (gsize)g_snprintf (out, 64, "%s", text);
}

#include "words.h"
#include "timestamp.h"
#include <math.h>

const char *
rca_kind_words (RcaKind kind)
{
  static const char *const words[RCA_N_KINDS] = {
    "deploy", "configuration change", "slow query", "lock contention", "database connections", "database fault", "application error", "resource exhaustion",
    "traffic", "CDN", "network", "another service", "one instance", "batch job", "cache", "TLS", "DNS", "unknown",
  };
  return words[kind];
}

const char *
rca_symptom_words (RcaSymptomKind kind)
{
  static const char *const words[] = { "server errors (HTTP 5xx)", "slow responses", "missing traffic", "application errors", "database errors" };
  return words[kind];
}

const char *
rca_verdict_words (RcaVerdictValue verdict)
{
  static const char *const words[] = { "ruled out", "not supported", "no data", "implicated" };
  return words[verdict];
}

const char *
rca_evidence_words (RcaEvidenceKind kind)
{
  static const char *const words[RCA_N_EVIDENCE] = {
    "order in time", "size", "share of the failing", "more of it, more failing", "same requests", "new", "end", "earlier occurrences", "how common",
  };
  return words[kind];
}

char *
rca_words_thing (RcaKind kind, const char *subject)
{
  const char *words = rca_kind_words (kind);
  return g_str_has_prefix (subject, words) ? g_strdup (subject) : g_strdup_printf ("%s %s", words, subject);
}

char *
rca_words_ledger (const RcaCause *c)
{
  g_autofree char *share = rca_words_share (c->confidence), *own = rca_words_share (c->own_confidence);
  if (isnan (c->own_confidence))
    return g_strdup_printf ("what the named causes leave: %s", share);
  if (c->own_confidence > c->confidence + 0.02)
    return g_strdup_printf ("among all causes %s; what follows from another cause is counted there: %s is left", own, share);
  if (c->own_confidence < c->confidence - 0.02)
    return g_strdup_printf ("among all causes %s; with the belief in what it brought about: %s", own, share);
  return g_strdup_printf ("among all causes: %s", share);
}

const char *
rca_words_clock (gint64 time_ns, char out[16])
{
  char text[32];
  rca_time_format (time_ns, text);
  g_snprintf (out, 16, "%.8s", text + 11);
  return out;
}

const char *
rca_words_time (gint64 time_ns, char out[32])
{
  char text[32];
  rca_time_format (time_ns, text);
  g_snprintf (out, 32, "%.10s %.8s UTC", text, text + 11);
  return out;
}

gint64
rca_words_known_until (const RcaReport *report, const RcaIncident *in)
{
  RcaSpan logs = report->sources->extent;
  if (in->end_ns != RCA_TIME_NONE)
    return in->end_ns;
  return logs.start_ns < logs.end_ns && logs.end_ns > in->start_ns ? MIN (report->window.end_ns, logs.end_ns) : report->window.end_ns;
}

char *
rca_words_duration (gint64 ns)
{
  gint64 s = (ns + RCA_NS_PER_S / 2) / RCA_NS_PER_S;
  if (s < 120)
    return g_strdup_printf ("%" G_GINT64_FORMAT " s", s);
  if (s < 7200)
    return g_strdup_printf ("%" G_GINT64_FORMAT " min", (s + 30) / 60);
  return g_strdup_printf ("%" G_GINT64_FORMAT " h %02" G_GINT64_FORMAT " min", s / 3600, s % 3600 / 60);
}

char *
rca_words_seconds (double s)
{
  return s < 0.0995 ? g_strdup_printf ("%.3g ms", s * 1e3) : s < 0.995 ? g_strdup_printf ("%.0f ms", s * 1e3) : g_strdup_printf ("%.3g s", s);
}

char *
rca_words_share (double ratio)
{
  double percent = 100 * ratio;
  if (!isfinite (ratio))
    return g_strdup ("?");
  return percent != 0 && fabs (percent) < 0.1 ? g_strdup_printf ("%.2g %%", percent) : g_strdup_printf ("%.*f %%", percent < 99.95 ? 1 : 0, percent);
}

#include "report-fixture.h"
#include "timestamp.h"
#include <math.h>

/* Everything made here, freed at once: reports share nothing with those of the correlator. */
static GPtrArray *kept_arrays, *kept_refs, *kept_memory;

static GPtrArray *
list (void)
{
  if (!kept_arrays)
    kept_arrays = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  GPtrArray *l = g_ptr_array_new ();
  g_ptr_array_add (kept_arrays, l);
  return l;
}

static GArray *
array (guint element_size)
{
  if (!kept_refs)
    kept_refs = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  GArray *a = g_array_new (FALSE, FALSE, element_size);
  g_ptr_array_add (kept_refs, a);
  return a;
}

static gpointer
keep (gpointer memory)
{
  if (!kept_memory)
    kept_memory = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (kept_memory, memory);
  return memory;
}

#define ADD(list_, Type, ...) g_ptr_array_add ((list_), keep (g_memdup2 (&(Type){ __VA_ARGS__ }, sizeof (Type))))

void
rca_fixture_free (void)
{
  g_clear_pointer (&kept_arrays, g_ptr_array_unref);
  g_clear_pointer (&kept_refs, g_ptr_array_unref);
  g_clear_pointer (&kept_memory, g_ptr_array_unref);
}

static gint64
at (int minute, double second)
{
  return rca_civil_ns (2026, 11, 24, 14, 0, 0, 0) + minute * 60 * RCA_NS_PER_S + (gint64) (second * 1e9);
}

static GArray *
refs (const char *path, guint64 line, gint64 time, guint n)
{
  GArray *a = array (sizeof (RcaReportRef));
  for (guint i = 0; i < n; i++)
    {
      RcaReportRef r = { (char *) path, line + i, time + (gint64) i * RCA_NS_PER_S, NULL };
      g_array_append_val (a, r);
    }
  return a;
}

static void
evidence (GPtrArray *to, RcaEvidenceKind kind, double weight, double raw, const char *text, GArray *references)
{
  ADD (to, RcaEvidence, kind, weight, raw, (char *) text, references);
}

static GPtrArray *
verdicts (void)
{
  static const struct { RcaKind kind; RcaVerdictValue verdict; double share; const char *why; } rows[] = {
    { RCA_KIND_DEPLOY, RCA_VERDICT_IMPLICATED, NAN, "catalog 2.5.0 came 40 s before it" },
    { RCA_KIND_SLOW_QUERY, RCA_VERDICT_IMPLICATED, 1, "all failing requests waited for a statement" },
    { RCA_KIND_DB_CONNECTIONS, RCA_VERDICT_NOT_SUPPORTED, 0.4, "refused connections are its effect; the data cannot tell more" },
    { RCA_KIND_RESOURCE, RCA_VERDICT_NO_DATA, NAN, "no host metrics or kernel lines were read" },
    { RCA_KIND_TRAFFIC, RCA_VERDICT_RULED_OUT, 0.016, "requests came at 1.02 times the rate of before (at most 1.06 at 95 %), and from the same clients" },
    { RCA_KIND_CDN, RCA_VERDICT_RULED_OUT, 0.01, "the origin itself answered 864 of the 864 failures <img src=x onerror=alert(1)> seen at the edge" },
    { RCA_KIND_NETWORK, RCA_VERDICT_NOT_SUPPORTED, NAN, "the way from the application to the database is not measured" },
    { RCA_KIND_UPSTREAM, RCA_VERDICT_RULED_OUT, 0.02, "99 % of the failing requests name another reason" },
  };
  GPtrArray *v = list ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      GPtrArray *e = list ();
      if (rows[i].kind == RCA_KIND_TRAFFIC)
        evidence (e, RCA_EVIDENCE_SHARE, -4, -4, "the rate did not rise", refs ("logs/nginx/access.log", 4711, at (30, 2), 1));
      ADD (v, RcaVerdict, rows[i].kind, rows[i].verdict, rows[i].share, (char *) rows[i].why, e);
    }
  return v;
}

static GPtrArray *
causes (void)
{
  GPtrArray *all = list (), *e = list (), *chain = list (), *unknown_chain = list ();
  evidence (e, RCA_EVIDENCE_PRECEDENCE, 6.21, 6.21, "catalog 2.5.0 at 14:29:20; the first new statement after it is SELECT titles ⋈ loans, from 14:29:55 on; requests fail from 14:30:00 on",
            refs ("logs/deploys/ci.log", 12, at (29, 20), 1));
  evidence (e, RCA_EVIDENCE_JOIN, 5.5, 6, "97 % of the failing requests carry it, \033[31m1 %\033[0m of the healthy ones \xe2\x80\xaegnp.exe", refs ("logs/db/postgresql.log.1.gz", 90, at (30, 1), 3));
  evidence (e, RCA_EVIDENCE_NOVELTY, 0.45, 1.5, "not seen in the 30 days of logs before", refs ("logs/app/catalog-1.log", 3, at (29, 58), 1));
  evidence (e, RCA_EVIDENCE_COUNTEREXAMPLE, -0.8, -0.8, "one earlier run of it brought no failing", refs ("logs/app/catalog-1.log", 1, at (1, 0), 1));
  evidence (e, RCA_EVIDENCE_PRIOR, -1.2, -1.2, "how often it is a deploy: binary push 37 % (SRE Workbook)", refs ("", 0, 0, 0));
  ADD (chain, RcaLink, RCA_KIND_DEPLOY, FALSE, (char *) "catalog 2.5.0", at (29, 20), NULL, NULL);
  ADD (chain, RcaLink, RCA_KIND_SLOW_QUERY, FALSE, (char *) "SELECT titles ⋈ loans", at (29, 55), (char *) "403 times, never before, 933 ms each", refs ("logs/db/postgresql.log.1.gz", 90, at (29, 55), 3));
  ADD (chain, RcaLink, RCA_KIND_UNKNOWN, TRUE, (char *) "864 of 3805 requests failed", at (30, 0), NULL, NULL);
  ADD (unknown_chain, RcaLink, RCA_KIND_UNKNOWN, TRUE, (char *) "864 of 3805 requests failed", at (30, 0), NULL, NULL);
  ADD (all, RcaCause, 1, RCA_KIND_DEPLOY, (char *) "catalog 2.5.0", (char *) "catalog", at (29, 20), 0.9312, 0.62, -1.2, 11.36,
       (char *) "deploy: catalog 2.5.0 at 14:29:20; then slow query SELECT titles ⋈ loans: 403 times, never before, 933 ms each", (char *) "deploy: catalog 2.5.0 at 14:29:20", e, chain,
       (char *) "roll catalog back to 2.4.0", (char *) "catalog 2.4.0, the version before");
  ADD (all, RcaCause, 2, RCA_KIND_UNKNOWN, (char *) "unknown", NULL, at (30, 0), 0.0688, NAN, -2.3, 0, (char *) "no logged thing accounts for it; what would tell: host metrics",
       (char *) "no logged thing accounts for it; what would tell: host metrics", list (), unknown_chain,
       (char *) "widen the window", NULL);
  return all;
}

static GPtrArray *
timeline (gboolean over)
{
  GPtrArray *t = list ();
  ADD (t, RcaTimelineEntry, at (29, 20), (char *) "logs/deploys/ci.log", (char *) "deploy: catalog 2.5.0, by [mallory](javascript:alert(1))", RCA_CHANGE_DEPLOY, 12);
  ADD (t, RcaTimelineEntry, at (29, 55), (char *) "cause", (char *) "begins: slow query SELECT titles ⋈ loans", RCA_CHANGE_NONE, 0);
  ADD (t, RcaTimelineEntry, at (30, 0), (char *) "requests", (char *) "the failing begins (between 1.0 s before and 2.0 s after this)", RCA_CHANGE_NONE, 0);
  ADD (t, RcaTimelineEntry, at (40, 0), (char *) "logs/deploys/ci.log", (char *) "rollback: catalog 2.4.0", RCA_CHANGE_ROLLBACK, 13);
  if (over)
    ADD (t, RcaTimelineEntry, at (41, 0), (char *) "requests", (char *) "back to the baseline", RCA_CHANGE_NONE, 0);
  return t;
}

static GArray *
routes (void)
{
  GArray *a = array (sizeof (RcaRouteImpact));
  RcaRouteImpact r[] = { { (char *) "GET /title/{}", 938, 862, 900 }, { (char *) "GET /category/<b>{}</b>", 421, 2, 12 } };
  g_array_append_vals (a, r, G_N_ELEMENTS (r));
  return a;
}

static void
put_chart (RcaReport *r, double failing, double p95)
{
  enum { N = 60 };
  RcaChart *c = &r->chart;
  *c = (RcaChart){ at (0, 0), 60 * RCA_NS_PER_S, N, keep (g_new0 (double, N)), keep (g_new0 (double, N)), keep (g_new0 (double, N)), keep (g_new0 (double, N)),
                   keep (g_new0 (double, N)), list (), TRUE, 3 };
  ADD (c->statements, RcaChartStatement, (char *) "select ?", (char *) "SELECT titles ⋈ loans</script>", keep (g_new0 (double, N)), keep (g_new0 (double, N)));
  for (guint i = 0; i < N; i++)
    {
      gboolean bad = i >= 30 && i < 50;
      c->requests[i] = i == 5 ? 0 : 600 + i % 7 * 10;
      c->failed[i] = bad ? floor (c->requests[i] * failing * (0.7 + 0.3 * (i % 3) / 2)) : i % 11 == 0;
      c->p50_s[i] = i == 5 ? NAN : 0.02;
      c->p95_s[i] = i == 5 ? NAN : bad ? p95 : 0.08;
      c->p99_s[i] = 1.5 * c->p95_s[i];
      ((RcaChartStatement *) g_ptr_array_index (c->statements, 0))->seconds[i] = bad ? p95 * 40 : 0;
      ((RcaChartStatement *) g_ptr_array_index (c->statements, 0))->count[i] = bad ? 40 : 0;
    }
}

static void
put_marks (RcaReport *r)
{
  r->marks = list ();
  ADD (r->marks, RcaMark, at (29, 20), (char *) "deploy catalog 2.5.0", RCA_CHANGE_DEPLOY, { (char *) "logs/deploys/ci.log", 12, at (29, 20), NULL });
  ADD (r->marks, RcaMark, at (40, 0), (char *) "rollback catalog 2.4.0", RCA_CHANGE_ROLLBACK, { (char *) "logs/deploys/ci.log", 13, at (40, 0), NULL });
}

static RcaReport *
report_new (void)
{
  RcaReport *r = keep (g_new0 (RcaReport, 1));
  r->window = (RcaSpan){ at (0, 0), at (60, 0) };
  r->incidents = list ();
  r->checked = list ();
  r->notes = list ();
  r->marks = list ();
  r->sources = keep (g_new0 (RcaSources, 1));
  r->sources->source = list ();
  r->sources->problem = list ();
  r->sources->note = list ();
  ADD (r->checked, RcaChecked, RCA_SYMPTOM_HTTP_5XX, (char *) "catalog", 0.0012, 0.0013, 0.0125);
  ADD (r->checked, RcaChecked, RCA_SYMPTOM_LATENCY, (char *) "catalog", 0.05, NAN, 0.2);
  ADD (r->sources->source, RcaSourceInfo, .path = "logs/nginx/access.log", .format = "nginx", .stream = RCA_STREAM_ACCESS, .service = "catalog", .zone = "UTC", .clock_offset_s = -0.25, .lines = 36003,
       .records = 36000, .parsed = 35990, .rejected = 10, .first_ns = at (0, 1), .last_ns = at (59, 59));
  ADD (r->sources->source, RcaSourceInfo, .path = "logs/junk \033]0;owned\007\xff.bin", .format = NULL, .stream = RCA_STREAM_UNKNOWN, .first_ns = RCA_TIME_NONE, .last_ns = RCA_TIME_NONE);
  return r;
}

RcaReport *
rca_fixture_incident (void)
{
  RcaReport *r = report_new ();
  RcaImpact impact = { 3805, 864, 120, 864.0 / 3805, 120.0 / 3805, 590, 312, 312.0 / 590, routes () };
  ADD (r->incidents, RcaIncident, "3f2a9c01d4e5", at (30, 0), at (29, 59), at (30, 2), RCA_TIME_NONE, RCA_STATE_ONGOING, RCA_SEVERITY_MAJOR, RCA_SYMPTOM_HTTP_5XX, (char *) "catalog",
       (char *) "864 of 3805 requests (22.7 %) failed, most on GET /title/{}, from 14:30:00 UTC, going on", impact, causes (), verdicts (), timeline (FALSE));
  put_chart (r, 0.3, 1.2);
  put_marks (r);
  r->degraded = TRUE;
  g_ptr_array_add (r->notes, (gpointer) "logs/junk.bin: no text and no known format");
  return r;
}

RcaReport *
rca_fixture_latency (void)
{
  RcaReport *r = report_new ();
  RcaImpact impact = { 3805, 0, 1900, 0, 1900.0 / 3805, NAN, NAN, NAN, routes () };
  GPtrArray *all = causes ();
  g_ptr_array_add (all, g_ptr_array_steal_index (all, 0)); /* unknown before the deploy */
  ((RcaCause *) g_ptr_array_index (all, 0))->rank = 1;
  ((RcaCause *) g_ptr_array_index (all, 1))->rank = 2;
  ADD (r->incidents, RcaIncident, "77e0c1b2a3d4", at (30, 0), at (29, 59), at (30, 2), at (50, 0), RCA_STATE_OVER, RCA_SEVERITY_CRITICAL, RCA_SYMPTOM_LATENCY, NULL,
       (char *) "1900 of 3805 requests (49.9 %) were slow, from 14:30:00 UTC to 14:50:00", impact, all, verdicts (), timeline (TRUE));
  put_chart (r, 0, 3.4);
  put_marks (r);
  return r;
}

RcaReport *
rca_fixture_healthy (void)
{
  RcaReport *r = report_new ();
  put_chart (r, 0.0015, 0.08);
  return r;
}

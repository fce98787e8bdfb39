/* What all hypotheses of one incident look at: frames and joins, each asked once, when first needed. */
#pragma once
#include "detect.h"
#include "evidence.h"

/* The frames, one row each in facts.c's table: stream, dimensions, measures, filter. */
typedef enum {
  RCA_FACT_STATEMENTS,     /* db, executions and cancelled ones by fingerprint */
  RCA_FACT_STATEMENT_WAITS, /* db, lock waits and deadlocks by fingerprint */
  RCA_FACT_DB_EVENTS,      /* db by event × database */
  RCA_FACT_APP_STATEMENTS, /* app by fingerprint (ORM logs) */
  RCA_FACT_FAILURES,       /* app, WARN or worse: failure × peer */
  RCA_FACT_WEB_FAILURES,   /* access, error-log rows: failure × upstream */
  RCA_FACT_EXCEPTIONS,     /* app, ERROR or worse: exception × failure */
  RCA_FACT_TEMPLATES,      /* app, ERROR or worse: template × failure */
  RCA_FACT_WARNINGS,       /* app, WARN or worse: template × failure */
  RCA_FACT_UPSTREAMS,      /* access requests by upstream */
  RCA_FACT_ROUTE_UPSTREAMS,/* access requests by route × upstream */
  RCA_FACT_INSTANCES,      /* app by instance × version */
  RCA_FACT_NETWORKS,       /* user-facing by network */
  RCA_FACT_CLIENTS,        /* user-facing by client */
  RCA_FACT_EDGE,           /* cdn by cache status × status class */
  RCA_FACT_ORIGIN,         /* access by status class × upstream class */
  RCA_FACT_ORIGIN_ROUTES,  /* access by route */
  RCA_FACT_METRICS,        /* monitor by metric × host */
  RCA_FACT_KERNEL,         /* monitor rows by failure */
  RCA_FACT_CALLS,          /* app by peer: durations of calls */
  RCA_FACT_SERVICES,       /* app by service × severity */
  RCA_N_FACTS
} RcaFact;

typedef struct {
  RcaContext *c;
  RcaOutbreak *o;
  RcaSpan span;       /* of the outbreak, buckets rounded */
  RcaInstant symptom; /* its onset, seconds since c->start_ns */
  double hi_s;        /* upper end of the onset's range, seconds since c->start_ns */
  double bad;         /* bad requests inside */
  double m;           /* min (50, excess / φ): how many independent failures there are */
  RcaStream judged;   /* stream whose requests carry ids: where joins are made; UNKNOWN when none */
  RcaFrame *frame[RCA_N_FACTS];
  gboolean asked[RCA_N_FACTS];
  GHashTable *joins;  /* key → RcaJoin* */
  GHashTable *services; /* set of service names that rows carry, lower case */
  char *failing_service; /* the service most bad requests were served by, or NULL */
  GArray *instances;  /* upstream addresses that answer for the site: const char* */
} RcaFacts;

RcaFacts *rca_facts_new (RcaContext *context, RcaOutbreak *outbreak);
void rca_facts_free (RcaFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaFacts, rca_facts_free)

/* NULL when the stream is absent or the store cannot tell. */
RcaFrame *rca_facts_frame (RcaFacts *facts, RcaFact fact);

/* Bad and good requests by what their application records carry; NULL when nothing joins.
 * @values: NULL-terminated filter on @filter of the carried rows, or NULL. Owned by @facts. */
RcaJoin *rca_facts_join (RcaFacts *facts, RcaStream carrier, RcaDimension thing, RcaDimension filter, const char *const *values);

/* Share of the joined bad requests that carry @thing, over all routes, and the tables for the
 * evidence (GArray of RcaTable, caller frees); NAN and empty when nothing joins. */
double rca_facts_carried (RcaJoin *join, const char *thing, GArray *tables);

gboolean rca_facts_is_own (const RcaFacts *facts, const char *peer); /* an address of the site's own instances */
/* Seconds since the context's start. */
double rca_facts_seconds (const RcaFacts *facts, gint64 time_ns);

/* ---- a series that rises ---------------------------------------------- */
typedef struct {
  RcaInstant onset;          /* seconds since c->start_ns */
  gint64 onset_ns, lo_ns, hi_ns;
  gint64 end_ns;             /* RCA_TIME_NONE: still high at the window's end */
  double before, during;     /* rates: before the onset, and inside the outbreak */
  double gain;               /* 2Δℓ/φ */
  guint bucket;              /* of the mode */
  gboolean unseen;           /* nothing at all before the onset */
} RcaRise;

/* Finds the rise of @k (events, or real-valued load) per @exposure (NULL: per bucket) that is
 * nearest before or at the outbreak's onset, else the first inside it. FALSE when none passes the penalty. */
gboolean rca_rise_find (const RcaFacts *facts, const double *k, const double *exposure, RcaModel model, guint n_series, RcaRise *out);
void rca_rise_clear (RcaRise *rise);

/* What an archive of months tells: its incidents, which of them come back, which statements grow. */
#pragma once
#include "history.h"
#include "report.h"

/* Incidents with one cause (or one link of its chain) in common. */
typedef struct {
  RcaKind kind;
  char *subject;        /* a deploy's is its service: the versions differ */
  GPtrArray *incidents; /* const RcaIncident*, by start; borrowed */
  char *summary;
} RcaRecurring;

/* A statement that takes longer and longer. */
typedef struct {
  char *fingerprint, *name;
  gint64 first_ns, last_ns;      /* from the day of its first to that of its last execution */
  double first_s, last_s;        /* a call, at both ends of the fitted line */
  double first_calls, last_calls; /* a day, medians of the first and last quarter */
  double a_month_ratio;          /* by how much a month: 1.5 is half as much again */
  double z;                      /* Mann-Kendall */
  RcaSpan sample;                /* its busiest hour of the last days it ran on */
  GPtrArray *routes;             /* char*: "GET /reports/{} (62 %)", most first; empty when nothing tells */
  char *summary;
} RcaGrowing;

/* A rise that belongs to its hour. */
typedef struct {
  gint64 first_ns;
  guint days;
  char *summary;
} RcaRegular;

typedef struct {
  gboolean degraded;
  RcaSpan window;
  GPtrArray *reports;   /* RcaReport*, NULL where one failed; owns the incidents */
  GPtrArray *incidents; /* RcaIncident*, by start; borrowed */
  GPtrArray *incident_report; /* const RcaReport* of each; borrowed */
  GPtrArray *recurring; /* RcaRecurring*, most frequent first */
  GPtrArray *growing;   /* RcaGrowing*, fastest first */
  GPtrArray *regular;   /* RcaRegular* */
  RcaSources *sources;
  GPtrArray *notes;     /* char* */
  double requests, failed; /* of users, over the window */
} RcaBatch;

RcaBatch *rca_batch_new (void);
void rca_batch_free (RcaBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaBatch, rca_batch_free)

/* Takes @report, and of its incidents those that overlap @span and are not there yet. Returns how many. */
guint rca_batch_add (RcaBatch *batch, RcaReport *report, RcaSpan span);

/* Once all incidents are in: sorts them and fills @recurring. */
void rca_batch_find_recurring (RcaBatch *batch);

/* Fills @growing, without routes. @histories: RcaHistory*. */
void rca_batch_find_growing (RcaBatch *batch, const GPtrArray *histories);
/* Finds the routes whose requests carry it in @store, which holds growing->sample, and completes the summary. */
void rca_growing_find_routes (RcaGrowing *growing, RcaStore *store);
void rca_growing_tell (RcaGrowing *growing);

/* Tells of rises that belong to their hour (RcaSurveyRise*). */
void rca_batch_tell_regular (RcaBatch *batch, const GPtrArray *rises);

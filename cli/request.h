/* What to analyse: the options that all commands share which look into logs. */
#pragma once
#include "correlate.h"
#include "options.h"

typedef struct {
  char *window, *baseline, *store, *now, *service, *route, *nginx_conf, *zone;
  char **marks, **input_formats, **paths;
  gboolean utc, no_redact;
  gint jobs;
} RcaRequest;

enum { RCA_REQUEST_N_ENTRIES = 15 };

/* Fills @entries, which point into @request; ends with an empty row. */
void rca_request_entries (RcaRequest *request, GOptionEntry entries[RCA_REQUEST_N_ENTRIES]);
void rca_request_clear (RcaRequest *request);

/* Opens what the request names (PATHs, --store, the default store, the well-known places) and
 * analyses it. When nothing falls into the window: RCA_STORE_ERROR_EMPTY, naming the span that
 * holds data as a window to paste. What was chosen unasked is said on standard error. */
RcaReport *rca_request_analyze (const RcaRequest *request, GError **error);

typedef struct {
  gint64 now_ns;
  RcaSpan window, baseline; /* start == end: not given */
} RcaRequestTimes;

/* The parts of it, for commands that open stores themselves. */
gboolean rca_request_times (const RcaRequest *request, RcaRequestTimes *times, GError **error);
gboolean rca_request_add_marks (const RcaRequest *request, RcaStore *store, gint64 now_ns, GError **error);
/* Where to read when no PATH and no --store is given: a store, or NULL and then
 * rca_well_known_places(). What was chosen is said on standard error. */
char *rca_unnamed_store (void);

/* For RcaOpenOptions.assumed_zone: --zone; NULL: none was given, or (with an error) there is no such zone. */
GTimeZone *rca_request_zone (const RcaRequest *request, GError **error);

/* What the configuration says, else $XDG_STATE_HOME/rca, for a system service /var/lib/rca ($STATE_DIRECTORY). */
char *rca_default_store (void);
/* What columns of a log table in ClickHouse mean (clickhouse-columns); NULL: as the Collector makes them. Transfer full. */
char **rca_clickhouse_columns (void);

/* What to read when neither PATH nor store is there: the configuration's paths, else where logs usually are
 * and something exists; each said on standard error. char*. */
GPtrArray *rca_well_known_places (void);

/* Low priority for processor and disk: the host may be burning. */
void rca_be_nice (void);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RcaRequest, rca_request_clear)

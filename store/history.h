/* What months of logs come down to: requests a minute by route, statements an hour by
 * fingerprint. A store is read once, a piece at a time, into histories; together they answer
 * like a store that holds all of it, in the memory that minutes and routes take, not lines.
 *
 * Only frames of one dimension (none, or ROUTE) are answered, of COUNT, FAILED and DURATION, and
 * filters are not applied: what went in was filtered already. Everything else is empty. */
#pragma once
#include "seam.h"

typedef struct RcaHistory RcaHistory;

#define RCA_HISTORY_REQUEST_WIDTH_NS (60 * RCA_NS_PER_S)
#define RCA_HISTORY_STATEMENT_WIDTH_NS (3600 * RCA_NS_PER_S)

RcaHistory *rca_history_new (void);
void rca_history_free (RcaHistory *history);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaHistory, rca_history_free)

/* Frames by route a minute, or by fingerprint an hour; one call after the other in the order of time. */
void rca_history_add_requests (RcaHistory *history, RcaStream stream, const RcaFrame *frame);
void rca_history_add_statements (RcaHistory *history, const RcaFrame *frame);
/* Where it came from: sources of one path are added up when histories are put together. */
void rca_history_add_sources (RcaHistory *history, const RcaSources *sources);
void rca_history_add_problem (RcaHistory *history, const char *problem);
/* RcaSourceInfo*; owned by @history. */
const GPtrArray *rca_history_sources (const RcaHistory *history);

/* Bytes for a file; the same history gives the same bytes. */
GBytes *rca_history_pack (const RcaHistory *history);
/* NULL when @bytes is torn, changed, or of another version. */
RcaHistory *rca_history_unpack (GBytes *bytes);

/* The seam over @histories (RcaHistory*, borrowed: they outlive the store). */
RcaStore *rca_store_open_history (const GPtrArray *histories);

/* Whether any piece holds requests of @stream that began in @span. */
gboolean rca_history_has_requests (const GPtrArray *histories, RcaStream stream, RcaSpan span);

/* One statement over all hours it ran in. */
typedef struct {
  gint64 start_ns;  /* of the hour */
  double calls, seconds;
} RcaStatementHour;

typedef struct {
  const char *fingerprint, *name; /* owned by the histories */
  GArray *hour;                   /* RcaStatementHour, by time */
} RcaStatementHistory;

/* RcaStatementHistory*, by name, then fingerprint. */
GPtrArray *rca_history_statements (const GPtrArray *histories);

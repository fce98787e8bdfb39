/* An application's record on its way to an event: what its members and pairs say
 * under the names of alias.h is gathered in slots, then understood as a whole
 * (a URL means a served request or an outgoing call by its company; a number means
 * a level by its logger).
 *
 * Life: begin, pair() for each member, rca_text_fields() for a message in prose, end(). */
#pragma once
#include "alias.h"
#include "arena.h"
#include "json-scan.h"
#include "request-memory.h"
#include "timestamp.h"

/* What the member at one place of a record was called last time, and what that meant:
 * loggers write their members in one order, so that the next record's are found here. */
typedef struct {
  guint8 n;
  char path[39];
  const RcaAlias *alias; /* NULL: none */
  gint64 unit_ns;
} RcaAliasMemo;

#define RCA_ALIAS_MEMOS 64 /* a power of two */

/* Learnt from a source's sample, and what runs along with its records. */
typedef struct {
  RcaStampContext stamps;
  gint64 unit_ns;             /* of durations without a unit */
  gint64 last_start_ns;       /* of the last process start told without a version; RCA_TIME_NONE */
  gboolean levels_count_up;   /* numbers below 10 are Nextcloud's, not syslog's */
  gboolean zap_times;         /* "ts" in seconds with a fraction */
  gboolean seconds;           /* durations without a unit are seconds whatever their size (Sidekiq's elapsed) */
  gboolean completion_follows; /* a request is told of once more when it has been answered (Fastify) */
  gboolean version_seen;      /* an earlier record had one */
  RcaRequestMemory *requests; /* begun, not yet answered; made when one is */
  RcaAliasMemo memo[RCA_ALIAS_MEMOS];
  gdouble *durations; /* while learning: bare durations met, else NULL */
  guint n_durations;
  guint n_fractions; /* of them with a decimal point */
} RcaAppSource;

void rca_app_source_init (RcaAppSource *source, gint64 mtime_ns);
void rca_app_source_clear (RcaAppSource *source); /* frees what it holds, not itself */
/* Between these two, records are decoded for their durations alone. */
void rca_app_source_learn (RcaAppSource *source);
void rca_app_source_learnt (RcaAppSource *source);

typedef struct {
  RcaBytes value;
  gint64 unit_ns;
  guint8 strength;
  gboolean number; /* JSON's type; text formats do not know */
} RcaSlotValue;

typedef struct {
  RcaEvent *ev;
  RcaArena *arena;
  RcaAppSource *source;
  guint n_pairs;
  guint64 present; /* bit i: slot i is set */
  RcaSlotValue slot[RCA_N_SLOTS];
} RcaAppRecord;

G_STATIC_ASSERT (RCA_N_SLOTS <= 64);

void rca_app_record_begin (RcaAppRecord *record, RcaEvent *ev, RcaArena *arena, RcaAppSource *source);

/* rca_alias_find() by way of the source's memory. */
const RcaAlias *rca_app_record_alias (RcaAppRecord *record, RcaBytes path, gint64 *unit_ns);

/* A member or pair: into its slot, else an attribute. @path is dotted; JSON objects and arrays are not given. */
void rca_app_record_pair (RcaAppRecord *record, RcaBytes path, RcaBytes value, RcaJsonType type);

/* Puts @value into @slot unless a stronger one is there. */
void rca_app_record_set (RcaAppRecord *record, RcaSlot slot, guint8 strength, RcaBytes value);

static inline gboolean
rca_app_record_has (const RcaAppRecord *record, RcaSlot slot)
{
  return (record->present >> slot) & 1;
}

static inline RcaBytes
rca_app_record_get (const RcaAppRecord *record, RcaSlot slot)
{
  return rca_app_record_has (record, slot) ? record->slot[slot].value : (RcaBytes){ NULL, 0 };
}

/* The span of time in @slot; FALSE when it holds none. */
gboolean rca_app_record_duration (RcaAppRecord *record, RcaSlot slot, gint64 *out_ns);

/* Fills the event. A time or severity that stands in the event already stays when no slot has one. */
void rca_app_record_end (RcaAppRecord *record);

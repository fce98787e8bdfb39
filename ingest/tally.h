/* What the events of a source add up to: the counts of rca.sources/1. */
#pragma once
#include "source.h"

typedef struct RcaTally RcaTally;

RcaTally *rca_tally_new (RcaSource *source);
/* Counts one event into the source (records and parsed or rejected are the reader's business). */
void rca_tally_event (RcaTally *tally, const RcaEvent *ev);
/* A time that is known of the source without its record having been read. */
void rca_tally_time (RcaTally *tally, gint64 time_ns);
/* Adds what @more counted (times, fields and counts of its source included) to @tally and its source. */
void rca_tally_merge (RcaTally *tally, RcaTally *more);
/* Settles what only the whole tells: stream, service, host. */
void rca_tally_finish (RcaTally *tally);
void rca_tally_free (RcaTally *tally);

/* "storefront" of "logs/app/storefront-2.log.1.gz", "nginx" of "/var/log/nginx/access.log";
 * NULL when the path tells none. */
char *rca_service_from_path (const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaTally, rca_tally_free)

/* Looking after a store folder: what is in it, whether it is whole, what may go. */
#pragma once
#include "store.h"

typedef struct {
  char *path, *format, *problem; /* @problem: what could not be read of it the last time, or NULL */
  RcaStream stream;
  guint64 records, lines, segments, bytes_on_disk;
  gint64 first_ns, last_ns; /* as logged; RCA_TIME_NONE */
  gint64 read_ns;           /* when something of it was read last; 0: never */
  guint64 behind_bytes;     /* that stand in its files now and were not read */
} RcaStoreSource;

typedef struct {
  guint64 generation, records, segments, bytes_on_disk;
  guint64 detached_files, detached_bytes; /* put aside as damaged */
  gint writer;                            /* the process that writes to it now; 0: none */
  gint64 writer_alive_ns;                 /* when that was alive last */
  GPtrArray *source;                      /* RcaStoreSource, by path */
  GPtrArray *problem;                     /* char* */
} RcaStoreInfo;

RcaStoreInfo *rca_store_info (const char *dir, GError **error);
void rca_store_info_free (RcaStoreInfo *info);

typedef struct {
  guint64 segments, blocks, bytes; /* that were looked at */
  guint64 rows_lost;               /* in what is damaged */
  GPtrArray *damage;               /* char*: each damaged file, or block of one, and what it costs */
} RcaStoreVerdict;

/* Reads every byte of the store @dir against its checksums and every row out of its blocks. FALSE only when it
 * could not be done at all. @detach: segments of which nothing can be read go to detached/ (needs the lock).
 * @progress: (nullable): bytes. */
gboolean rca_store_verify (const char *dir, gboolean detach, RcaReadProgress *progress, RcaStoreVerdict *verdict, GError **error);
void rca_store_verdict_clear (RcaStoreVerdict *verdict);

typedef struct {
  gint64 older_than_ns; /* segments whose newest record was logged before that go; RCA_TIME_NONE: no bound */
  guint64 most_bytes;   /* the oldest segments go until the rest fits; 0: no bound */
  gboolean dry_run;
} RcaPruneOptions;

typedef struct {
  guint64 segments, records, bytes, kept_bytes;
} RcaPruneResult;

/* One commit. What goes are whole segments; what is open still (the end of a log that is being written) stays. Sources stay known,
 * so that nothing is read again. Readers keep what they opened. */
gboolean rca_store_prune (const char *dir, const RcaPruneOptions *options, RcaPruneResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaStoreInfo, rca_store_info_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RcaStoreVerdict, rca_store_verdict_clear)

/* Opening and filling stores: all that the command line knows of this folder
 * beside the seam. */
#pragma once
#include "seam.h"
#include "source.h"

typedef struct {
  RcaSpan span;             /* what will be asked about, its baseline included; start == end: everything */
  RcaReadOptions read;      /* forced formats, nginx.conf; its from_ns and to_ns are not used: @span says it */
  gboolean no_redact;       /* show secrets in quoted lines */
  guint jobs;               /* threads to read with; 0: half of the cores, at least one */
  const char *const *columns; /* (nullable): NAME=EXPRESSION: what the columns of a ClickHouse's log table mean (clickhouse/mapping.h) */
  GTimeZone *assumed_zone;  /* (nullable): for sources without a zone that nothing tells; NULL: the machine's */
} RcaOpenOptions;

/* Backend `files`: reads @paths once, into columns in memory.
 * Fails with RCA_STORE_ERROR_EMPTY when nothing usable was found; its message says, file by
 * file, why. Single files that cannot be read are in rca_store_sources()->problem. */
RcaStore *rca_store_open_files (const char *const *paths, guint n_paths, const RcaOpenOptions *options, GError **error);

/* The same over sources that the caller put together (RcaSource, see source.h), each read by this
 * store alone: which parts of which logs. The store keeps a reference to @sources. */
RcaStore *rca_store_open_sources (GPtrArray *sources, const RcaOpenOptions *options, GError **error);

/* Backend `local`: a store folder made by rca_store_ingest(). */
RcaStore *rca_store_open_local (const char *dir, const RcaOpenOptions *options, GError **error);

/* What --store names: a store folder, or the address of a ClickHouse (clickhouse/address.h). */
RcaStore *rca_store_open (const char *where, const RcaOpenOptions *options, GError **error);

/* Whether @where is the address of a ClickHouse. */
gboolean rca_store_is_remote (const char *where);
/* FALSE, with an error, when it is one: @instead says what to do about what only a store folder can. */
gboolean rca_store_must_be_local (const char *where, const char *instead, GError **error);

/* Whether @dir holds a store's manifest. */
gboolean rca_store_is_local (const char *dir);

typedef struct {
  guint64 sources, lines, records, bytes_in, bytes_on_disk;
  GPtrArray *problem; /* char* */
} RcaIngestResult;

/* Reads @paths into the store @dir (made when absent; or the address of a ClickHouse): one atomic commit. What is
 * already in the store (same identity of source and offset) is not read again. */
gboolean rca_store_ingest (const char *dir, const char *const *paths, guint n_paths, const RcaOpenOptions *options, RcaIngestResult *result, GError **error);
void rca_ingest_result_clear (RcaIngestResult *result);

typedef struct {
  RcaOpenOptions open;
  int stop_fd;        /* readable: commit what is there, and return */
  const gint *cancel; /* (nullable): 1 (atomically): return at once, the last commit stands */
  void (*say) (const char *message, gpointer user); /* what whoever looks after it should know: once, not each time */
  gpointer user;
} RcaFollowOptions;

/* As rca_store_ingest(), again and again: what is written to @paths (which may come later) is in the
 * store a moment after it stands there as a whole line, each record once, whatever becomes of the
 * file's name. A disk that is full, or fails, is waited for. Returns TRUE when it was told to stop. */
gboolean rca_store_follow (const char *dir, const char *const *paths, guint n_paths, const RcaFollowOptions *options, RcaIngestResult *result, GError **error);

typedef struct {
  guint64 sources, files, bytes;
  GPtrArray *problem; /* char*: what could not be given back, and why */
} RcaExportResult;

/* Gives back what was read into the store @dir: each file's bytes (of a compressed one the decompressed bytes, of an
 * archive each member's) under its own path below @out, whose folders are made. @source: paths, ends of paths or names
 * of sources; none: all. Fails with RCA_STORE_ERROR_EMPTY when no source is meant. */
gboolean rca_store_export (const char *dir, const char *out, const char *const *source, guint n_source, RcaExportResult *result, GError **error);
void rca_export_result_clear (RcaExportResult *result);

typedef struct {
  guint64 segments_before, segments_after, bytes_before, bytes_after;
  GPtrArray *problem; /* char*: what was left as it is, and why */
} RcaCompactResult;

/* Merges the small neighbouring segments of each source of the store @dir and compresses them harder, each source in a
 * commit of its own. Readers are not disturbed; another writer fails with RCA_STORE_ERROR_LOCKED meanwhile. */
gboolean rca_store_compact (const char *dir, RcaCompactResult *result, GError **error);
void rca_compact_result_clear (RcaCompactResult *result);

/* A change marker for the default store (`rca deploy`): appended durably. */
gboolean rca_store_add_marker (const char *dir, const char *service, const char *version, gint64 time_ns, const char *note, GError **error);

/* Adds the change markers of the store @dir (which may be absent) to this analysis: those of the default store
 * are part of every one. Not for @dir itself when it is what was opened. */
void rca_store_read_markers (RcaStore *store, const char *dir);

/* A marker of the command line (`--mark T=TEXT`) for this analysis only. */
void rca_store_mark (RcaStore *store, gint64 time_ns, const char *text);

/* Which lines of one part belong to records that were asked for. */
typedef struct {
  guint64 line; /* from here on up to the next turn */
  gboolean inside;
} RcaTurn;

typedef struct {
  char *path;    /* of the part, as references write it */
  GArray *turn;  /* RcaTurn by line; what stands before the first is outside */
  guint64 enter; /* bytes before that were not read; lines count from there */
  guint64 leave; /* from this byte on nothing is inside; G_MAXUINT64: not known */
} RcaInside;

/* Of a store over files: the lines of records whose time, zone and clock corrected, lies in @span (start == end:
 * any time) and whose service is @service (NULL: any). RcaInside*, transfer full. */
GPtrArray *rca_store_inside (RcaStore *store, RcaSpan span, const char *service);

/* Lines of a store as they stood in their file. */
typedef struct {
  const char *path; /* of the part, as references write it */
  guint64 first;    /* number of the first one */
  RcaBytes text;    /* whole lines; the last of a file may lack its line feed */
} RcaStoreLines;

typedef struct {
  const GPtrArray *inside; /* (nullable): RcaInside*: only lines near those of it are wanted */
  const char *literal;     /* (nullable): stands in every line that is wanted; such lines are among others */
  const char *const *path; /* (nullable), NULL-terminated: only of these logs, or those in these folders */
} RcaStoreLook;

/* Gives the lines of the store folder @dir, part after part as their sources are sorted, each from its first line
 * on, until @take returns FALSE. What cannot be wanted may be left out, a run of lines at a time. Damaged runs are
 * named in @problem (char*) and left out. FALSE when there is no store to read. */
typedef gboolean (*RcaStoreTake) (const RcaStoreLines *lines, gpointer user);
gboolean rca_store_each_lines (const char *dir, const RcaStoreLook *look, RcaStoreTake take, gpointer user, GPtrArray *problem, GError **error);

/* One dictionary of ids for all sources of a store.
 *
 * Request and trace ids are most of what an access log cannot be compressed below, and the application's log holds
 * them again. Each id is written once, as 16 bytes, where it is met first; lines everywhere refer to it by its place,
 * and places of neighbouring lines differ by little: a reference costs 1 to 2 bytes, the join becomes a comparison of
 * numbers. A pass writes one file of the ids that are new in it, in blocks of 65536 with the span of time they came
 * from; an id is looked for in the blocks around the time of the lines at hand, so memory is bounded whatever the size. */
#pragma once
#include "local/lines/lines.h"
#include "local/manifest.h"

#define RCA_IDS_BLOCK 65536

/* A reference: which file, which id in it. */
static inline guint64
rca_id_reference (guint64 number, guint64 index)
{
  return number << 32 | index;
}

char *rca_ids_name (guint64 number);

/* ---- writing: one a pass, shared by the sources read in it ---- */

typedef struct RcaIds RcaIds;
/* Ids that @manifest's files hold are found again; new ones go to a file of number @number. */
RcaIds *rca_ids_new (const char *dir, const RcaManifest *manifest, guint64 number);
void rca_ids_free (RcaIds *ids); /* what was not committed is gone */
/* Makes the file last and enters it in @manifest. */
gboolean rca_ids_commit (RcaIds *ids, RcaManifest *manifest, GError **error);

/* What one source writes its lines with. */
typedef struct {
  RcaIdStore store; /* for rca_lines_encode() */
  RcaIds *ids;
  gint64 min_ns, max_ns; /* of the rows at hand; set before each block */
  guint64 first, last;   /* (out) numbers of the files referred to; 0: none */
  guint at;              /* the block that had the last one */
} RcaIdNamer;
void rca_id_namer_init (RcaIdNamer *namer, RcaIds *ids);

/* ---- reading ---- */

/* The files of a store, opened when an id of theirs is wanted. Thread-safe. */
typedef struct RcaIdFiles RcaIdFiles;
RcaIdFiles *rca_id_files_new (const char *dir);
RcaIdFiles *rca_id_files_ref (RcaIdFiles *files);
void rca_id_files_unref (RcaIdFiles *files);
gboolean rca_id_files_fetch (RcaIdFiles *files, const guint64 *reference, gsize n, guint8 *ids, GError **error);
/* Adds the places (guint64) of @id in file @number to @reference. FALSE when the file is damaged. */
gboolean rca_id_files_find (RcaIdFiles *files, guint64 number, const guint8 id[16], GArray *reference, GError **error);
/* Reads every block of file @number; FALSE with the first that is damaged. */
gboolean rca_id_files_verify (RcaIdFiles *files, guint64 number, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaIds, rca_ids_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaIdFiles, rca_id_files_unref)

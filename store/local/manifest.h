/* The manifest: which segments make the store, and how far each source was read.
 *
 * Replaced as a whole, atomically; the generation before is kept and used when the
 * newest does not check out. What it does not name does not belong to the store. */
#pragma once
#include "local/segment.h"

/* One file (or archive member) of a source, and what of it is in the store.
 *
 * Records that begin before @sealed stand in segments that are kept. Those behind it, up to
 * @offset, are the open end: the last line may not be whole yet, more lines may belong to the
 * last record. They stand in one small segment, which the next look replaces by what it reads
 * from @sealed on; so a record is there once, and whole as soon as it is. */
typedef struct {
  char *path;              /* where it lay when it was read last */
  guint64 device, inode;   /* of that file; 0: not known */
  guint64 size;            /* of the file on disk then; with @mtime_ns: unchanged means nothing new */
  gint64 mtime_ns;
  guint64 head_n, head;     /* XXH3-64 of its first @head_n decompressed bytes: the same file under another name */
  guint64 before_n, before; /* XXH3-64 of the @before_n bytes before @offset: not truncated and written anew; 0: not known */
  guint64 offset;           /* decompressed bytes that were read */
  guint64 sealed;           /* decompressed: see above */
  guint64 lines;            /* up to @sealed */
  guint64 broken;           /* 1: it could not be read whole */
  guint64 encoding, mark;   /* RcaEncoding of the file, and bytes of its byte-order mark: offsets are of UTF-8 without it */
  guint64 lossy;            /* 1: its UTF-16 was not whole: it cannot be given back byte for byte */
  gint64 read_ns;           /* when it was read last */
} RcaManifestPart;

typedef struct {
  RcaTableSource *info; /* counts and names; no rows */
  GPtrArray *part;      /* RcaManifestPart; rows name them by place */
  GArray *segment;      /* RcaSegmentEntry, oldest first */
} RcaManifestSource;

/* A file of ids (local/ids.h). */
typedef struct {
  guint64 number, n, bytes;
} RcaManifestIds;

typedef struct {
  guint64 generation, next_segment, next_ids;
  GArray *ids;        /* RcaManifestIds: those that segments refer to */
  GPtrArray *source;  /* RcaManifestSource, by path */
  gboolean fell_back; /* the newest generation is damaged: this is the one before it */
} RcaManifest;

RcaManifest *rca_manifest_new (void);
void rca_manifest_free (RcaManifest *manifest);
RcaManifestSource *rca_manifest_find (const RcaManifest *manifest, const char *path);
RcaManifestSource *rca_manifest_add (RcaManifest *manifest, const char *path);
void rca_manifest_part_free (RcaManifestPart *part);

/* The newest generation that checks out. @note: (out): what was wrong with a newer one, or NULL. */
RcaManifest *rca_manifest_read (const char *dir, char **note, GError **error);
/* The same for the writer, who must not go back behind a generation that is there but that the disk does not give
 * just now: then RCA_STORE_ERROR_READ. A store that is not there is an empty one. */
RcaManifest *rca_manifest_read_to_write (const char *dir, char **note, GError **error);
/* As the next generation. */
gboolean rca_manifest_write (RcaManifest *manifest, const char *dir, GError **error);
gboolean rca_manifest_exists (const char *dir);
RcaManifest *rca_manifest_copy (const RcaManifest *manifest);

/* One of the two files, without going back to the other. */
#define RCA_MANIFEST_NAME   "manifest"
#define RCA_MANIFEST_BEFORE "manifest.before"
RcaManifest *rca_manifest_read_one (const char *dir, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaManifest, rca_manifest_free)

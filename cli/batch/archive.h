/* An archive: logs in parts (or a store), read a piece at a time so that memory stays bounded,
 * and again where a piece of time is to be looked at closely. */
#pragma once
#include "history.h"
#include "store.h"

typedef struct {
  guint log;          /* index into RcaArchive.log */
  guint first, n;     /* its parts */
  RcaSpan span;       /* only what starts there; start == end: all of it */
  guint64 bytes;      /* on disk, of what is read */
  char *key;          /* 32 hex digits: what was read, and how; a changed file has another one */
  char *name;         /* for messages */
  RcaHistory *history; /* once it is read */
  gint64 first_ns, last_ns; /* of its records, RCA_TIME_NONE: none has a time */
  gboolean anywhere;  /* times without a zone, or none at all */
} RcaPiece;

typedef struct {
  GPtrArray *log;     /* RcaSource */
  GPtrArray *piece;   /* RcaPiece, by log, then time */
  GPtrArray *problem; /* char* */
  guint64 bytes;
  RcaOpenOptions open; /* borrowed strings */
  char *store;         /* a store's folder; NULL: files */
} RcaArchive;

/* Finds the logs and cuts them into pieces. @open: how to read; its span is not used. */
RcaArchive *rca_archive_new (const char *const *paths, guint n_paths, const RcaOpenOptions *open, GError **error);
/* The same over a store made by rca ingest. */
RcaArchive *rca_archive_new_store (const char *dir, const RcaOpenOptions *open, GError **error);
void rca_archive_free (RcaArchive *archive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaArchive, rca_archive_free)

/* Reads @piece into its history. A piece in which nothing is usable has an empty one. */
void rca_archive_read (const RcaArchive *archive, RcaPiece *piece);
/* Takes a history that was read before. */
void rca_piece_take (RcaPiece *piece, RcaHistory *history);

/* Everything of @span (and small logs whole), once all pieces are read. */
RcaStore *rca_archive_open (const RcaArchive *archive, RcaSpan span, GError **error);

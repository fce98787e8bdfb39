/* One pass over sources: what is new in them becomes segments, and one manifest makes it count.
 *
 * ingest-plan.c decides what is read, ingest-read.c reads it, ingest.c commits it; follow.c
 * does so again and again. */
#pragma once
#include "local/look.h"
#include "store.h"

typedef struct {
  const char *dir;
  const RcaOpenOptions *options;
  gint64 now_ns;
  gboolean follow;   /* a half line waits until it is whole, or has been left so for a while */
  gboolean thorough; /* names may have changed since the last pass: rotated siblings are searched */
  guint64 bytes;     /* about that much of a plain file is read; 0: all */
  struct RcaIds *ids; /* where ids of what is kept for good go; NULL: nowhere */
} RcaPass;

/* A file that is kept open between passes: it is read to its end also when its name is gone. */
typedef struct {
  guint place;
  int fd;
} RcaKept;

typedef enum {
  RCA_PIECE_SEAL,  /* everything up to the end, for good */
  RCA_PIECE_OPEN,  /* everything up to the end, replaced by the next look */
  RCA_PIECE_SPLIT, /* the beginning for good, the end open */
} RcaPieceKind;

typedef struct {
  RcaPieceKind kind;
  guint place;
  RcaLook *look; /* not owned */
  RcaPartRange range;
  const RcaFormat *format; /* told before, or NULL */
  gboolean rest;           /* (out): of a split one: something is left that stays open */
} RcaPiece;

/* What one source has to do in this pass. */
typedef struct {
  const RcaPass *pass;
  RcaManifestSource *to;
  const RcaSource *found; /* not owned */
  RcaSource *source;      /* where its parts were found, with those that were found in other ways */
  GPtrArray *look;        /* RcaLook, oldest first */
  gint *place;
  char *was;           /* what the source was called before this pass */
  GArray *piece;       /* RcaPiece */
  guint64 number;      /* of the first segment it may write; there are 1 + pieces of them */
  GPtrArray *problem;  /* char*: parts that could not be looked at */
  gboolean touched;    /* @to changed without reading (a name, an end that is sealed) */
  gboolean torn;       /* (out) a file was written anew while it was read: nothing of it counts */
  gboolean restless;   /* names change faster than they can be looked at */
  gboolean more;       /* there is more to read than one pass takes */
  gboolean waits;      /* a half line is held back, or a copy in the making: look again soon */
  gint64 records, lines;          /* (out): more than there were before */
  guint64 bytes_in, bytes_on_disk; /* (out) */
  GArray *retired;     /* (out) guint64: segments that were replaced */
  GError *error;       /* (out) */
} RcaIngestWork;

/* @kept: (nullable): by path of the source: GArray of RcaKept; they stay the caller's. */
RcaIngestWork *rca_ingest_plan (const RcaPass *pass, RcaManifest *manifest, const RcaSource *found, GHashTable *kept);

/* Takes what must stay open until the next pass out of @work; NULL when there is none. */
GArray *rca_ingest_keep (RcaIngestWork *work);
void rca_ingest_work_free (RcaIngestWork *work);

/* Reads the pieces of @work into segments and enters them in its source. Thread-safe over different sources. */
void rca_ingest_read (RcaIngestWork *work);

/* Says where reading begins, a line's start before @range->from, so that the decoder sees what came before. */
void rca_ingest_prime (const RcaLook *look, RcaPartRange *range);

/* ingest-count.c: what a segment adds to its source. */
void rca_ingest_add (RcaTableSource *info, const RcaTableSource *rows, RcaSegmentEntry *entry, gboolean describe);
void rca_ingest_subtract (RcaTableSource *info, const RcaSegmentEntry *entry);

/* Takes the open end of part @place out of @to; FALSE when there is none. */
gboolean rca_ingest_take_tail (RcaManifestSource *to, guint place, RcaSegmentEntry *entry);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaIngestWork, rca_ingest_work_free)

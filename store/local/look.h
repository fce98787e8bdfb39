/* Which file is which: the files that are found now against the parts that the store knows.
 *
 * A log is renamed, copied and truncated, compressed, deleted and made anew under the same
 * inode, all of it also while nobody looks. What stays is its content: a part is told by the
 * first bytes of it (as many as there were) and by the bytes before the place up to which it
 * was read; device and inode, then the name, only decide between files that both fit. */
#pragma once
#include "local/manifest.h"

#define RCA_LOOK_HEAD_BYTES   4096
#define RCA_LOOK_BEFORE_BYTES 256

typedef struct {
  RcaSourcePart *part; /* (transfer none): where it was found */
  char *path;          /* as the manifest says it: PATH or PATH/MEMBER */
  int fd;              /* a regular file, open; else -1. Owned. */
  guint64 device, inode, size;
  gint64 mtime_ns;
  gboolean nameless; /* it was kept open; nothing leads to it any more */
  gboolean plain; /* bytes on disk are the bytes read */
  guint64 n;      /* decompressed bytes in @head */
  char head[RCA_LOOK_HEAD_BYTES];
  char *problem; /* why it cannot be read, or NULL */
} RcaLook;

/* @fd: the file when it is open already (taken), else -1. Never fails: @problem says what is wrong. */
RcaLook *rca_look_new (RcaSourcePart *part, int fd);
void rca_look_free (RcaLook *look);

/* Lets go of the descriptor: it is opened again by its name when it is needed. Not for one without a name. */
void rca_look_release (RcaLook *look);

/* Exactly @n bytes of the file on disk at @offset. */
gboolean rca_look_read (const RcaLook *look, guint64 offset, gpointer data, gsize n);

/* XXH3 of up to RCA_LOOK_BEFORE_BYTES bytes of a plain file before @offset. FALSE when they cannot be read. */
gboolean rca_look_before (const RcaLook *look, guint64 offset, guint64 *n, guint64 *hash);

/* The end of the last whole line of a plain file at or after @from; @from when there is none. */
guint64 rca_look_whole_lines (const RcaLook *look, guint64 from);

/* What a look turned out to be, when it is none of the known parts. */
enum {
  RCA_LOOK_NEW = -1,
  RCA_LOOK_LATER = -2, /* a copy in the making of another file, or one that changes right now: not read this time */
};

/* @look: RcaLook, oldest first. @place: (out): for each the place of the part it is, or one of the
 * above. @now_ns: wall clock. */
void rca_look_match (const GPtrArray *look, const GPtrArray *part, gint64 now_ns, gint *place);

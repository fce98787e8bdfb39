/* The bytes of one part of a source: a file, standard input or an archive's member,
 * decompressed and as UTF-8.
 *
 * Compression (gzip, zstd, xz, bzip2, lz4, compress), tar and zip are told by content,
 * also one within another (a .gz inside a .tar.zst). A byte-order mark is dropped, UTF-16
 * is converted. Reading streams: memory does not grow with the input. */
#pragma once
#include "source.h"

typedef struct RcaInput RcaInput;

/* Opens @path ("-": standard input), or @member of the archive @path when not NULL. */
RcaInput *rca_input_open (const char *path, const char *member, GError **error);

/* The same for a file that is open already: @fd stays the caller's, its position is moved. */
RcaInput *rca_input_open_fd (int fd, const char *path, const char *member, GError **error);
void rca_input_free (RcaInput *input);

/* Up to @n bytes into @buffer. Returns how many; 0 at the end; -1 with @error set when
 * the rest is lost: what came before it was given. */
gssize rca_input_read (RcaInput *input, char *buffer, gsize n, GError **error);

/* When it was last written; RCA_TIME_NONE when unknown. */
gint64 rca_input_mtime_ns (const RcaInput *input);

/* A plain file: bytes on disk are the bytes read. */
gboolean rca_input_is_plain (const RcaInput *input);

/* How the file is encoded (RcaEncoding), how long its byte-order mark is, and whether what was given so far
 * turns back into it. */
guint rca_input_encoding (const RcaInput *input, guint *mark, gboolean *lossy);

/* Goes on at byte @offset of a plain file. FALSE when it cannot. */
gboolean rca_input_seek (RcaInput *input, guint64 offset);

/* A plain file ends at byte @end, whatever was written behind it meanwhile. */
void rca_input_limit (RcaInput *input, guint64 end);

/* Skips a hole (no blocks on disk: a truncation under a writer leaves it) of a plain file at
 * where reading stands. Returns how many bytes were skipped. */
guint64 rca_input_skip_hole (RcaInput *input);

/* Counts the bytes read from disk in @done, atomically, those read already included. */
void rca_input_count (RcaInput *input, gsize *done);

/* Calls @each for every regular file in the archive @path. Returns FALSE without error
 * when @path is no archive of several files (plain or merely compressed); with @error
 * when it is damaged (those before the damage were given). */
typedef void (*RcaInputMember) (const char *member, gpointer user);
gboolean rca_input_members (const char *path, RcaInputMember each, gpointer user, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaInput, rca_input_free)

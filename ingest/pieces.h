/* A large plain log, or what a window wants of one, read in pieces that know nothing of each other.
 *
 * Where pieces begin depends on the file and the window alone, so that the number of threads that read
 * them changes nothing. Each decoder is shown some lines before its piece first. A record belongs to
 * the piece it begins in; whether the pieces met is checked when they are put together. */
#pragma once
#include "source.h"

typedef struct RcaPieces RcaPieces;

/* The pieces of @source, which is not changed and outlives them. NULL when it is to be read as one: small, of several
 * parts, compressed, out of order, a document… @options: as for rca_source_read(), with lines_later. */
#define RCA_PIECE_BYTES ((guint64)8 << 20)
RcaPieces *rca_pieces_cut (RcaSource *source, const RcaReadOptions *options, guint64 piece_bytes);
void rca_pieces_free (RcaPieces *pieces);

guint rca_pieces_n (const RcaPieces *pieces);
/* What @emit will be given for piece @i: a source of its own with one part. */
RcaSource *rca_pieces_source (RcaPieces *pieces, guint i);

/* Reads piece @i; different ones may be read at the same time. */
void rca_pieces_read (RcaPieces *pieces, guint i, RcaSourceEmit emit, gpointer user);

/* When all were read: fills the source as rca_source_read() does, and in @lines_before how many lines stand between
 * where the window is entered and where the line numbers of each piece begin (it may be below 0). FALSE when
 * the pieces do not meet: nothing has changed, and the source is to be read as one. */
gboolean rca_pieces_join (RcaPieces *pieces, gint64 *lines_before);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaPieces, rca_pieces_free)

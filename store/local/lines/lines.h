/* Lines: raw bytes of one source ⇄ columns. Lossless for any bytes.
 *
 *   10.0.0.7 - - [12/Mar/2024:00:00:00 +0000] "GET /products/11617 HTTP/2.0" 200 10141
 *   └ipv4   └─┴ dash └ stamp                   └ phrase: `GET /products/` int ` HTTP/` decimal
 *
 * A line is constant text and variables in turn (CLP, OSDI'21: log types and variables). The constant
 * parts form a trie, and each variable's place in the trie is a column, so that templates with a
 * common beginning share the columns of that beginning. A quoted string is a variable by itself:
 * a word of a dictionary when it repeats, otherwise a phrase with a trie of its own. One column
 * tells each line's template and thereby the order; no format is known here.
 * What pays is tried on the data (plan.c): a column as the difference from another (upstream time,
 * request time), predicted from another (the agent from the client), sorted by another (bytes by route).
 *
 * A block stands by itself: what is damaged costs that block. */
#pragma once
#include "local/encodings/buffer.h"

/* Ids (32 hexadecimal digits, UUIDs) as the 16 bytes they are. With a store of ids behind it a
 * block holds references only (local/ids.h); without, the bytes. */
typedef struct {
  /* Names @n ids of 16 bytes; a reference each into @reference. */
  gboolean (*name) (const guint8 *ids, gsize n, guint64 *reference, gpointer user, GError **error);
  /* The other way round; FALSE when the ids are lost. */
  gboolean (*fetch) (const guint64 *reference, gsize n, guint8 *ids, gpointer user, GError **error);
  gpointer user;
} RcaIdStore;

/* ---- writing ---- */

/* What was learnt of a source's lines: templates, what pays. One a source, block after block. */
typedef struct RcaLinesCodec RcaLinesCodec;
RcaLinesCodec *rca_lines_codec_new (void);
void rca_lines_codec_free (RcaLinesCodec *codec);

/* A block as columns: pieces that are compressed each by itself, the first describes the others. */
typedef struct {
  guint64 n_lines, n_bytes;
  gboolean plain; /* regenerated otherwise than it came: kept as the text it is */
  GArray *piece;  /* RcaBuffer, owned */
  struct RcaLinesBlock *block; /* regenerated from: reads from @piece, and refers to the text; NULL when plain */
} RcaLinesEncoded;

/* Encodes @raw, regenerates it and compares. @ids: (nullable). Never fails but by @ids. */
gboolean rca_lines_encode (RcaLinesCodec *codec, RcaBytes raw, const RcaIdStore *ids, RcaLinesEncoded *out, GError **error);
void rca_lines_encoded_clear (RcaLinesEncoded *encoded);

/* ---- reading ---- */

/* Piece @index uncompressed; owned by the caller's @user for as long as the block is open. NULL: lost. */
typedef const RcaBuffer *(*RcaLinesPiece) (guint index, gpointer user, GError **error);

typedef struct RcaLinesBlock RcaLinesBlock;
/* A block of @n_lines lines and @n_bytes bytes in @n_pieces pieces. Columns are read when they are asked for. */
RcaLinesBlock *rca_lines_open (guint64 n_lines, guint64 n_bytes, gboolean plain, guint n_pieces, RcaLinesPiece piece, gpointer user, const RcaIdStore *ids, GError **error);
void rca_lines_close (RcaLinesBlock *block);
/* All of it; transfer full. */
GBytes *rca_lines_text (RcaLinesBlock *block, GError **error);
/* @n lines from @first on, each with its line feed (the last of the block as it came); transfer full. */
GBytes *rca_lines_some (RcaLinesBlock *block, guint64 first, guint64 n, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaLinesCodec, rca_lines_codec_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaLinesBlock, rca_lines_close)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RcaLinesEncoded, rca_lines_encoded_clear)

/* The raw lines of a source, for quoting: a stream of bytes in blocks.
 *
 * Blocks are kept as they are until @budget bytes, then compressed; blocks of a
 * segment are read when they are asked for. Not thread-safe. */
#pragma once
#include <gio/gio.h>
#include "bytes.h"

#define RCA_TEXT_BLOCK_BYTES (256 * 1024)

typedef struct RcaText RcaText;

RcaText *rca_text_new (void);
void rca_text_free (RcaText *text);

/* Adds @bytes; returns their position. A record never spans two blocks. */
guint64 rca_text_append (RcaText *text, RcaBytes bytes);
/* Compresses all blocks from now on (a big input). */
void rca_text_squeeze (RcaText *text);
/* Moves all of @from, which holds no lines, behind what @text holds; returns how far its positions move. */
guint64 rca_text_take (RcaText *text, RcaText *from);
guint64 rca_text_memory (const RcaText *text);

/* Up to @n bytes at @position; valid until the next call on @text; n = 0 when they are gone. */
RcaBytes rca_text_get (RcaText *text, guint64 position, gsize n);

/* For segments. @fetch gives block @index uncompressed, or NULL when it is damaged. */
typedef GBytes *(*RcaTextFetch) (guint index, gpointer user);
guint rca_text_n_blocks (const RcaText *text);
/* Block @index uncompressed: its first position, its bytes. */
RcaBytes rca_text_block (RcaText *text, guint index, guint64 *position);
/* Lets go of block @index, which is written elsewhere; nothing more is added to it. */
void rca_text_release (RcaText *text, guint index);
guint64 rca_text_end (const RcaText *text); /* the position after the last byte */
/* Adds a block of @n bytes at the end that @fetch will bring. */
void rca_text_add_remote (RcaText *text, gsize n, RcaTextFetch fetch, gpointer user, guint index);

/* Lines of a log that is kept as columns have positions of their own: this bit, and which line. A length is then
 * a number of lines. */
#define RCA_TEXT_LINES (G_GUINT64_CONSTANT (1) << 62)

/* @n lines of block @index from @first on, as a record's text; NULL when they are lost. */
typedef GBytes *(*RcaTextLines) (guint index, guint64 first, guint64 n, gpointer user);
/* Adds a block of @n lines behind the other lines. */
void rca_text_add_lines (RcaText *text, guint64 n, RcaTextLines fetch, gpointer user, guint index);
guint64 rca_text_lines_end (const RcaText *text); /* with RCA_TEXT_LINES: the position after the last line */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaText, rca_text_free)

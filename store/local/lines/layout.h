/* A block's columns as they are read (private to the codec and to derive.c).
 *
 * The same trie as shape.h, fixed: each text's template is a list of steps, each step constant bytes
 * and then a slot. Cursors go forward with the lines. */
#pragma once
#include "local/encodings/integers.h"
#include "local/lines/lines.h"
#include "local/lines/shape.h"

typedef struct RcaLayoutSlot RcaLayoutSlot;
typedef struct RcaLayoutTrie RcaLayoutTrie;

/* Where a phrase stands in the block's text. */
typedef struct {
  guint32 at, n;
} RcaLayoutSpan;

typedef struct {
  RcaBytes literal; /* RCA_LAYOUT_SLACK */
  RcaLayoutSlot *slot; /* NULL: the text ends */
} RcaLayoutStep;

/* Bytes of a column, where they stand. */
typedef struct {
  guint piece;     /* 0: at @p */
  const guint8 *p;
  gsize n;
} RcaLayoutColumn;

typedef struct {
  guint8 kind, how;
  guint16 param;
  guint32 by;  /* another slot's number, when @how says so */
  guint64 n;
  RcaLayoutColumn column[2]; /* RAW has two */
  guint64 *value;      /* numbers, codes, references to ids, lengths of raw bytes */
  const guint8 *bytes; /* of RAW; of ids without a store */
  gsize n_bytes;
  guint8 *id; /* 16 each, fetched when they are asked for */
  gsize at, at_bytes;
} RcaLayoutTag;

/* Its kinds are known when a block is opened, its values and words by rca_layout_ready(). */
struct RcaLayoutSlot {
  guint32 number;
  gboolean ready;
  RcaLinesBlock *block;
  RcaLayoutTrie *entry; /* what its words are made of; NULL: made, or none */
  guint64 n;
  guint n_tags;
  RcaLayoutTag *tag;
  guint8 *which; /* NULL: all of the first kind */
  guint64 at;
  RcaLayoutTrie *phrase; /* NULL: none */
  RcaLayoutSpan *said;   /* of each phrase, once the check has met it; NULL: not known */
  RcaLayoutTrie *holder; /* the trie it stands in */
  RcaBytes *word; /* RCA_LAYOUT_SLACK */
  guint64 n_words;
  char *word_bytes;
};

struct RcaLayoutTrie {
  guint32 number; /* in the block */
  guint64 n;
  guint32 *leaf;
  guint32 n_leaves;
  RcaLayoutStep *step;
  guint32 *first;        /* of each leaf's steps; @n_leaves + 1 of them */
  RcaLayoutSlot *around; /* whose phrases these texts are; NULL: lines */
  guint64 at;
};

struct RcaLinesBlock {
  guint64 n_lines, n_bytes;
  RcaLinesPiece piece;
  gpointer user;
  guint n_pieces;
  gboolean plain;
  const RcaBuffer *text; /* of a plain block */
  RcaBytes told; /* while it is written: its text, see rca_layout_is() */
  const RcaIdStore *ids;
  RcaIdStore own_ids;
  RcaLayoutTrie *lines;
  GPtrArray *slot; /* by number; owned */
  GPtrArray *trie; /* owned */
  guint8 *shape;   /* owned: the constant texts */
};

/* Makes sure @slot's values and words are there. FALSE: they are lost, or do not add up. */
gboolean rca_layout_ready (RcaLayoutSlot *slot, GError **error);
/* Lets go of all values: they are read again when they are wanted. Pieces but the first two are not looked at until then. */
void rca_layout_release (RcaLinesBlock *block);
/* Makes sure @tag's ids are there; its slot is ready. */
gboolean rca_layout_fetch (RcaLinesBlock *block, RcaLayoutTag *tag, GError **error);
/* What stands for each value of @slot, as rca_plan_keys(); NULL when there is no such thing. */
const guint64 *rca_layout_keys (RcaLinesBlock *block, RcaLayoutSlot *slot, guint64 **made);

/* emit.c. Constant texts and words have so many readable bytes behind them: short copies are of fixed length. */
#define RCA_LAYOUT_SLACK 32
typedef struct {
  char *p, *end;
  gboolean full, lost; /* full also: what was made is something else than @against */
  GError **error;
  RcaLinesBlock *block;
  /* what is made is compared with, and made anew from @base on when there is no room; NULL: it is wanted */
  const char *against, *against_end;
  char *base;
  RcaStampMemo stamp;
} RcaLayoutOut;
void rca_layout_emit (RcaLayoutOut *out, RcaLayoutTrie *trie);
void rca_layout_skip (RcaLayoutTrie *trie);
void rca_layout_rewind (RcaLinesBlock *block);
/* Whether the lines of @block are @text. If so the block refers to it from then on: its phrases need not be made. */
gboolean rca_layout_is (RcaLinesBlock *block, RcaBytes text);

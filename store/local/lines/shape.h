/* The trie of a source's lines while it is written (private to the codec).
 *
 * A node stands behind a variable, an edge is the constant text up to the next one. What is learnt
 * stays from block to block; values and numbers of a block are emptied. */
#pragma once
#include "local/encodings/integers.h"
#include "local/lines/lines.h"
#include "local/lines/variable.h"

typedef struct RcaShapeNode RcaShapeNode;
typedef struct RcaShapeSlot RcaShapeSlot;
typedef struct RcaShapeTrie RcaShapeTrie;

typedef struct {
  char *literal; /* owned */
  guint32 n;
  guint32 hash;
  RcaShapeNode *node; /* behind the variable that follows; NULL: the text ends here */
  guint32 leaf;       /* of this block, + 1; 0: not used in it yet */
} RcaShapeEdge;

struct RcaShapeNode {
  RcaShapeSlot *slot;  /* the variable before; NULL: the root */
  RcaShapeEdge **edge; /* owned */
  guint n_edges;
  RcaShapeEdge *recent;
  guint32 *by_hash; /* edge + 1; NULL while there are few */
  guint mask;
};

struct RcaShapeTrie {
  RcaShapeNode root;
  RcaNumbers leaf;      /* of each text of this block, in the order of first use */
  guint32 n_leaves;     /* of this block */
  RcaShapeEdge **order; /* the edges with leaves of this block, by leaf */
  guint32 order_capacity;
  guint *budget; /* constant texts that may still be added, of all tries of a codec */
};

/* Kinds of values beyond those of RcaVariableKind: what a TEXT became. */
enum { RCA_VALUE_WORD = RCA_VARIABLE_TEXT, RCA_VALUE_PHRASE, RCA_VALUE_RAW, RCA_N_VALUES };

typedef struct {
  guint8 kind;
  guint16 param;
  RcaNumbers value;     /* RAW: lengths; WORD: codes; ID, UUID: none; PHRASE: none */
  RcaBuffer bytes;      /* RAW: the bytes; ID, UUID: 16 each */
  RcaIntegersPlan plan; /* of the column as it is written */
  guint8 how;           /* RcaPlanHow: kept from the last trial */
  guint8 age;
  RcaShapeSlot *by; /* the other column of that */
} RcaShapeTag;

#define RCA_SHAPE_TAGS 30

/* Strings of one slot in this block: code by first use. They are known by 64 bits of hash alone: two that share them
 * would come back as one, the check would see it, and the block would stay the text it is. */
typedef struct {
  guint64 hash;
  guint32 code; /* + 1; 0: free */
} RcaShapeWord;

typedef struct {
  RcaShapeWord *slot;
  guint32 n, mask;
} RcaShapeWords;

struct RcaShapeSlot {
  RcaShapeTag *tag; /* RCA_SHAPE_TAGS at most */
  guint n_tags, recent;
  RcaBuffer which; /* the tag of each value of this block */
  RcaIntegersPlan which_plan;
  RcaShapeTrie *phrase, *entry; /* NULL until there is one */
  RcaShapeWords words;
  guint32 seen, distinct; /* TEXTs so far, and new ones among them: until a mode is chosen */
  gboolean phrases;       /* strings rarely repeat here */
  guint32 number;         /* in this block, in the order of writing */
  gint only;              /* the one tag of all values of this block; -1: several */
  RcaShapeSlot *above;    /* the slot of the node before: it has a value wherever this one has */
  RcaShapeSlot *around;   /* whose phrases or entries these values stand in; NULL: lines */
  gboolean in_entry;      /* in @around's entries */
  RcaStampMemo stamp;
};

RcaShapeTrie *rca_shape_trie_new (guint *budget);
void rca_shape_trie_free (RcaShapeTrie *trie);
/* Empties the block's values, keeps what was learnt. */
void rca_shape_trie_reset (RcaShapeTrie *trie);

/* Parses @text into @trie: a value in each slot on its way, a leaf. @around: (nullable). */
void rca_shape_parse (RcaShapeTrie *trie, RcaBytes text, guint level, RcaShapeSlot *around, gboolean in_entry);

/* words.c: the code of @text; *@fresh when it is new to the block. */
guint32 rca_shape_word (RcaShapeWords *words, RcaBytes text, gboolean *fresh);

/* ---- how a column is written (plan.c) ---- */

typedef enum {
  RCA_PLAN_PLAIN,
  RCA_PLAN_DIFFERENCE, /* zigzag of the other's value less this one */
  RCA_PLAN_PREDICTED,  /* what this one was when the other was the same: a bit a row, then what it was instead */
  RCA_PLAN_GROUPED,    /* in the order of the other's values, stable; large groups by themselves */
  RCA_N_PLANS
} RcaPlanHow;

#define RCA_PREDICT_BITS 17
#define RCA_GROUP_MIN 256

static inline guint32
rca_predict_slot (guint64 key)
{
  return (guint32)((key * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) >> (64 - RCA_PREDICT_BITS));
}

/* The places of @keys' values in ascending order, stable; transfer full. */
guint32 *rca_plan_order (const guint64 *keys, gsize n);
/* The numbers that stand for each value of @slot: its one tag's numbers, its words' codes, its phrases'
 * templates. NULL when it has several kinds, or ids. */
const guint64 *rca_plan_keys (const RcaShapeSlot *slot);
/* Writes the numbers of @slot's tag @t to @out, as what paid says. */
void rca_plan_encode (RcaShapeSlot *slot, RcaShapeTag *t, RcaBuffer *out);

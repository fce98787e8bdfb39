/* Event columns that the lines already tell: a rule in place of values.
 *
 * A status is the number behind the second quoted string, a route depends on the template of the request, a client
 * is the text of the first variable: no format says so here, it is found by comparing the column of a sheet with the
 * columns of the lines its rows stand in, and a rule is kept only when it gives every row back (few exceptions are
 * listed). What is derivable is not stored twice: of an access log's 12 event columns nothing but rules remains.
 * Finding costs about ten comparisons of a column, once; checking what held before about 3 ns a row. */
#pragma once
#include "local/lines/layout.h"
#include "sheet.h"

/* A sheet's rows over the block of lines they stand in. */
typedef struct {
  RcaLinesBlock *block;
  const RcaSheet *sheet;
  guint64 first;  /* position (rca_text_lines) of the block's first line */
  GPtrArray *view; /* RcaDeriveView by slot number, made when asked; the last one is of the lines' templates */
  gboolean linear;       /* row i is line @from + i: where rows stand is known without the columns that say so */
  guint64 from;
  guint32 *counting;     /* 0, 1, 2…: what views share whose values and lines are in step */
} RcaDeriveRows;

/* A column of the lines as the rows see it. */
typedef struct {
  RcaLayoutSlot *slot; /* NULL: the templates of whole lines */
  guint64 n;
  guint32 *line; /* of each value */
  guint32 *rank; /* of each value among those of its kind; NULL: all of one kind */
  gint32 *value; /* of each row: which value is its first; -1: none */
  const guint32 *shared; /* @line or @value that are this are not its own */
} RcaDeriveView;

RcaDeriveRows *rca_derive_rows_new (RcaLinesBlock *block, const RcaSheet *sheet, guint64 first);
void rca_derive_rows_free (RcaDeriveRows *rows);
/* Row i of the sheet is line @from + i of the block, alone. */
void rca_derive_rows_linear (RcaDeriveRows *rows, guint64 from);
guint rca_derive_n_slots (const RcaDeriveRows *rows); /* with the templates as the last one */
/* Lets go of the views when there are more than @most. */
void rca_derive_forget (RcaDeriveRows *rows, guint most);
/* NULL when @slot stands in no line (a dictionary's entries). */
const RcaDeriveView *rca_derive_view (RcaDeriveRows *rows, guint slot);

typedef enum {
  RCA_RULE_NONE,
  RCA_RULE_NUMBER, /* value × 10^scale + plus; of a stamp its nanoseconds + plus */
  RCA_RULE_MAP,    /* a table from word, phrase or kind of value */
  RCA_RULE_TEXT,   /* the value's text, ids as rca_normal_id() */
  RCA_RULE_HASH,   /* of the path in the value's text: all of it, or its second word */
  RCA_N_RULES
} RcaRuleKind;

typedef struct {
  guint8 kind;
  guint slot;
  guint8 scale;   /* NUMBER; HASH: which word */
  gint64 plus;    /* NUMBER */
  RcaNumbers table;    /* MAP: by key; see rca_derive_key() */
  RcaNumbers row, set; /* exceptions */
} RcaRule;

void rca_rule_clear (RcaRule *rule);

/* What fitted a source's columns before. */
typedef struct {
  struct {
    guint8 kind, missed;
    guint slot;
  } column[RCA_N_COLUMNS];
} RcaDeriveMemory;

/* FALSE: column @c must be stored. */
gboolean rca_rule_find (RcaDeriveMemory *memory, RcaDeriveRows *rows, RcaColumnId c, RcaRule *rule);
void rca_rule_write (const RcaRule *rule, RcaBuffer *out);
/* Where codes that a rule names are those of a dictionary that is merged into another: the ids there of its @n. */
typedef struct {
  RcaDictionary *dictionary; /* that texts go to; NULL for columns that are no codes */
  const guint32 *code;       /* NULL: the codes are its own */
  guint32 n;
} RcaRuleCodes;
/* Fills column @c of @into (which is rows->sheet) by the rule at @in. FALSE: it does not hold what it says. */
gboolean rca_rule_read (RcaCursor *in, RcaDeriveRows *rows, RcaSheet *into, RcaColumnId c, const RcaRuleCodes *codes, GError **error);

/* shared by both ways (derive-value.c) */
guint64 rca_derive_get (const RcaSheet *sheet, RcaColumnId c, guint32 row);
guint64 *rca_derive_all (const RcaSheet *sheet, RcaColumnId c); /* of each row; transfer full */
guint64 rca_derive_absent (RcaColumnId c);
/* Keys of a view: 0 no value, then each kind's words, phrases, or itself. */
typedef struct {
  guint64 start[RCA_SHAPE_TAGS + 1]; /* of each kind's keys */
  guint64 n;
} RcaDeriveKeys;
void rca_derive_keys (const RcaDeriveView *view, const RcaLinesBlock *block, RcaDeriveKeys *keys);
guint64 rca_derive_key (const RcaDeriveKeys *keys, const RcaDeriveView *view, const RcaLinesBlock *block, gint32 value);
/* The number at @value scaled; FALSE when it is none. */
gboolean rca_derive_number (const RcaDeriveView *view, gint32 value, guint scale, gint64 *number);
/* The text at @value, normal as an id where it is one; in @buffer or the block. FALSE: not a kind with a text. */
gboolean rca_derive_text (RcaDeriveRows *rows, const RcaDeriveView *view, gint32 value, char buffer[RCA_VARIABLE_BYTES], RcaBytes *text);
/* Hashes of the paths in all values of @view (a WORD's or PHRASE's), 0 where there is none; transfer full. */
guint32 *rca_derive_hashes (RcaDeriveRows *rows, const RcaDeriveView *view, guint word);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaDeriveRows, rca_derive_rows_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RcaRule, rca_rule_clear)

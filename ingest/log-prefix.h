/* The prefix of a line of text: what stands between the time stamp and the message.
 *
 * Loggers' patterns differ in order and marks but not in kind: a level, names (logger,
 * thread), numbers (pid), ids in brackets, a place in the source. The prefix is read
 * token by token; how many tokens belong to it is learnt from the sample, so that
 * a message that looks like a name or a level is left to the message. */
#pragma once
#include "app-record.h"

#define RCA_PREFIX_MAX_PARTS 12

typedef struct {
  guint8 kind[RCA_PREFIX_MAX_PARTS];
  guint n;
} RcaPrefixShape;

/* Reads the prefix at the start of @line (behind its stamp): at most @limit parts besides
 * levels, source places and ids, which are known for what they are. Fills
 * severity, LOGGER, PID and ids of @record's event (NULL: only the shape). Returns
 * where the message begins. */
gsize rca_prefix_read (RcaBytes line, guint limit, RcaAppRecord *record, RcaPrefixShape *shape);

/* A level at the very start of @line, with the mark behind it, as in "ERROR:", "[warn]", "info: ";
 * Python's "ERROR:name:" keeps its name. Returns where what follows begins, 0 when there is none. */
gsize rca_prefix_level (RcaBytes line, RcaSeverity *severity);

/* How many parts most of @n shapes have in common: the @limit to read with. */
guint rca_prefix_learn (const RcaPrefixShape *shapes, guint n);

/* Which lines of a block may hold a literal: told from its templates and dictionaries, without printing a line.
 *
 * Letters are never part of a number, so a run of letters that a literal holds stands as it is in constant text, in a
 * dictionary's word or in raw bytes of every line that holds the literal (variable.h). A template without it rules out
 * all of its lines at once. */
#pragma once
#include "local/lines/lines.h"

/* The run of letters of @literal that tells most; empty when none will do. */
RcaBytes rca_lines_find_word (RcaBytes literal);

/* The lines (guint64, from 0, ascending) of @block that may hold @word, which rca_lines_find_word() gave; more than
 * hold it, never fewer. FALSE: not told by columns (a block of plain text). */
gboolean rca_lines_find (RcaLinesBlock *block, RcaBytes word, GArray *line);

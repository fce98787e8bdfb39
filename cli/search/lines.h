/* The lines of one part of a source, one after another, decompressed; with a literal that
 * must be in them, the lines between are counted and not looked at. */
#pragma once
#include "input.h"

typedef struct RcaLines RcaLines;

RcaLines *rca_lines_new (RcaInput *input); /* (transfer none) */
/* Goes on at byte @offset, the start of line @number. FALSE when it cannot. */
gboolean rca_lines_enter (RcaLines *lines, guint64 offset, guint64 number);
void rca_lines_free (RcaLines *lines);

typedef struct {
  const char *text; /* without its line feed; good until the next call */
  gsize n;
  guint64 number;   /* 1-based */
} RcaLine;

/* The next line, or with @literal (may be NULL) the next one that holds it. FALSE at the end,
 * or with @error when the rest is lost. */
gboolean rca_lines_next (RcaLines *lines, const char *literal, gsize literal_n, RcaLine *line, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaLines, rca_lines_free)

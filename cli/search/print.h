/* Matching lines as grep prints them: the bytes of the log, "path:" before them when there are
 * several files, line numbers when wanted, context with "-" and "--". On a terminal what could
 * be obeyed is spelt out, and the match is coloured. */
#pragma once
#include "lines.h"

typedef struct {
  gboolean paths, numbers, color, terminal;
  guint context;
} RcaPrintOptions;

typedef struct RcaPrinter RcaPrinter;

RcaPrinter *rca_printer_new (const RcaPrintOptions *options);
void rca_printer_free (RcaPrinter *printer);

/* The lines that follow are of @path. */
void rca_printer_file (RcaPrinter *printer, const char *path);
/* A matching line; the match is [start, end). FALSE: cannot write. */
gboolean rca_printer_match (RcaPrinter *printer, const RcaLine *line, gsize start, gsize end);
/* A line that does not match: context of one that does, or soon will be. */
gboolean rca_printer_other (RcaPrinter *printer, const RcaLine *line);
gboolean rca_printer_flush (RcaPrinter *printer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaPrinter, rca_printer_free)

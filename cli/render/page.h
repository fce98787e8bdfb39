/* A page of text for a terminal: styles, wrapping by display columns, and nothing from a
 * log that a terminal would obey.
 * Text that comes from logs goes through rca_page_safe() (safe.h): escape sequences on the
 * page are only our own. */
#pragma once
#include "render.h"

typedef struct {
  GString *out;
  const RcaRenderOptions *options;
} RcaPage;

typedef enum { RCA_STYLE_PLAIN, RCA_STYLE_STRONG, RCA_STYLE_FAINT, RCA_STYLE_BAD, RCA_STYLE_WARN, RCA_STYLE_GOOD, RCA_STYLE_NOTE } RcaStyle;

/* @text as it may be shown; in ASCII when the locale is not UTF-8. */
char *rca_page_safe (const RcaPage *page, const char *text);

/* Columns that valid UTF-8 takes on a terminal. */
guint rca_page_columns (const char *text);

/* Appends safe @text in @style; no wrapping. */
void rca_page_put (RcaPage *page, RcaStyle style, const char *text);
void rca_page_putf (RcaPage *page, RcaStyle style, const char *format, ...) G_GNUC_PRINTF (3, 4);
void rca_page_newline (RcaPage *page);
/* A blank line, and a heading. */
void rca_page_heading (RcaPage *page, const char *text);

/* Safe @text at the left edge @indent, wrapped, at most @max_lines (0: any); what is cut ends in "…".
 * @lead stands before the first line (within @indent; longer ones push the text to the right). */
void rca_page_paragraph (RcaPage *page, const char *lead, RcaStyle lead_style, guint indent, RcaStyle style, guint max_lines, const char *text);

/* "path:12,14 other:3", at most @most references (0: all). */
void rca_page_refs (RcaPage *page, guint indent, const GArray *refs, guint most);

/* One of two, as the locale allows. */
const char *rca_page_glyph (const RcaPage *page, const char *unicode, const char *ascii);

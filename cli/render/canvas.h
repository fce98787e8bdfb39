/* Lines of text for a terminal: width in columns, colour, and bytes from logs made harmless. */
#pragma once
#include "render.h"

typedef enum { RCA_STYLE_PLAIN, RCA_STYLE_BOLD, RCA_STYLE_DIM, RCA_STYLE_RED, RCA_STYLE_GREEN, RCA_STYLE_YELLOW } RcaStyle;

/* Appends @text with control characters, bidi overrides and invalid bytes shown as \x1b, \u202e. */
void rca_put_safe (GString *out, const char *text);
/* The same in a style (plain where colours are off). */
void rca_put_styled (GString *out, const RcaRenderOptions *options, RcaStyle style, const char *format, ...) G_GNUC_PRINTF (4, 5);
/* @text wrapped at the width; the first line begins with @first, the others with as many blanks. */
void rca_put_wrapped (GString *out, const RcaRenderOptions *options, const char *first, const char *text);
/* "07:44:13", in the zone of @options. */
char *rca_put_clock (const RcaRenderOptions *options, gint64 time_ns);
/* "2026-11-24 07:44:13". */
char *rca_put_date (const RcaRenderOptions *options, gint64 time_ns);

/* HTML: markup is written as constants, text goes through these functions, always. */
#pragma once
#include <glib.h>

/* As element content or a quoted attribute's value: escaped, and harmless as safe.h says;
 * what is longer than a person reads is cut, and says so. */
void rca_html_text (GString *out, const char *text);
void rca_html_textf (GString *out, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* @open and @close are markup: ("<h2>", text, "</h2>\n"). */
void rca_html_element (GString *out, const char *open, const char *text, const char *close);

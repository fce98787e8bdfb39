/* Text from logs inside Markdown: it stays text. */
#pragma once
#include "report.h"

/* A code span. */
void rca_markdown_code (GString *out, const char *text);

/* Appends @text with everything escaped that Markdown or HTML would read as markup; control
 * and bidirectional characters are spelt out, line ends become blanks. */
void rca_markdown_text (GString *out, const char *text);

/* " (`path:12,14`)", at most @most references; nothing when there are none. */
void rca_markdown_refs (GString *out, const GArray *refs, guint most);

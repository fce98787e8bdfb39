/* What is shown of a line: secrets folded, control characters spelt out, length bounded. */
#pragma once
#include "bytes.h"

#define RCA_QUOTE_BYTES 400

/* @line with passwords, tokens, e-mail addresses, card numbers (Luhn) and passwords in
 * URLs, and the texts in quotes of SQL statements and their parameters, replaced by "<redacted>"-like marks, control characters and invalid UTF-8 as \x1b,
 * cut at RCA_QUOTE_BYTES on a character boundary ("…" appended). @keep_secrets leaves
 * the first part out. Transfer full. */
char *rca_redact_line (RcaBytes line, gboolean keep_secrets);

/* What the logs of database, pooler and cache servers have in common. */
#pragma once
#include "arena.h"
#include "event.h"

/* A text a server writes, and what it tells. */
typedef struct {
  const char *needle;
  RcaDbEvent event;
  RcaFailure failure; /* what those who were turned away died of */
} RcaDbText;

/* Sets DB_EVENT and FAILURE of @ev by the first row of @table whose needle stands in @text;
 * FAILURE only where the record warns or worse. TRUE when a row fits. */
gboolean rca_db_text_read (const RcaDbText *table, guint n, RcaBytes text, RcaEvent *ev);

/* Sets STATEMENT (white space around it and a last ';' off) and what its comment says of the
 * request it belongs to: TRACE_ID, SPAN_ID, REQUEST_ID, LOGGER (the application). */
void rca_db_set_statement (RcaEvent *ev, RcaBytes statement, RcaArena *arena);

/* The digits at the start of @text, 0 without any. */
gint64 rca_leading_int (RcaBytes text);

RcaBytes rca_bytes_skip_blank (RcaBytes text);
/* @text up to the first of @stops (or its end). */
RcaBytes rca_bytes_until (RcaBytes text, const char *stops);
/* What stands behind the first @mark up to the first of @stops; empty without @mark. */
RcaBytes rca_bytes_behind (RcaBytes text, const char *mark, const char *stops);

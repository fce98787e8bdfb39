/* What prose tells: key=value pairs, a JSON object at the end, requests
 * ("GET /x 200 3ms", "\"POST /y HTTP/1.1\" 500"), statements ("slow query took 2 s: SELECT …"). */
#pragma once
#include "app-record.h"

/* Puts what the message says into slots; slots that are set stay. Sets the MESSAGE slot to
 * @message, less a JSON object at its end. */
void rca_text_fields (RcaAppRecord *record, RcaBytes message);

/* The key=value pairs of @text alone. */
void rca_text_pairs (RcaAppRecord *record, RcaBytes text);

/* Like rca_text_fields() for a message that is known to be text alone: its end is no JSON of the logger's, MESSAGE is left. */
void rca_text_scan (RcaAppRecord *record, RcaBytes message);

/* Begins like a SQL statement, in any case. */
gboolean rca_text_is_sql (RcaBytes text);

/* Begins with a method and a path: "GET /x …". */
gboolean rca_text_is_request (RcaBytes line);

/* PostgreSQL's own words, which lc_messages translates: levels, sections, and how a duration is told.
 * From the server's message catalogues (src/backend/po of PostgreSQL 10 to 17). */
#pragma once
#include "event.h"

typedef enum {
  RCA_POSTGRES_MESSAGE,
  RCA_POSTGRES_DETAIL,
  RCA_POSTGRES_HINT,
  RCA_POSTGRES_QUERY,
  RCA_POSTGRES_CONTEXT,
  RCA_POSTGRES_LOCATION,
  RCA_POSTGRES_STATEMENT,
  RCA_POSTGRES_N_SECTIONS
} RcaPostgresSection;

/* LOG and NOTICE are INFO; FATAL and PANIC are FATAL. NONE for no level word. */
RcaSeverity rca_postgres_severity (RcaBytes word);
gboolean rca_postgres_section (RcaBytes word, RcaPostgresSection *section);

/* "duration: 52.1 ms  statement: …": the time, and what stands behind the unit. */
gboolean rca_postgres_duration (RcaBytes message, gint64 *ns, RcaBytes *rest);
/* "statement: " at the start of @text: its length, 0 without. */
gsize rca_postgres_statement_word (RcaBytes text);

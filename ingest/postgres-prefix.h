/* log_line_prefix, told by the looks of its parts: nobody has to declare it. */
#pragma once
#include "postgres-message.h"
#include "timestamp.h"

/* What a sample's prefixes showed. */
typedef struct {
  gboolean sqlstate; /* %e: some line says 00000 */
} RcaPostgresPrefix;

void rca_postgres_prefix_init (RcaPostgresPrefix *learnt);
void rca_postgres_prefix_learn (RcaPostgresPrefix *learnt, RcaBytes prefix);

/* The first time with a date in @prefix (%t, %m, %n); FALSE without. @written: its text. */
gboolean rca_postgres_prefix_time (RcaBytes prefix, RcaStampContext *context, RcaStamp *stamp, RcaBytes *written);

/* Fills pid, user, database, application, client, session and SQLSTATE of @record from @prefix
 * without @time, which lies in it (or is empty). */
void rca_postgres_prefix_read (const RcaPostgresPrefix *learnt, RcaBytes prefix, RcaBytes time, RcaPostgresRecord *record);

/* What a PostgreSQL record says, whichever of its three log destinations it came by. */
#pragma once
#include "arena.h"
#include "postgres-words.h"

typedef struct {
  RcaBytes severity; /* LOG, ERROR… (or translated) */
  RcaBytes message, detail, hint, context, statement, sqlstate, user, database, application, client, session;
  gint64 pid; /* 0: unknown */
} RcaPostgresRecord;

/* What each backend told last: auto_explain and log_min_duration tell an execution twice,
 * log_statement tells its text and log_duration later its time. */
typedef struct RcaPostgresMemory RcaPostgresMemory;
RcaPostgresMemory *rca_postgres_memory_new (void);
void rca_postgres_memory_free (RcaPostgresMemory *memory);

/* Fills @ev (time is the caller's). */
void rca_postgres_interpret (const RcaPostgresRecord *record, RcaPostgresMemory *memory, RcaArena *arena, RcaEvent *ev);

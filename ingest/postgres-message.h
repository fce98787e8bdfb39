/* What a PostgreSQL record says, whichever of its three log destinations it came by. */
#pragma once
#include "arena.h"
#include "event.h"

typedef struct {
  RcaBytes severity; /* LOG, ERROR… (or translated) */
  RcaBytes message, detail, hint, context, statement, sqlstate, user, database, application, client, session;
  gint64 pid; /* 0: unknown */
} RcaPostgresRecord;

/* The execution told last by each backend: auto_explain and log_min_duration tell it twice. */
typedef struct RcaPostgresMemory RcaPostgresMemory;
RcaPostgresMemory *rca_postgres_memory_new (void);
void rca_postgres_memory_free (RcaPostgresMemory *memory);

/* LOG and NOTICE are INFO; FATAL and PANIC are FATAL; words of other languages are known by a table. */
RcaSeverity rca_postgres_severity (RcaBytes word);

/* Fills @ev (time is the caller's). */
void rca_postgres_interpret (const RcaPostgresRecord *record, RcaPostgresMemory *memory, RcaArena *arena, RcaEvent *ev);

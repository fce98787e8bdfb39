/* What each backend of a PostgreSQL server told last. */
#pragma once
#include "postgres-message.h"

typedef struct {
  gint64 pid;
  guint64 plan_query; /* fingerprint of auto_explain's plan told last; 0 without */
  gint64 plan_ns;
  GString *text; /* of the statement told last without its time (log_statement); empty without */
} RcaPostgresBackend;

/* NULL for pid 0. Bounded: a server has some hundred backends. */
RcaPostgresBackend *rca_postgres_memory_backend (RcaPostgresMemory *memory, gint64 pid, gboolean create);

/* A statement was told with its duration. */
void rca_postgres_memory_told_together (RcaPostgresMemory *memory);
/* A duration was told behind its statement: TRUE when this source tells them so, always. */
gboolean rca_postgres_memory_told_apart (RcaPostgresMemory *memory);

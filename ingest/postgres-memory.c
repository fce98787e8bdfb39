#include "postgres-memory.h"

enum { MOST_BACKENDS = 4096 };

struct RcaPostgresMemory {
  GHashTable *backends; /* pid → RcaPostgresBackend, itself its key */
  gboolean together;    /* some statement was told with its duration */
  guint apart;
};

static void
backend_free (gpointer data)
{
  RcaPostgresBackend *backend = data;
  g_string_free (backend->text, TRUE);
  g_free (backend);
}

RcaPostgresMemory *
rca_postgres_memory_new (void)
{
  RcaPostgresMemory *memory = g_new0 (RcaPostgresMemory, 1);
  memory->backends = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, backend_free);
  return memory;
}

void
rca_postgres_memory_free (RcaPostgresMemory *memory)
{
  g_hash_table_unref (memory->backends);
  g_free (memory);
}

RcaPostgresBackend *
rca_postgres_memory_backend (RcaPostgresMemory *memory, gint64 pid, gboolean create)
{
  RcaPostgresBackend *backend = pid > 0 ? g_hash_table_lookup (memory->backends, &pid) : NULL;
  if (backend || pid <= 0 || !create)
    return backend;
  if (g_hash_table_size (memory->backends) >= MOST_BACKENDS)
    g_hash_table_remove_all (memory->backends);
  backend = g_new0 (RcaPostgresBackend, 1);
  backend->pid = pid;
  backend->text = g_string_new (NULL);
  g_hash_table_replace (memory->backends, &backend->pid, backend);
  return backend;
}

void
rca_postgres_memory_told_together (RcaPostgresMemory *memory)
{
  memory->together = TRUE;
}

gboolean
rca_postgres_memory_told_apart (RcaPostgresMemory *memory)
{
  memory->apart += memory->apart < 2;
  return !memory->together && memory->apart >= 2; /* one alone may be the server's first command */
}

#include "request-memory.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

#define MAX_REQUESTS 256
#define MAX_METHOD   10
#define MAX_PATH     512

typedef struct {
  guint64 key; /* 0: free */
  guint16 path_n;
  guint8 method_n;
  char method[MAX_METHOD];
  char path[MAX_PATH];
} Request;

struct RcaRequestMemory {
  guint next; /* the oldest, overwritten next */
  Request request[MAX_REQUESTS];
};

RcaRequestMemory *
rca_request_memory_new (void)
{
  return g_new0 (RcaRequestMemory, 1);
}

void
rca_request_memory_free (RcaRequestMemory *memory)
{
  g_free (memory);
}

static guint64
hash_key (RcaBytes key)
{
  return XXH3_64bits (key.p, key.n) | 1;
}

static Request *
find (RcaRequestMemory *memory, guint64 key)
{
  for (guint i = 0; i < MAX_REQUESTS; i++)
    if (memory->request[i].key == key)
      return &memory->request[i];
  return NULL;
}

void
rca_request_memory_put (RcaRequestMemory *memory, RcaBytes key, RcaBytes method, RcaBytes path)
{
  guint64 hash = hash_key (key);
  Request *request = find (memory, hash);
  if (!request)
  {
    request = &memory->request[memory->next];
    memory->next = (memory->next + 1) % MAX_REQUESTS;
  }
  request->key = hash;
  request->method_n = (guint8)MIN (method.n, MAX_METHOD);
  request->path_n = (guint16)MIN (path.n, MAX_PATH);
  memcpy (request->method, method.p, request->method_n);
  memcpy (request->path, path.p, request->path_n);
}

gboolean
rca_request_memory_take (RcaRequestMemory *memory, RcaBytes key, RcaBytes *method, RcaBytes *path)
{
  Request *request = find (memory, hash_key (key));
  if (!request)
    return FALSE;
  request->key = 0;
  *method = rca_bytes (request->method, request->method_n);
  *path = rca_bytes (request->path, request->path_n);
  return TRUE;
}

#include "state.h"
#include "render/safe.h"
#include "request.h"
#include <glib/gstdio.h>
#include <sys/stat.h>

struct RcaBatchState {
  char *dir;
  gboolean passing; /* made for this run */
  const RcaArchive *archive;
  gint complained;
};

/* The same archive, read the same way, finds what an earlier run left. */
static char *
own_dir (const RcaArchive *a)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  for (guint i = 0; i < a->piece->len; i++)
    {
      const RcaPiece *p = g_ptr_array_index (a->piece, i);
      if (p->key)
        g_checksum_update (sum, (const guchar *) p->key, -1);
    }
  g_autofree char *name = g_strndup (g_checksum_get_string (sum), 16);
  g_autofree char *store = rca_default_store ();
  return g_build_filename (store, "batch", name, NULL);
}

RcaBatchState *
rca_batch_state_open (const char *dir, const RcaArchive *archive, GError **error)
{
  RcaBatchState *s = g_new0 (RcaBatchState, 1);
  s->archive = archive;
  s->passing = dir == NULL;
  if (archive->store)
    return s; /* a store is read so fast that nothing needs to be kept */
  s->dir = dir ? g_strdup (dir) : own_dir (archive);
  if (g_mkdir_with_parents (s->dir, 0700) == 0)
    return s;
  if (dir)
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "--state %s: %s", dir, g_strerror (errno));
      rca_batch_state_free (s);
      return NULL;
    }
  rca_say ("rca batch: %s: %s: a run that is ended will begin anew (--state DIR names another place)", s->dir, g_strerror (errno));
  g_clear_pointer (&s->dir, g_free);
  return s;
}

static char *
file_of (const RcaBatchState *s, const RcaPiece *p)
{
  return s->dir && p->key ? g_build_filename (s->dir, p->key, NULL) : NULL;
}

gboolean
rca_batch_state_load (RcaBatchState *s, RcaPiece *p)
{
  g_autofree char *file = file_of (s, p);
  char *data;
  gsize n;
  if (!file || !g_file_get_contents (file, &data, &n, NULL))
    return FALSE;
  g_autoptr (GBytes) bytes = g_bytes_new_take (data, n);
  RcaHistory *history = rca_history_unpack (bytes);
  if (!history)
    return FALSE; /* torn or of another version: read again */
  rca_piece_take (p, history);
  return TRUE;
}

void
rca_batch_state_save (RcaBatchState *s, const RcaPiece *p)
{
  g_autofree char *file = file_of (s, p);
  g_autoptr (GError) error = NULL;
  if (!file)
    return;
  g_autoptr (GBytes) bytes = rca_history_pack (p->history);
  if (!g_file_set_contents_full (file, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error) && g_atomic_int_add (&s->complained, 1) == 0)
    rca_say ("rca batch: %s: a run that is ended will read this again", error->message);
}

void
rca_batch_state_finish (RcaBatchState *s)
{
  if (!s->passing || !s->dir)
    return;
  for (guint i = 0; i < s->archive->piece->len; i++)
    {
      g_autofree char *file = file_of (s, g_ptr_array_index (s->archive->piece, i));
      if (file)
        g_unlink (file);
    }
  g_rmdir (s->dir);
}

void
rca_batch_state_free (RcaBatchState *s)
{
  if (!s)
    return;
  g_free (s->dir);
  g_free (s);
}

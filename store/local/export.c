/* Sources given back byte for byte: the blocks of lines of all segments, in order. */
#include "local/io.h"
#include "local/ids.h"
#include "local/manifest.h"
#include "store.h"
#include "unicode.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* One file being written. Offsets are of the text as it was read: UTF-8, without a byte-order mark. */
typedef struct {
  const RcaManifestPart *part;
  int fd;
  guint64 end;     /* of the text, so far */
  guint64 written; /* bytes of the file */
  GString *carry;  /* the beginning of a character that the last block ended in */
  GString *wide;   /* a block in the file's own encoding */
  guint64 lost;    /* bytes that are in no block */
} Giving;

static gboolean
failed (GError **error, const char *what, const char *path)
{
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_WRITE, "%s %s: %s", what, path, g_strerror (errno));
  return FALSE;
}

static gboolean
put_at (int fd, guint64 offset, const char *p, gsize n)
{
  while (n)
  {
    gssize put = pwrite (fd, p, n, (off_t)offset);
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return FALSE;
    p += put;
    n -= (gsize)put;
    offset += (guint64)put;
  }
  return TRUE;
}

static gboolean
is_utf8 (const Giving *g)
{
  return g->part->encoding == RCA_ENCODING_UTF8;
}

static gboolean
put_mark (Giving *g)
{
  static const char *const marks[] = { "\xef\xbb\xbf", "\xff\xfe", "\xfe\xff" };
  g->written = MIN (g->part->mark, 3);
  return g->written == 0 || g->part->encoding >= G_N_ELEMENTS (marks) || put_at (g->fd, 0, marks[g->part->encoding], (gsize)g->written);
}

/* The start of a character that is not whole at the end of @text. */
static gsize
torn_bytes (RcaBytes text)
{
  for (gsize back = 1; back <= 3 && back <= text.n; back++)
  {
    guchar c = (guchar)text.p[text.n - back];
    if (c >= 0xc0)
      return back < (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u) ? back : 0;
    if (c < 0x80)
      return 0;
  }
  return 0;
}

static gboolean
put_wide (Giving *g, RcaBytes text)
{
  g_string_append_len (g->carry, text.p, (gssize)text.n);
  RcaBytes all = rca_bytes (g->carry->str, g->carry->len);
  gsize torn = torn_bytes (all);
  all.n -= torn;
  g_string_truncate (g->wide, 0);
  rca_unicode_write ((RcaEncoding)g->part->encoding, all, g->wide);
  gboolean ok = put_at (g->fd, g->written, g->wide->str, g->wide->len);
  g->written += g->wide->len;
  g_string_erase (g->carry, 0, (gssize)all.n);
  return ok;
}

/* What is between two blocks was a hole in the file: NULs that take no room here either. */
static gboolean
put_text (Giving *g, guint64 offset, RcaBytes text)
{
  if (offset < g->end)
  {
    /* a document that was written anew: what is newer holds */
    if (!is_utf8 (g))
      g->written = MIN (g->part->mark, 3);
    if (ftruncate (g->fd, (off_t)(is_utf8 (g) ? g->part->mark + offset : g->written)) != 0)
      return FALSE;
    g_string_truncate (g->carry, 0);
  }
  g->end = offset + text.n;
  return is_utf8 (g) ? put_at (g->fd, g->part->mark + offset, text.p, text.n) : put_wide (g, text);
}

/* ---- the blocks of one part ---- */

typedef struct {
  const char *dir;
  const RcaManifestSource *source;
  RcaExportResult *result;
  RcaIdFiles *ids;
} Export;

static void
tell (const Export *e, const RcaManifestPart *part, const char *what)
{
  g_ptr_array_add (e->result->problem, g_strdup_printf ("%s: %s", part->path, what));
}

static gboolean
give_segment (const Export *e, Giving *g, guint64 place, guint64 number)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RcaSegment) segment = rca_segment_open (e->dir, number, &error);
  if (!segment)
  {
    tell (e, g->part, error->message);
    return TRUE;
  }
  guint n;
  rca_segment_use_ids (segment, e->ids);
  const RcaSegmentLines *lines = rca_segment_lines (segment, &n);
  for (guint i = 0; i < n; i++)
  {
    if (lines[i].place != place)
      continue;
    g_autoptr (GError) damage = NULL;
    g_autoptr (GBytes) raw = rca_segment_raw (segment, i, &damage);
    if (!raw)
    {
      g_autofree char *what = g_strdup_printf ("%s (%" G_GUINT64_FORMAT " bytes from byte %" G_GUINT64_FORMAT " on are NULs)", damage->message, lines[i].bytes, lines[i].offset);
      tell (e, g->part, what);
      g->lost += lines[i].bytes;
      continue;
    }
    gsize size;
    const char *p = g_bytes_get_data (raw, &size);
    if (!put_text (g, lines[i].offset, rca_bytes (p, size)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
give_blocks (const Export *e, Giving *g, guint64 place)
{
  for (guint i = 0; i < e->source->segment->len; i++)
    if (!give_segment (e, g, place, g_array_index (e->source->segment, RcaSegmentEntry, i).number))
      return FALSE;
  return TRUE;
}

/* What no block holds: a store made by an older rca, rows that retention let go, or damage. */
static void
check_whole (const Export *e, const Giving *g)
{
  const RcaManifestPart *part = g->part;
  if (part->lossy)
    tell (e, part, "its UTF-16 was not whole (half a character): those are U+FFFD here");
  if (g->end + g->lost < part->offset && g->lost == 0)
  {
    g_autofree char *what
        = g_strdup_printf ("ends after %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes: the store does not hold the rest", g->end, part->offset);
    tell (e, part, what);
  }
}

/* ---- where it goes ---- */

/* @path below @out, whatever it says: no step leads out of it. */
static char *
path_below (const char *out, const char *path)
{
  g_auto (GStrv) step = g_strsplit (path, "/", -1);
  g_autoptr (GString) below = g_string_new (out);
  for (guint i = 0; step[i]; i++)
    if (*step[i] && !g_str_equal (step[i], "."))
      g_string_append_printf (below, "/%s", g_str_equal (step[i], "..") ? "_up" : step[i]);
  return g_string_free (g_steal_pointer (&below), FALSE);
}

static gboolean
give_part (const Export *e, const char *out, guint64 place, GError **error)
{
  const RcaManifestPart *part = g_ptr_array_index (e->source->part, place);
  g_autofree char *path = path_below (out, part->path), *temporary = g_strconcat (path, ".tmp", NULL), *folder = g_path_get_dirname (path);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    return failed (error, "cannot make the folder", folder);
  Giving g = { .part = part, .carry = g_string_new (NULL), .wide = g_string_new (NULL) };
  g.fd = g_open (temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  gboolean ok = (g.fd >= 0 && put_mark (&g) && give_blocks (e, &g, place)) || failed (error, "cannot write", temporary);
  if (g.fd >= 0 && close (g.fd) != 0 && ok)
    ok = failed (error, "cannot write", temporary);
  if (ok)
    ok = g_rename (temporary, path) == 0 || failed (error, "cannot name", path);
  else
    g_unlink (temporary);
  if (ok)
  {
    check_whole (e, &g);
    e->result->files++;
    e->result->bytes += is_utf8 (&g) ? g.end + part->mark : g.written;
  }
  g_string_free (g.carry, TRUE);
  g_string_free (g.wide, TRUE);
  return ok;
}

static gboolean
is_meant (const RcaManifestSource *s, const char *const *source, guint n)
{
  for (guint i = 0; i < n; i++)
  {
    if (s->info->name && g_str_equal (source[i], s->info->name))
      return TRUE;
    for (guint k = 0; k < s->part->len; k++)
    {
      const char *path = ((const RcaManifestPart *)g_ptr_array_index (s->part, k))->path;
      gsize all = strlen (path), end = strlen (source[i]);
      if (g_str_equal (path, source[i]) || (all > end && path[all - end - 1] == '/' && g_str_equal (path + all - end, source[i])))
        return TRUE;
    }
  }
  return n == 0;
}

gboolean
rca_store_export (const char *dir, const char *out, const char *const *source, guint n_source, RcaExportResult *result, GError **error)
{
  g_autofree char *note = NULL;
  *result = (RcaExportResult){ .problem = g_ptr_array_new_with_free_func (g_free) };
  g_autoptr (GPtrArray) lease = rca_io_hold_lease (dir);
  g_autoptr (RcaManifest) manifest = rca_manifest_read (dir, &note, error);
  if (!manifest)
    return FALSE;
  if (note)
    g_ptr_array_add (result->problem, g_steal_pointer (&note));
  g_autoptr (RcaIdFiles) ids = rca_id_files_new (dir);
  for (guint i = 0; i < manifest->source->len; i++)
  {
    Export e = { dir, g_ptr_array_index (manifest->source, i), result, ids };
    if (!is_meant (e.source, source, n_source))
      continue;
    result->sources++;
    for (guint k = 0; k < e.source->part->len; k++)
      if (!give_part (&e, out, k, error))
        return FALSE;
  }
  if (result->sources)
    return TRUE;
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_EMPTY, n_source ? "store %s: it holds no such source (rca sources --store %s lists them)" : "store %s: nothing is in it yet (rca ingest --store %s PATH… fills it)", dir, dir);
  return FALSE;
}

void
rca_export_result_clear (RcaExportResult *result)
{
  g_clear_pointer (&result->problem, g_ptr_array_unref);
}

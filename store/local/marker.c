#include "local/marker.h"
#include "clickhouse/address.h"
#include "json-scan.h"
#include "local/io.h"
#include "store.h"
#include "timestamp.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define NAME "markers.jsonl"

static void
append_json_string (GString *out, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_string_append_c (out, '"');
  for (const char *p = valid; *p; p++)
  {
    if (*p == '"' || *p == '\\')
      g_string_append_c (out, '\\');
    if ((guchar)*p < 0x20)
      g_string_append_printf (out, "\\u%04x", *p);
    else
      g_string_append_c (out, *p);
  }
  g_string_append_c (out, '"');
}

static void
append_member (GString *out, const char *key, const char *value)
{
  if (!value)
    return;
  g_string_append_printf (out, ",\"%s\":", key);
  append_json_string (out, value);
}

gboolean
rca_store_add_marker (const char *dir, const char *service, const char *version, gint64 time_ns, const char *note, GError **error)
{
  char time[32];
  if (rca_clickhouse_is_address (dir))
  {
    g_set_error_literal (error, RCA_STORE_ERROR, RCA_STORE_ERROR_WRITE, "markers are kept in a store folder, not in ClickHouse: rca deploy without --store, every analysis here reads it");
    return FALSE;
  }
  g_autoptr (GString) line = g_string_new (NULL);
  g_string_append_printf (line, "{\"time\":\"%s\"", rca_time_format (time_ns, time));
  append_member (line, "service", service);
  append_member (line, "version", version);
  append_member (line, "note", note);
  g_string_append (line, "}\n");
  if (!rca_io_make_dir (dir, error))
    return FALSE;
  g_autofree char *path = g_build_filename (dir, NAME, NULL);
  /* one write of one line with O_APPEND: two at a time do not mix */
  int fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  gboolean ok = fd >= 0 && write (fd, line->str, line->len) == (gssize)line->len && fsync (fd) == 0;
  if (!ok)
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_WRITE, "%s: %s", path, g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return ok && rca_io_sync_dir (dir, error);
}

static char *
member (RcaBytes line, const char *key, RcaArena *arena)
{
  RcaJsonType type;
  RcaBytes value;
  if (!rca_json_get (line, key, arena, &type, &value) || type != RCA_JSON_STRING)
    return NULL;
  return g_strndup (value.p, value.n);
}

static void
read_line (RcaTable *table, const char *path, guint64 number, RcaBytes line, RcaArena *arena)
{
  g_autofree char *time = member (line, "time", arena), *service = member (line, "service", arena), *version = member (line, "version", arena),
                  *note = member (line, "note", arena);
  RcaStamp stamp;
  if (!time || !rca_stamp_parse (rca_bytes_str (time), NULL, &stamp))
  {
    rca_table_problem (table, "%s line %" G_GUINT64_FORMAT ": no marker", path, number);
    return;
  }
  g_autofree char *text = g_strdup_printf ("%s%s%s%s%s", service ? service : "", version ? " " : "", version ? version : "", note ? " " : "", note ? note : "");
  rca_table_mark (table, stamp.time_ns, service, version, g_strstrip (text), path, number);
}

void
rca_markers_read (RcaTable *table, const char *dir)
{
  g_autofree char *path = g_build_filename (dir, NAME, NULL), *data = NULL;
  gsize n;
  if (!g_file_get_contents (path, &data, &n, NULL))
    return;
  g_autoptr (RcaArena) arena = rca_arena_new ();
  guint64 number = 1;
  for (gsize at = 0; at < n; number++)
  {
    const char *end = memchr (data + at, '\n', n - at);
    if (!end)
      break; /* a torn last line was never acknowledged */
    read_line (table, path, number, rca_bytes (data + at, (gsize)(end - data) - at), arena);
    at = (gsize)(end - data) + 1;
    rca_arena_reset (arena);
  }
}

void
rca_store_read_markers (RcaStore *store, const char *dir)
{
  rca_markers_read (rca_store_table (store), dir);
}

/* Its reference names the option it came from: there is no file to name. */
void
rca_store_mark (RcaStore *store, gint64 time_ns, const char *text)
{
  RcaTable *table = rca_store_table (store);
  rca_table_mark (table, time_ns, NULL, NULL, text, "--mark", table->mark->len + 1);
}

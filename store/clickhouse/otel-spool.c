#include "clickhouse/otel-spool.h"
#include "table.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

/* One log: as lines, as OTLP, or (bare lines of which it is not known yet whether they tell the time) both. */
typedef struct {
  char *path;  /* below the folder */
  FILE *lines, *otlp;
} Log;

struct RcaOtelSpool {
  char *root;
  char *folder[2]; /* of lines; of OTLP where it is not the only one */
  char *base;
  GHashTable *log;   /* path → Log */
  GPtrArray *made;   /* char*: files and folders, in order of making */
  int failed;        /* errno */
};

void
rca_otel_record_clear (RcaOtelRecord *r)
{
  g_free (r->service);
  g_free (r->level);
  g_free (r->trace_id);
  g_free (r->span_id);
  g_free (r->host);
  g_free (r->file);
  for (guint i = 0; i < RCA_N_MAPPED; i++)
    g_free (r->extra[i]);
  g_ptr_array_unref (r->resource_key);
  g_ptr_array_unref (r->resource_value);
  g_ptr_array_unref (r->log_key);
  g_ptr_array_unref (r->log_value);
}

/* ---- the folder ---- */

static void
close_log (Log *log)
{
  g_clear_pointer (&log->lines, fclose);
  g_clear_pointer (&log->otlp, fclose);
}

static void
log_free (gpointer data)
{
  Log *log = data;
  close_log (log);
  g_free (log->path);
  g_free (log);
}

RcaOtelSpool *
rca_otel_spool_new (const char *root, GError **error)
{
  g_autofree char *base = g_dir_make_tmp ("rca-otel-XXXXXX", error);
  if (!base)
    return NULL;
  RcaOtelSpool *s = g_new0 (RcaOtelSpool, 1);
  s->root = g_strdup (root);
  s->base = g_steal_pointer (&base);
  s->folder[0] = g_build_filename (s->base, "lines", NULL);
  s->folder[1] = g_build_filename (s->base, "otlp", NULL);
  s->log = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, log_free);
  s->made = g_ptr_array_new_with_free_func (g_free);
  return s;
}

void
rca_otel_spool_free (RcaOtelSpool *s)
{
  if (!s)
    return;
  g_hash_table_unref (s->log);
  for (guint i = s->made->len; i-- > 0;)
    g_remove (s->made->pdata[i]);
  g_rmdir (s->base);
  g_ptr_array_unref (s->made);
  g_free (s->folder[0]);
  g_free (s->folder[1]);
  g_free (s->base);
  g_free (s->root);
  g_free (s);
}

static void
make_folders (RcaOtelSpool *s, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  if (g_file_test (folder, G_FILE_TEST_IS_DIR))
    return;
  make_folders (s, folder);
  if (g_mkdir (folder, 0700) == 0)
    g_ptr_array_add (s->made, g_steal_pointer (&folder));
  else
    s->failed = errno;
}

static FILE *
make_file (RcaOtelSpool *s, const char *folder, const char *path)
{
  g_autofree char *whole = g_build_filename (folder, path, NULL);
  make_folders (s, whole);
  FILE *file = fopen (whole, "ae");
  if (!file)
    s->failed = errno;
  else
    g_ptr_array_add (s->made, g_steal_pointer (&whole));
  return file;
}

/* ---- whose a record is ---- */

static const char *
attribute (const GPtrArray *key, const GPtrArray *value, const char *name)
{
  for (guint i = 0; i < key->len; i++)
    if (g_str_equal (key->pdata[i], name))
      return value->pdata[i];
  return NULL;
}

/* Nothing but where the line was read. */
static gboolean
is_bare (const RcaOtelRecord *r)
{
  for (guint i = 0; i < r->log_key->len; i++)
    if (!g_str_has_prefix (r->log_key->pdata[i], "log."))
      return FALSE;
  return !r->trace_id;
}

/* A part of a path: no way up, no hidden file. */
static void
append_part (GString *path, const char *part)
{
  if (!part || !*part)
    return;
  g_auto (GStrv) pieces = g_strsplit (part, "/", -1);
  for (guint i = 0; pieces[i]; i++)
  {
    if (!*pieces[i])
      continue;
    g_string_append (path, path->len ? "/" : "");
    g_string_append (path, pieces[i][0] == '.' ? "_" : "");
    for (const char *p = pieces[i]; *p && p - pieces[i] < 200; p++)
      g_string_append_c (path, (guchar)*p < 0x20 ? '_' : *p);
  }
}

typedef enum { AS_LINE, AS_OTLP, AS_JSON } As;

static As
shape_of (const RcaOtelRecord *r)
{
  for (guint i = RCA_MAPPED_FIRST_EXTRA; i < RCA_N_MAPPED; i++)
    if (r->extra[i])
      return AS_JSON;
  return is_bare (r) ? AS_LINE : AS_OTLP;
}

static char *
path_of (const RcaOtelRecord *r, As as)
{
  static const char *const endings[] = { [AS_LINE] = "", [AS_OTLP] = ".otlp", [AS_JSON] = ".json" };
  static const char *const files[] = { "log.file.path", "log.file.name" };
  const char *instance = attribute (r->resource_key, r->resource_value, "k8s.pod.name"), *file = r->file;
  GString *path = g_string_new (NULL);
  append_part (path, r->service);
  append_part (path, r->host ? r->host : attribute (r->resource_key, r->resource_value, "host.name"));
  append_part (path, instance ? instance : attribute (r->resource_key, r->resource_value, "service.instance.id"));
  for (guint i = 0; i < G_N_ELEMENTS (files) && !file; i++)
    file = attribute (r->log_key, r->log_value, files[i]);
  append_part (path, file && *file ? file : "log");
  g_string_append (path, endings[as]);
  return g_string_free (path, FALSE);
}

static Log *
log_of (RcaOtelSpool *s, const RcaOtelRecord *r, As as)
{
  g_autofree char *path = path_of (r, as);
  Log *log = g_hash_table_lookup (s->log, path);
  if (!log)
  {
    log = g_new0 (Log, 1);
    log->path = g_steal_pointer (&path);
    g_hash_table_insert (s->log, log->path, log);
    log->lines = as != AS_OTLP ? make_file (s, s->folder[0], log->path) : NULL;
    log->otlp = as != AS_JSON ? make_file (s, s->folder[as == AS_OTLP ? 0 : 1], log->path) : NULL;
  }
  return log;
}

/* ---- writing ---- */

static void
append_json (GString *out, const char *text, gsize n)
{
  g_string_append_c (out, '"');
  for (gsize i = 0; i < n; i++)
    if (text[i] == '"' || text[i] == '\\')
      g_string_append_printf (out, "\\%c", text[i]);
    else if ((guchar)text[i] < 0x20)
      g_string_append_printf (out, "\\u%04x", (guchar)text[i]);
    else
      g_string_append_c (out, text[i]);
  g_string_append_c (out, '"');
}

static void
append_attributes (GString *out, const GPtrArray *key, const GPtrArray *value)
{
  for (guint i = 0; i < key->len; i++)
  {
    g_string_append (out, out->str[out->len - 1] == '[' ? "{\"key\":" : ",{\"key\":");
    append_json (out, key->pdata[i], strlen (key->pdata[i]));
    g_string_append (out, ",\"value\":{\"stringValue\":");
    append_json (out, value->pdata[i], strlen (value->pdata[i]));
    g_string_append (out, "}}");
  }
}

static void
append_member (GString *out, const char *name, const char *value)
{
  if (!value)
    return;
  g_string_append_printf (out, ",\"%s\":", name);
  append_json (out, value, strlen (value));
}

static void
write_otlp (FILE *file, const RcaOtelRecord *r)
{
  g_autoptr (GString) out = g_string_new ("{\"resourceLogs\":[{\"resource\":{\"attributes\":[");
  append_attributes (out, r->resource_key, r->resource_value);
  if (r->service && !attribute (r->resource_key, r->resource_value, "service.name"))
  {
    g_string_append (out, out->str[out->len - 1] == '[' ? "" : ",");
    g_string_append (out, "{\"key\":\"service.name\",\"value\":{\"stringValue\":");
    append_json (out, r->service, strlen (r->service));
    g_string_append (out, "}}");
  }
  g_string_append_printf (out, "]},\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"%" G_GINT64_FORMAT "\",\"severityNumber\":%d", r->time_ns, r->severity);
  append_member (out, "severityText", r->level);
  append_member (out, "traceId", r->trace_id);
  append_member (out, "spanId", r->span_id);
  g_string_append (out, ",\"body\":{\"stringValue\":");
  append_json (out, r->body.p, r->body.n);
  g_string_append (out, "},\"attributes\":[");
  append_attributes (out, r->log_key, r->log_value);
  g_string_append (out, "]}]}]}]}\n");
  fwrite (out->str, 1, out->len, file);
}

static void
write_json (FILE *file, const RcaOtelRecord *r)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (r->time_ns / RCA_NS_PER_S);
  g_autofree char *second = time ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%S") : NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  g_string_append_printf (out, "{\"time\":\"%s.%09dZ\"", second ? second : "", (int)(r->time_ns % RCA_NS_PER_S));
  append_member (out, "level", r->level);
  append_member (out, "service", r->service);
  append_member (out, "host", r->host);
  append_member (out, "trace_id", r->trace_id);
  for (guint i = RCA_MAPPED_FIRST_EXTRA; i < RCA_N_MAPPED; i++)
    append_member (out, rca_mapped_key ((RcaMapped)i), r->extra[i]);
  if (r->body.n)
  {
    g_string_append (out, ",\"message\":");
    append_json (out, r->body.p, r->body.n);
  }
  g_string_append (out, "}\n");
  fwrite (out->str, 1, out->len, file);
}

void
rca_otel_spool_add (RcaOtelSpool *s, const RcaOtelRecord *r)
{
  As as = shape_of (r);
  Log *log = log_of (s, r, as);
  if (log->lines && as == AS_JSON)
    write_json (log->lines, r);
  else if (log->lines)
  {
    gsize n = r->body.n;
    while (n && r->body.p[n - 1] == '\n')
      n--;
    fwrite (r->body.p, 1, n, log->lines);
    fputc ('\n', log->lines);
  }
  if (log->otlp)
    write_otlp (log->otlp, r);
}

gboolean
rca_otel_spool_flush (RcaOtelSpool *s, GError **error)
{
  GHashTableIter iter;
  gpointer value;
  g_hash_table_iter_init (&iter, s->log);
  while (g_hash_table_iter_next (&iter, NULL, &value))
  {
    Log *log = value;
    if ((log->lines && (fflush (log->lines) || ferror (log->lines))) || (log->otlp && (fflush (log->otlp) || ferror (log->otlp))))
      s->failed = errno ? errno : EIO;
    close_log (log);
  }
  if (s->failed)
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_WRITE, "%s: %s (TMPDIR names another place)", s->base, g_strerror (s->failed));
  return s->failed == 0;
}

/* ---- as a store ---- */

/* What is shown names the table, not the folder. */
static void
rename_in (char **text, const char *from, const char *to)
{
  if (!*text || !strstr (*text, from))
    return;
  g_auto (GStrv) pieces = g_strsplit (*text, from, -1);
  g_free (*text);
  *text = g_strjoinv (to, pieces);
}

static void
rename_all (GPtrArray *texts, const char *from, const char *to)
{
  for (guint i = 0; i < texts->len; i++)
    rename_in ((char **)&texts->pdata[i], from, to);
}

static void
show_as (RcaOtelSpool *s, RcaTable *table)
{
  for (guint f = 0; f < 2; f++)
  {
    for (guint i = 0; i < table->source->len; i++)
    {
      RcaTableSource *source = g_ptr_array_index (table->source, i);
      rename_in (&source->path, s->folder[f], s->root);
      rename_in (&source->why, s->folder[f], s->root);
      rename_all (source->part, s->folder[f], s->root);
      rename_all (source->problem, s->folder[f], s->root);
    }
    rename_all (table->problem, s->folder[f], s->root);
    rename_all (table->note, s->folder[f], s->root);
  }
}

/* Lines of which none tells its time are read as OTLP, whose records do. */
static gboolean
choose_paths (RcaOtelSpool *s, RcaTable *table, GPtrArray *paths)
{
  gboolean other = FALSE;
  for (guint i = 0; i < table->source->len; i++)
  {
    const RcaTableSource *source = g_ptr_array_index (table->source, i);
    const char *below = g_str_has_prefix (source->path, s->folder[0]) ? source->path + strlen (s->folder[0]) + 1 : NULL;
    g_autofree char *otlp = below ? g_build_filename (s->folder[1], below, NULL) : NULL;
    gboolean timeless = source->first_ns == RCA_TIME_NONE && otlp && g_file_test (otlp, G_FILE_TEST_EXISTS);
    other = other || timeless;
    g_ptr_array_add (paths, timeless ? g_steal_pointer (&otlp) : g_strdup (source->path));
  }
  return other;
}

RcaStore *
rca_otel_spool_open (RcaOtelSpool *s, const RcaOpenOptions *options, GError **error)
{
  const char *lines[] = { s->folder[0] };
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) own = NULL;
  RcaStore *store = rca_store_open_files (lines, 1, options, &own);
  if (store && choose_paths (s, rca_store_table (store), paths))
  {
    rca_store_close (store);
    store = rca_store_open_files ((const char *const *)paths->pdata, paths->len, options, &own);
  }
  else if (!store && g_file_test (s->folder[1], G_FILE_TEST_IS_DIR))
  {
    const char *otlp[] = { s->folder[1] };
    g_clear_error (&own);
    store = rca_store_open_files (otlp, 1, options, &own);
  }
  if (store)
    show_as (s, rca_store_table (store));
  else
    g_propagate_error (error, g_steal_pointer (&own));
  return store;
}

/* Files as they are found on a bad night: rotated, compressed, torn, binary, unreadable. */
#include "source.h"
#include "timestamp.h"
#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  char *dir;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("rca-source-XXXXXX", NULL);
  g_assert_nonnull (f->dir);
}

static void
remove_tree (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  for (const char *name; dir && (name = g_dir_read_name (dir));)
  {
    g_autofree char *child = g_build_filename (path, name, NULL);
    if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
      remove_tree (child);
    else
      g_unlink (child);
  }
  if (dir)
    g_dir_close (dir);
  g_rmdir (path);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  remove_tree (f->dir);
  g_free (f->dir);
}

static char *
put (Fixture *f, const char *name, const char *text, gsize n)
{
  char *path = g_build_filename (f->dir, name, NULL);
  g_assert_true (g_file_set_contents (path, text, (gssize)n, NULL));
  return path;
}

static void
put_text (Fixture *f, const char *name, const char *text)
{
  g_free (put (f, name, text, strlen (text)));
}

/* Lines of the generic text format, one a second from @second on. */
static GString *
some_lines (guint n, guint second)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "2026-11-24T%02u:%02u:%02uZ the request %08x was served\n", (second + i) / 3600, (second + i) / 60 % 60, (second + i) % 60,
                            i * 2654435761u);
  return text;
}

static GBytes *
compress (const GString *text, int (*filter) (struct archive *))
{
  gsize room = text->len + 65536, used = 0;
  char *out = g_malloc (room);
  struct archive *a = archive_write_new ();
  struct archive_entry *entry = archive_entry_new ();
  archive_write_set_format_raw (a);
  g_assert_cmpint (filter (a), ==, ARCHIVE_OK);
  archive_write_set_bytes_in_last_block (a, 1);
  g_assert_cmpint (archive_write_open_memory (a, out, room, &used), ==, ARCHIVE_OK);
  archive_entry_set_filetype (entry, AE_IFREG);
  g_assert_cmpint (archive_write_header (a, entry), ==, ARCHIVE_OK);
  archive_write_data (a, text->str, text->len);
  archive_entry_free (entry);
  archive_write_close (a);
  archive_write_free (a);
  return g_bytes_new_take (out, used);
}

static void
put_compressed (Fixture *f, const char *name, const GString *text, int (*filter) (struct archive *), double share)
{
  g_autoptr (GBytes) bytes = compress (text, filter);
  gsize n = (gsize)((double)g_bytes_get_size (bytes) * share);
  g_free (put (f, name, g_bytes_get_data (bytes, NULL), n));
}

static GPtrArray *
find (Fixture *f, GPtrArray *problems)
{
  const char *paths[] = { f->dir };
  return rca_sources_find (paths, 1, problems);
}

typedef struct {
  GString *text; /* messages, LF between */
  guint64 last_line;
  guint last_part;
} Seen;

static void
see (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  Seen *seen = user;
  RcaBytes message = rca_event_str (ev, RCA_FIELD_MESSAGE);
  g_string_append_len (seen->text, message.p, (gssize)message.n);
  g_string_append_c (seen->text, '\n');
  seen->last_line = ev->line;
  seen->last_part = part;
}

/* The only source below the folder, read. */
static RcaSource *
read_only_source (Fixture *f, Seen *seen)
{
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  GPtrArray *sources = find (f, problems);
  g_assert_cmpuint (sources->len, ==, 1);
  RcaSource *source = g_ptr_array_steal_index (sources, 0);
  g_ptr_array_unref (sources);
  rca_source_read (source, NULL, seen ? see : NULL, seen);
  return source;
}

static void
test_compressed (Fixture *f, gconstpointer filter)
{
  g_autoptr (GString) text = some_lines (300, 0);
  put_compressed (f, "x.log", text, (int (*) (struct archive *)) (gpointer)filter, 1.0);
  g_autoptr (RcaSource) source = read_only_source (f, NULL);
  g_assert_cmpuint (source->lines, ==, 300);
  g_assert_cmpuint (source->parsed, ==, 300);
  g_assert_cmpuint (source->problems->len, ==, 0);
}

/* 512 zeros look like the end of an empty tar. */
static void
test_compressed_hole (Fixture *f, gconstpointer filter)
{
  g_autoptr (GString) text = g_string_new (NULL), lines = some_lines (300, 0);
  g_string_set_size (text, 4096);
  memset (text->str, 0, 4096);
  g_string_append_len (text, lines->str, (gssize)lines->len);
  put_compressed (f, "x.log", text, (int (*) (struct archive *)) (gpointer)filter, 1.0);
  g_autoptr (RcaSource) source = read_only_source (f, NULL);
  g_assert_cmpuint (source->parsed, ==, 300);
  g_assert_cmpuint (source->problems->len, ==, 0);
}

static void
test_torn (Fixture *f, gconstpointer filter)
{
  g_autoptr (GString) text = some_lines (80000, 0);
  put_compressed (f, "x.log.gz", text, (int (*) (struct archive *)) (gpointer)filter, 0.5);
  g_autoptr (RcaSource) source = read_only_source (f, NULL);
  g_assert_cmpuint (source->problems->len, ==, 1);
  g_assert_nonnull (strstr (source->problems->pdata[0], "x.log.gz"));
  /* all but what the last block of the compressor held */
  g_assert_cmpuint (source->parsed, >, 36000);
  g_assert_cmpuint (source->parsed, <, 44000);
}

static void
test_rotated (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) oldest = some_lines (10, 0);
  g_autoptr (GString) older = some_lines (10, 10);
  g_autoptr (GString) old = some_lines (10, 20);
  g_autoptr (GString) now = some_lines (10, 30);
  put_compressed (f, "x.log.10.zst", oldest, archive_write_add_filter_zstd, 1.0);
  put_compressed (f, "x.log.2.gz", older, archive_write_add_filter_gzip, 1.0);
  put_text (f, "x.log.1", old->str);
  put_text (f, "x.log", now->str);
  Seen seen = { .text = g_string_new (NULL) };
  g_autoptr (RcaSource) source = read_only_source (f, &seen);
  g_assert_cmpuint (source->parts->len, ==, 4);
  g_assert_true (g_str_has_suffix (source->path, "/x.log"));
  g_assert_cmpuint (source->parsed, ==, 40);
  g_assert_cmpuint (seen.last_part, ==, 3);
  g_assert_cmpuint (seen.last_line, ==, 10); /* counted in the part */
  g_autofree char *quote = rca_source_quote (source, 1, 3, 1);
  g_assert_true (g_str_has_prefix (quote, "2026-11-24T00:00:12Z"));
  g_string_free (seen.text, TRUE);
}

/* log4j2 counts upwards: app-3 is newer than app-1, and the time stamps say so. */
static void
test_rotated_upwards (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) first = some_lines (10, 0);
  g_autoptr (GString) second = some_lines (10, 10);
  g_autoptr (GString) third = some_lines (10, 20);
  put_text (f, "x.log.1", first->str);
  put_text (f, "x.log.2", second->str);
  put_text (f, "x.log", third->str);
  g_autoptr (RcaSource) source = read_only_source (f, NULL);
  g_assert_true (g_str_has_suffix (((RcaSourcePart *)source->parts->pdata[0])->path, "/x.log.1"));
  g_assert_true (g_str_has_suffix (((RcaSourcePart *)source->parts->pdata[1])->path, "/x.log.2"));
}

static void
test_dated (Fixture *f, gconstpointer data)
{
  put_text (f, "x.log-20261123", "2026-11-23T00:00:00Z a\n");
  put_text (f, "x.log-20261122", "2026-11-22T00:00:00Z b\n");
  put_text (f, "x.log", "2026-11-24T00:00:00Z c\n");
  Seen seen = { .text = g_string_new (NULL) };
  g_autoptr (RcaSource) source = read_only_source (f, &seen);
  g_assert_cmpstr (seen.text->str, ==, "b\na\nc\n");
  g_string_free (seen.text, TRUE);
}

static void
test_instances_are_apart (Fixture *f, gconstpointer data)
{
  put_text (f, "shop-1.log", "2026-11-24T00:00:00Z a\n");
  put_text (f, "shop-2.log", "2026-11-24T00:00:00Z a\n");
  put_text (f, "shop.3.log", "2026-11-24T00:00:00Z a\n");
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) sources = find (f, problems);
  g_assert_cmpuint (sources->len, ==, 3);
}

static void
test_tar (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->dir, "logs.tgz", NULL);
  g_autoptr (GString) text = some_lines (20, 0);
  g_autoptr (GBytes) inner = compress (text, archive_write_add_filter_gzip);
  struct archive *a = archive_write_new ();
  archive_write_set_format_pax_restricted (a);
  archive_write_add_filter_gzip (a);
  g_assert_cmpint (archive_write_open_filename (a, path), ==, ARCHIVE_OK);
  const struct {
    const char *name;
    gconstpointer bytes;
    gsize n;
  } members[] = {
    { "var/log/a.log", text->str, text->len },
    { "var/log/b.log.1.gz", g_bytes_get_data (inner, NULL), g_bytes_get_size (inner) },
    { "var/log/b.log", text->str, text->len },
  };
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
  {
    struct archive_entry *entry = archive_entry_new ();
    archive_entry_set_pathname (entry, members[i].name);
    archive_entry_set_filetype (entry, AE_IFREG);
    archive_entry_set_perm (entry, 0644);
    archive_entry_set_size (entry, (la_int64_t)members[i].n);
    archive_write_header (a, entry);
    archive_write_data (a, members[i].bytes, members[i].n);
    archive_entry_free (entry);
  }
  archive_write_close (a);
  archive_write_free (a);
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) sources = find (f, problems);
  g_assert_cmpuint (sources->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    rca_source_read (sources->pdata[i], NULL, NULL, NULL);
  g_assert_cmpuint (((RcaSource *)sources->pdata[0])->parsed, ==, 20);
  g_assert_cmpuint (((RcaSource *)sources->pdata[1])->parsed, ==, 40);
}

static void
test_line_ends (Fixture *f, gconstpointer data)
{
  put_text (f, "x.log", "2026-11-24T00:00:00Z a\r\n  more\r\n\r\n2026-11-24T00:00:01Z b");
  Seen seen = { .text = g_string_new (NULL) };
  g_autoptr (RcaSource) source = read_only_source (f, &seen);
  g_assert_cmpstr (seen.text->str, ==, "a\n  more\nb\n");
  g_assert_cmpuint (source->lines, ==, 4);
  g_assert_cmpuint (source->blank, ==, 1);
  g_string_free (seen.text, TRUE);
}

static void
test_nul_hole (Fixture *f, gconstpointer data)
{
  static const char text[] = "2026-11-24T00:00:00Z a\n\0\0\0\0\0\0\0\0\0\0\0002026-11-24T00:00:01Z b\0c\n";
  g_free (put (f, "x.log", text, sizeof text - 1));
  g_autoptr (RcaSource) source = read_only_source (f, NULL);
  g_assert_cmpuint (source->parsed, ==, 2);
  g_assert_cmpuint (source->problems->len, ==, 0);
}

static void
test_giant_line (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new ("2026-11-24T00:00:00Z ");
  gsize at = text->len, n = 20 << 20;
  g_string_set_size (text, at + n);
  memset (text->str + at, 'a', n);
  g_string_append (text, "\n2026-11-24T00:00:01Z after\n");
  g_free (put (f, "x.log", text->str, text->len));
  Seen seen = { .text = g_string_new (NULL) };
  g_autoptr (RcaSource) source = read_only_source (f, &seen);
  g_assert_cmpuint (source->parsed, ==, 2);
  g_assert_cmpuint (source->truncated, ==, 1);
  g_assert_cmpuint (source->lines, ==, 2);
  g_assert_true (g_str_has_suffix (seen.text->str, "\nafter\n"));
  g_assert_cmpuint (seen.last_line, ==, 2);
  g_assert_cmpuint (seen.text->len, <, 2 << 20);
  g_string_free (seen.text, TRUE);
}

static void
test_utf16 (Fixture *f, gconstpointer data)
{
  glong units;
  g_autofree gunichar2 *wide = g_utf8_to_utf16 ("\xef\xbb\xbf"
                                                "2026-11-24T00:00:00Z grüße 😀\r\n2026-11-24T00:00:01Z b\r\n",
                                                -1, NULL, &units, NULL);
  g_free (put (f, "x.log", (const char *)wide, (gsize)units * 2));
  Seen seen = { .text = g_string_new (NULL) };
  g_autoptr (RcaSource) source = read_only_source (f, &seen);
  g_assert_cmpstr (seen.text->str, ==, "grüße 😀\nb\n");
  g_string_free (seen.text, TRUE);
}

static void
test_binary (Fixture *f, gconstpointer data)
{
  char junk[5000];
  for (guint i = 0; i < sizeof junk; i++)
    junk[i] = (char)(i * 2654435761u >> 13);
  g_free (put (f, "x.log", junk, sizeof junk));
  g_autoptr (RcaSource) source = read_only_source (f, NULL);
  g_assert_cmpuint (source->records, ==, 0);
  g_assert_cmpuint (source->problems->len, ==, 1);
  g_assert_nonnull (strstr (source->problems->pdata[0], "binary"));
}

static void
test_unknown_text (Fixture *f, gconstpointer data)
{
  put_text (f, "x.log", "no time here\n\nnor here\n");
  Seen seen = { .text = g_string_new (NULL) };
  g_autoptr (RcaSource) source = read_only_source (f, &seen);
  g_assert_null (source->format);
  g_assert_cmpuint (source->records, ==, 2);
  g_assert_cmpuint (source->rejected, ==, 2);
  g_assert_cmpstr (source->first_rejected, ==, "no time here");
  g_assert_cmpstr (seen.text->str, ==, "no time here\nnor here\n");
  g_string_free (seen.text, TRUE);
}

static void
test_unreadable (Fixture *f, gconstpointer data)
{
  if (geteuid () == 0)
  {
    g_test_skip ("root reads everything");
    return;
  }
  put_text (f, "x.log", "2026-11-24T00:00:00Z a\n");
  g_autofree char *path = g_build_filename (f->dir, "x.log", NULL);
  g_assert_cmpint (chmod (path, 0), ==, 0);
  g_autoptr (RcaSource) source = read_only_source (f, NULL);
  g_assert_cmpuint (source->problems->len, ==, 1);
  g_assert_nonnull (strstr (source->problems->pdata[0], "sudo"));
}

static void
test_missing (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->dir, "none.log", NULL);
  const char *paths[] = { path };
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) sources = rca_sources_find (paths, 1, problems);
  g_assert_cmpuint (sources->len, ==, 0);
  g_assert_cmpuint (problems->len, ==, 1);
}

static void
test_linked_twice (Fixture *f, gconstpointer data)
{
  put_text (f, "x.log", "2026-11-24T00:00:00Z a\n");
  g_autofree char *target = g_build_filename (f->dir, "x.log", NULL);
  g_autofree char *link = g_build_filename (f->dir, "y.log", NULL);
  g_autofree char *loop = g_build_filename (f->dir, "loop", NULL);
  g_assert_cmpint (symlink (target, link), ==, 0);
  g_assert_cmpint (symlink (f->dir, loop), ==, 0);
  g_autoptr (RcaSource) source = read_only_source (f, NULL);
  g_assert_cmpuint (source->parsed, ==, 1);
}

static void
test_order_of_paths (Fixture *f, gconstpointer data)
{
  put_text (f, "a.log", "2026-11-24T00:00:00Z a\n");
  put_text (f, "b.log", "2026-11-24T00:00:00Z b\n");
  g_autofree char *a = g_build_filename (f->dir, "a.log", NULL);
  g_autofree char *b = g_strconcat ("web=", f->dir, "/b.log", NULL);
  const char *one[] = { a, b }, *other[] = { b, a };
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) x = rca_sources_find (one, 2, problems);
  g_autoptr (GPtrArray) y = rca_sources_find (other, 2, problems);
  g_assert_cmpuint (x->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpstr (((RcaSource *)x->pdata[i])->path, ==, ((RcaSource *)y->pdata[i])->path);
  g_assert_cmpstr (((RcaSource *)x->pdata[1])->name, ==, "web");
}

typedef struct {
  gint64 from_ns, to_ns;
  guint64 n, sum; /* of the events inside: how many, and their line numbers */
  guint64 all;
} Inside;

static void
see_inside (RcaSource *source, guint part, RcaEvent *ev, gpointer user)
{
  Inside *inside = user;
  inside->all++;
  if (ev->time_ns < inside->from_ns || ev->time_ns > inside->to_ns)
    return;
  inside->n++;
  inside->sum += ev->line;
}

static void
test_window (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gint64 start = rca_civil_ns (2026, 11, 24, 0, 0, 0, 0);
  for (guint i = 0; text->len < (40 << 20); i++)
  {
    char time[32];
    /* some 12 hours; every hundredth line comes ten minutes late */
    gint64 at = start + (gint64)i * 75 * RCA_NS_PER_MS - (i % 100 == 0 ? 600 * RCA_NS_PER_S : 0);
    g_string_append_printf (text, "%s the request %08x was served at last\n", rca_time_format (at, time), i * 2654435761u);
    if (i % 1000 == 0)
      g_string_append (text, "  with a second line\n");
  }
  g_free (put (f, "x.log", text->str, text->len));
  Inside whole = { .from_ns = start + 6 * 3600 * RCA_NS_PER_S, .to_ns = start + 7 * 3600 * RCA_NS_PER_S }, window = whole;
  g_autoptr (RcaSource) source = read_only_source (f, NULL);
  gint64 first = source->first_ns, last = source->last_ns;
  RcaReadOptions options = { .from_ns = RCA_TIME_NONE, .to_ns = RCA_TIME_NONE };
  rca_source_read (source, &options, see_inside, &whole);
  options = (RcaReadOptions){ .from_ns = window.from_ns, .to_ns = window.to_ns };
  rca_source_read (source, &options, see_inside, &window);
  g_assert_cmpuint (whole.n, >, 40000);
  g_assert_cmpuint (window.n, ==, whole.n);
  g_assert_cmpuint (window.sum, ==, whole.sum);
  g_assert_cmpuint (window.all, <, whole.all / 2);
  g_assert_cmpint (ABS (source->first_ns - first), <=, 600 * RCA_NS_PER_S);
  g_assert_cmpint (ABS (source->last_ns - last), <=, 600 * RCA_NS_PER_S);
}

static void
test_parts_outside (Fixture *f, gconstpointer data)
{
  put_text (f, "x.log-20261120", "2026-11-20T00:00:00Z a\n");
  put_text (f, "x.log-20261122", "2026-11-22T00:00:00Z b\n");
  put_text (f, "x.log", "2026-11-24T00:00:00Z c\n");
  Seen seen = { .text = g_string_new (NULL) };
  g_autoptr (RcaSource) source = read_only_source (f, NULL);
  RcaReadOptions options = { .from_ns = rca_civil_ns (2026, 11, 23, 20, 0, 0, 0), .to_ns = RCA_TIME_NONE };
  rca_source_read (source, &options, see, &seen);
  g_assert_cmpstr (seen.text->str, ==, "b\nc\n");
  g_assert_cmpuint (seen.last_part, ==, 2);
  g_assert_cmpint (source->first_ns, ==, rca_civil_ns (2026, 11, 20, 0, 0, 0, 0));
  g_string_free (seen.text, TRUE);
}

/* An unquoted request id before the status is nobody's layout: the nginx.conf in the folder tells. */
static void
test_conf_beside (Fixture *f, gconstpointer data)
{
  put_text (f, "shop.log",
            "10.0.0.1 2026-11-24T09:00:01+00:00 a1 500 0.100 900 \"GET /a HTTP/1.1\" 7\n"
            "10.0.0.2 2026-11-24T09:00:02+00:00 b2 200 0.120 901 \"GET /b HTTP/1.1\" 8\n");
  g_autofree char *conf = g_build_filename (f->dir, "nginx.conf", NULL), *log = g_build_filename (f->dir, "shop.log", NULL);
  const char *paths[] = { log };
  for (guint with = 0; with < 2; with++)
  {
    if (with)
      put_text (f, "nginx.conf", "log_format shop '$remote_addr $time_iso8601 $request_id $status $request_time $bytes_sent \"$request\" $connection';\n");
    g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GPtrArray) sources = rca_sources_find (paths, 1, problems);
    RcaSource *source = sources->pdata[0];
    rca_source_read (source, NULL, NULL, NULL);
    g_assert_cmpuint (source->parsed, ==, 2);
    g_assert_cmpint (strstr (source->why, "nginx.conf") != NULL, ==, with == 1);
    if (with)
      g_assert_cmpuint (source->http_5xx, ==, 1);
  }
}

#define ADD(name, data, test) g_test_add ("/source/" name, Fixture, (gconstpointer)(gpointer)(data), set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("gzip-is-read-whatever-its-name", archive_write_add_filter_gzip, test_compressed);
  ADD ("zstd-is-read-whatever-its-name", archive_write_add_filter_zstd, test_compressed);
  ADD ("xz-is-read-whatever-its-name", archive_write_add_filter_xz, test_compressed);
  ADD ("bzip2-is-read-whatever-its-name", archive_write_add_filter_bzip2, test_compressed);
  ADD ("gzip-that-begins-with-a-hole-is-read", archive_write_add_filter_gzip, test_compressed_hole);
  ADD ("zstd-that-begins-with-a-hole-is-read", archive_write_add_filter_zstd, test_compressed_hole);
  ADD ("xz-that-begins-with-a-hole-is-read", archive_write_add_filter_xz, test_compressed_hole);
  ADD ("bzip2-that-begins-with-a-hole-is-read", archive_write_add_filter_bzip2, test_compressed_hole);
  ADD ("torn-gzip-gives-what-stands-before-the-damage", archive_write_add_filter_gzip, test_torn);
  ADD ("torn-zstd-gives-what-stands-before-the-damage", archive_write_add_filter_zstd, test_torn);
  ADD ("rotated-siblings-are-one-source-oldest-first", NULL, test_rotated);
  ADD ("numbers-that-count-upwards-are-told-by-their-times", NULL, test_rotated_upwards);
  ADD ("dated-siblings-are-in-the-order-of-their-dates", NULL, test_dated);
  ADD ("instances-are-sources-of-their-own", NULL, test_instances_are_apart);
  ADD ("members-of-a-tar-are-sources-with-siblings-joined", NULL, test_tar);
  ADD ("carriage-returns-and-a-missing-last-line-end-change-nothing", NULL, test_line_ends);
  ADD ("a-hole-of-nuls-costs-no-line", NULL, test_nul_hole);
  ADD ("a-giant-line-is-cut-and-counted", NULL, test_giant_line);
  ADD ("utf-16-is-converted", NULL, test_utf16);
  ADD ("binary-junk-is-named", NULL, test_binary);
  ADD ("text-of-no-format-is-kept-and-counted-as-rejected", NULL, test_unknown_text);
  ADD ("an-unreadable-file-comes-with-the-remedy", NULL, test_unreadable);
  ADD ("a-missing-path-is-a-problem-not-a-source", NULL, test_missing);
  ADD ("links-and-loops-are-read-once", NULL, test_linked_twice);
  ADD ("a-window-of-a-large-file-is-found-by-bisection-with-its-line-numbers", NULL, test_window);
  ADD ("rotated-parts-outside-the-window-are-not-read", NULL, test_parts_outside);
  ADD ("the-order-of-paths-changes-nothing", NULL, test_order_of_paths);
  ADD ("an-nginx-conf-in-the-folder-names-the-columns", NULL, test_conf_beside);
  return g_test_run ();
}

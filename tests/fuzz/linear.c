/* Time grows with a line's length and no faster, whatever stands in it.
 *
 * Into a line of each of the decoders' samples (in its middle, and behind it) a piece is put over and over; the
 * decoder reads it at a length and at four times that. Processor time is compared, the least of some tries, and only
 * where it is long enough to be told: four times as much is linear, sixteen is quadratic, TOO_MUCH lies between. */
#include "classify.h"
#include "framing.h"
#include "identity.h"
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SHORT_BYTES ((gsize)64 << 10)
#define TIMES       4
#define TOO_MUCH    10
#define TOLD_NS     (20 * G_GINT64_CONSTANT (1000000)) /* less is noise */
#define TRIES       3
#define CONTEXT     40 /* lines of the sample that stand before, for the decoder to learn from */

static const char *const pieces[] = {
  "a", " ", "\"", "\\", "[", "{", "(", "/", "=", ":", "%41", "1", "a=b ", "\"k\":\"v\",", "{\"a\":", "x: ", "'", "::", "a.b.", "Caused by: ", "at x.y(z:1) ", "SELECT (", "--", "-", "\t",
  "127.0.0.1 ", "2026-11-24 10:00:00 ", "/* ", "\\\"", "a,", "<", "|", "#012", "\x1b[1m", "error ", "\xc3\xa9", "$1 ", "in (1,",
};

static gint64
cpu_ns (void)
{
  struct timespec t;
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &t);
  return (gint64)t.tv_sec * RCA_NS_PER_S + t.tv_nsec;
}

static void
take (RcaEvent *ev, gpointer user)
{
  guint64 *events = user;
  rca_classify_event (ev);
  ++*events;
}

/* As a user's file is read, up to classification. */
static gint64
read_ns (const GString *text)
{
  gint64 least = G_MAXINT64;
  for (guint try = 0; try < TRIES; try++)
  {
    int fd = memfd_create ("linear", MFD_CLOEXEC);
    g_assert (fd >= 0 && write (fd, text->str, text->len) == (gssize)text->len && lseek (fd, 0, SEEK_SET) == 0);
    gint64 from = cpu_ns ();
    RcaInput *input = rca_input_open_fd (fd, "linear.log", NULL, NULL);
    RcaFramer *framer = rca_framer_new (input);
    RcaSampleLines sample = *rca_framer_sample (framer);
    sample.path = "linear.log";
    const RcaFormat *format = rca_sniff (&sample, NULL);
    g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
    guint64 events = 0;
    if (format)
    {
      g_autoptr (RcaDecoder) decoder = rca_decoder_new (format, &sample);
      RcaRecord record;
      while (format->document ? rca_framer_slurp (framer, &record) : rca_framer_next (framer, decoder, &record))
      {
        rca_event_clear (ev);
        ev->raw = record.text;
        rca_decoder_decode (decoder, record.text, ev, take, &events);
        if (format->document)
          break;
      }
      rca_event_clear (ev);
      rca_decoder_flush (decoder, ev, take, &events);
    }
    rca_framer_free (framer);
    rca_input_free (input);
    least = MIN (least, cpu_ns () - from);
    close (fd);
    if (least < TOLD_NS)
      break;
  }
  return least;
}

/* The sample's head, then its last line with @n bytes of @piece put in at @at. */
static void
build (GString *out, const char *head, gsize head_n, const char *line, gsize line_n, gsize at, const char *piece, gsize n)
{
  g_string_truncate (out, 0);
  g_string_append_len (out, head, (gssize)head_n);
  g_string_append_len (out, line, (gssize)at);
  for (gsize i = 0; i < n; i += strlen (piece))
    g_string_append (out, piece);
  g_string_append_len (out, line + at, (gssize)(line_n - at));
  g_string_append_c (out, '\n');
}

static gboolean
grows_too_fast (const char *name, const char *text, gsize text_n, gsize at_share, const char *piece, GString *scratch)
{
  const char *line = text;
  for (guint i = 0; i < CONTEXT; i++)
  {
    const char *lf = memchr (line, '\n', (gsize)(text + text_n - line));
    if (!lf || lf + 1 >= text + text_n)
      break;
    line = lf + 1;
  }
  const char *lf = memchr (line, '\n', (gsize)(text + text_n - line));
  gsize line_n = lf ? (gsize)(lf - line) : (gsize)(text + text_n - line), at = line_n * at_share / 3;
  build (scratch, text, (gsize)(line - text), line, line_n, at, piece, SHORT_BYTES * TIMES);
  gint64 longer = read_ns (scratch);
  if (longer < TOLD_NS)
    return FALSE;
  build (scratch, text, (gsize)(line - text), line, line_n, at, piece, SHORT_BYTES);
  gint64 shorter = read_ns (scratch);
  if (g_getenv ("RCA_LINEAR_ALL"))
    g_print ("# %s: \"%s\" at %zu/3: %.1f ms, then %.1f ms\n", name, piece, at_share, (double)shorter / 1e6, (double)longer / 1e6);
  if (longer < shorter * TOO_MUCH)
    return FALSE;
  g_print ("# %s: \"%s\" at %zu/3 of the line: %zu KiB take %.1f ms, %d times as many %.1f ms\n", name, piece, at_share, SHORT_BYTES >> 10, (double)shorter / 1e6, TIMES, (double)longer / 1e6);
  return TRUE;
}

static gint
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

int
main (int argc, char **argv)
{
  guint wrong = 0, tried = 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) scratch = g_string_new (NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  GDir *dir = argc > 1 ? g_dir_open (argv[1], 0, &error) : NULL;
  if (!dir)
  {
    g_printerr ("linear SAMPLES: %s\n", error ? error->message : "names the folder of the decoders' samples");
    return 2;
  }
  for (const char *name; (name = g_dir_read_name (dir));)
    if (g_str_has_suffix (name, ".log") && (argc < 3 || g_str_has_prefix (name, argv[2])))
      g_ptr_array_add (names, g_strdup (name));
  g_dir_close (dir);
  g_ptr_array_sort (names, by_name);
  for (guint i = 0; i < names->len; i++)
  {
    g_autofree char *path = g_build_filename (argv[1], names->pdata[i], NULL), *text = NULL;
    gsize n;
    if (!g_file_get_contents (path, &text, &n, NULL) || n == 0)
      continue;
    for (guint p = 0; p < G_N_ELEMENTS (pieces); p++)
      wrong += grows_too_fast (names->pdata[i], text, n, 1 + (i + p) % 3, pieces[p], scratch), tried++;
  }
  g_print ("1..1\n%sok 1 - linear/time-grows-with-length-and-no-faster: %u lines\n", wrong ? "not " : "", tried);
  return wrong > 0;
}

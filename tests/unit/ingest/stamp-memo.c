/* Reading a stamp by the layout of the one before gives what reading it in full gives: on every place of
 * every decoder's sample where a token begins, and on the same lines with bytes changed, put in or cut off. */
#include "timestamp.h"

#define CHANGES 24
#define MOST_BYTES 64

typedef struct {
  RcaStampContext quick, full; /* full: its memo is forgotten before each stamp */
  guint64 dice;
  guint n_quick; /* stamps that the memo read: the test would prove nothing without any */
} Both;

static guint
roll (Both *both, guint n)
{
  both->dice = both->dice * G_GUINT64_CONSTANT (6364136223846793005) + 1442695040888963407;
  return (guint) (both->dice >> 33) % n;
}

static void
compare (Both *both, const char *text, gsize n)
{
  RcaStamp quick = { 0 }, full = { 0 };
  g_autofree char *copy = g_memdup2 (text, n); /* exactly its size: a sanitizer sees a read too far */
  both->full.memo.n = 0;
  guint8 had = both->quick.memo.n;
  gboolean same_minute = had > 0 && n > had && memcmp (copy, both->quick.memo.prefix, had) == 0;
  gsize took = rca_stamp_parse (rca_bytes (copy, n), &both->quick, &quick);
  gsize expected = rca_stamp_parse (rca_bytes (copy, n), &both->full, &full);
  if (took != expected || (took > 0 && (quick.time_ns != full.time_ns || quick.flags != full.flags)))
    g_error ("%.*s: %zu bytes, %" G_GINT64_FORMAT ", flags %u; in full %zu bytes, %" G_GINT64_FORMAT ", flags %u", (int) n, copy, took, quick.time_ns,
             quick.flags, expected, full.time_ns, full.flags);
  g_assert_cmpint (both->quick.previous_ns, ==, both->full.previous_ns);
  both->n_quick += same_minute && took > 0;
}

static gsize
change (Both *both, char *text, gsize n)
{
  static const char likely[] = "0123456789:,. T-+/ZAPMampUTCest[]2026\xe2\x80\xaf_";
  gsize at = roll (both, (guint) n);
  switch (roll (both, 8))
  {
  case 0:
    return at;
  case 1:
    memmove (text + at, text + at + 1, n - at - 1);
    return n - 1;
  case 2:
    memmove (text + at + 1, text + at, n - at);
    text[at] = likely[roll (both, sizeof likely)];
    return n + 1;
  default:
    text[at] = likely[roll (both, sizeof likely)];
    return n;
  }
}

static void
compare_with_changes (Both *both, RcaBytes text)
{
  gsize n = MIN (text.n, MOST_BYTES);
  compare (both, text.p, n);
  for (guint i = 0; i < CHANGES && n > 0; i++)
  {
    char changed[MOST_BYTES + 4];
    gsize left = n;
    memcpy (changed, text.p, n);
    for (guint j = roll (both, 3) + 1; j > 0 && left > 0 && left < sizeof changed - 1; j--)
      left = change (both, changed, left);
    compare (both, changed, left);
    if (i % 4 == 3)
      compare (both, text.p, n);
  }
}

static void
compare_line (Both *both, RcaBytes line)
{
  guint tokens = 0;
  for (gsize at = 0; at < line.n && tokens < 4; at++)
    if (at == 0 || line.p[at - 1] == ' ' || line.p[at - 1] == '"' || line.p[at - 1] == '[')
    {
      RcaBytes text = rca_bytes_from (line, at);
      RcaStamp stamp;
      RcaStampContext fresh;
      rca_stamp_context_init (&fresh, both->full.mtime_ns);
      if (rca_stamp_parse (text, &fresh, &stamp) == 0)
        continue;
      compare_with_changes (both, text);
      tokens++;
    }
}

static void
test_samples_agree (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("G_TEST_SRCDIR") ?: "tests", "decoders", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
  g_assert_no_error (error);
  Both both = { .dice = 7 };
  for (const char *name; (name = g_dir_read_name (dir));)
  {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autofree char *bytes = NULL;
    gsize n;
    if (!g_str_has_suffix (name, ".log") || !g_file_get_contents (path, &bytes, &n, NULL))
      continue;
    rca_stamp_context_init (&both.quick, rca_civil_ns (2026, 11, 25, 12, 0, 0, 0));
    rca_stamp_context_init (&both.full, both.quick.mtime_ns);
    for (const char *p = bytes, *end = bytes + n; p < end;)
    {
      const char *lf = memchr (p, '\n', (gsize) (end - p)) ?: end;
      compare_line (&both, rca_bytes (p, (gsize) (lf - p)));
      p = lf + 1;
    }
  }
  g_assert_cmpuint (both.n_quick, >, 1000);
}

/* Years are told by the record before: however far it lies from the memo's. */
static void
test_years_agree (void)
{
  static const char *const text[] = { "Dec 31 23:59:58 h", "Dec 31 23:59:59 h", "Jan  1 00:00:01 h", "Dec 31 23:59:57 h", "Jun 30 12:00:00 h", "Jun 30 12:00:01 UTC h", "Jun 30 12:00:01 2025 h", "Jun 30 12:00:02 h" };
  Both both = { .dice = 3 };
  rca_stamp_context_init (&both.quick, rca_civil_ns (2026, 11, 25, 12, 0, 0, 0));
  rca_stamp_context_init (&both.full, both.quick.mtime_ns);
  for (guint i = 0; i < 4000; i++)
  {
    const char *chosen = text[roll (&both, G_N_ELEMENTS (text))];
    if (i % 50 == 0) /* as if another stamp had been read between them */
      both.quick.previous_ns = both.full.previous_ns = i % 100 ? RCA_TIME_NONE : both.full.mtime_ns - roll (&both, 2000) * 86400 * RCA_NS_PER_S;
    compare (&both, chosen, strlen (chosen));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stamp-memo/samples-and-changed-samples-agree", test_samples_agree);
  g_test_add_func ("/stamp-memo/years-agree", test_years_agree);
  return g_test_run ();
}

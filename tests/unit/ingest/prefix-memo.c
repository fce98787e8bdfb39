/* A prefix out of the memo says what reading it in full says: on every decoder's sample, from several places
 * of each line on, and on the same lines with bytes changed, put in or cut off. */
#include "prefix-memo.h"

#define MOST_LIMIT 6
#define CHANGES 12
#define MOST_BYTES 160

typedef struct {
  RcaPrefixMemo *memo[MOST_LIMIT];
  RcaAppSource source;
  RcaArena *arena;
  RcaEvent *ev[2];
  RcaAppRecord *record[2];
  guint64 dice;
} Both;

static guint
roll (Both *both, guint n)
{
  both->dice = both->dice * G_GUINT64_CONSTANT (6364136223846793005) + 1442695040888963407;
  return (guint) (both->dice >> 33) % n;
}

static gboolean
same (RcaBytes a, RcaBytes b)
{
  return a.p == b.p && a.n == b.n;
}

static gboolean
same_record (const RcaAppRecord *a, const RcaAppRecord *b)
{
  if (a->ev->severity != b->ev->severity || a->present != b->present || a->ev->n_attributes != b->ev->n_attributes)
    return FALSE;
  for (guint i = 0; i < RCA_N_SLOTS; i++)
    if ((a->present >> i & 1)
        && (!same (a->slot[i].value, b->slot[i].value) || a->slot[i].strength != b->slot[i].strength || a->slot[i].unit_ns != b->slot[i].unit_ns
            || a->slot[i].number != b->slot[i].number))
      return FALSE;
  for (guint i = 0; i < a->ev->n_attributes; i++)
    if (!rca_bytes_equal (a->ev->attribute[i].key, b->ev->attribute[i].key) || !same (a->ev->attribute[i].value, b->ev->attribute[i].value))
      return FALSE;
  return TRUE;
}

static void
compare (Both *both, const char *text, gsize n, RcaSeverity before)
{
  g_autofree char *copy = g_memdup2 (text, n); /* exactly its size: a sanitizer sees a read too far */
  RcaBytes line = rca_bytes (copy, n);
  for (guint limit = 0; limit < MOST_LIMIT; limit++)
  {
    gsize end[2];
    for (guint i = 0; i < 2; i++)
    {
      rca_event_clear (both->ev[i]);
      rca_app_record_begin (both->record[i], both->ev[i], both->arena, &both->source);
      both->ev[i]->severity = before;
      end[i] = i == 0 ? rca_prefix_read (line, limit, both->record[i], NULL) : rca_prefix_memo_read (both->memo[limit], line, both->record[i]);
    }
    if (end[0] != end[1] || !same_record (both->record[0], both->record[1]))
      g_error ("limit %u: \"%.*s\": the message begins at %zu in full, at %zu by the memo, or their parts differ", limit, (int) n, copy, end[0], end[1]);
  }
}

static gsize
change (Both *both, char *text, gsize n)
{
  static const char likely[] = " []():-|{}=.\"'/azAZerINFOWARN09\t_#*~<>";
  gsize at = roll (both, (guint) n);
  switch (roll (both, 6))
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
  static const RcaSeverity severities[] = { RCA_SEVERITY_NONE, RCA_SEVERITY_NONE, RCA_SEVERITY_INFO };
  gsize n = MIN (text.n, MOST_BYTES);
  compare (both, text.p, n, RCA_SEVERITY_NONE);
  for (guint i = 0; i < CHANGES && n > 0; i++)
  {
    char changed[MOST_BYTES + 4];
    gsize left = n;
    memcpy (changed, text.p, n);
    for (guint j = roll (both, 3) + 1; j > 0 && left > 0 && left < sizeof changed - 1; j--)
      left = change (both, changed, left);
    compare (both, changed, left, severities[roll (both, G_N_ELEMENTS (severities))]);
    if (i % 4 == 3)
      compare (both, text.p, n, severities[roll (both, G_N_ELEMENTS (severities))]);
  }
}

static void
compare_line (Both *both, RcaBytes line)
{
  guint tokens = 0;
  for (gsize at = 0; at < line.n && tokens < 4; at++)
    if (at == 0 || (line.p[at - 1] == ' ' && line.p[at] != ' '))
    {
      compare_with_changes (both, rca_bytes_from (line, at));
      tokens++;
    }
}

static void
compare_file (Both *both, const char *path)
{
  g_autofree char *bytes = NULL;
  gsize n;
  if (!g_file_get_contents (path, &bytes, &n, NULL))
    return;
  for (const char *p = bytes, *end = bytes + n; p < end;)
  {
    const char *lf = memchr (p, '\n', (gsize) (end - p)) ?: end;
    compare_line (both, rca_bytes (p, (gsize) (lf - p)));
    p = lf + 1;
  }
}

static void
both_init (Both *both)
{
  memset (both, 0, sizeof *both);
  both->dice = 11;
  both->arena = rca_arena_new ();
  rca_app_source_init (&both->source, RCA_TIME_NONE);
  for (guint i = 0; i < MOST_LIMIT; i++)
    both->memo[i] = rca_prefix_memo_new (i);
  for (guint i = 0; i < 2; i++)
  {
    both->ev[i] = g_new0 (RcaEvent, 1);
    both->record[i] = g_new0 (RcaAppRecord, 1);
  }
}

static void
both_clear (Both *both)
{
  guint64 hits = 0;
  for (guint i = 0; i < MOST_LIMIT; i++)
  {
    hits += rca_prefix_memo_hits (both->memo[i]);
    rca_prefix_memo_free (both->memo[i]);
  }
  for (guint i = 0; i < 2; i++)
  {
    g_free (both->ev[i]);
    g_free (both->record[i]);
  }
  rca_app_source_clear (&both->source);
  rca_arena_free (both->arena);
  g_assert_cmpuint (hits, >, 1000); /* or nothing was proved */
}

static void
test_samples_agree (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("G_TEST_SRCDIR") ?: "tests", "decoders", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
  g_assert_no_error (error);
  Both both;
  both_init (&both);
  for (const char *name; (name = g_dir_read_name (dir));)
  {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    if (g_str_has_suffix (name, ".log"))
      compare_file (&both, path);
  }
  both_clear (&both);
}

/* Made of what prefixes are made of, in any order: the same beginnings with many a message behind them. */
static void
test_made_up_lines_agree (void)
{
  static const char *const parts[] = { "INFO ",  "[main] ",  "[http-nio-8080-exec-1] ", "com.shop.orders.Service ", "com.shop.Cart - ", "shop: ",  " : ",        "1 --- ", "[a,0123456789abcdef,01] ",
                                       "ERROR ", "(U.java:4) ", "main.go:12: ",        "[req-1a2b3c4d] ",          "shop.db.pool ",    "[x=1 y=2] ", "req{id=1}: ", "4242 ",  "shop[12]: ", "| ", "k=\"v w\" ", "k=\"v ", "vpxd ", "error " };
  static const char *const messages[] = { "cart loaded", "Cart 12 loaded", "GET /x", "ERROR in it", "in app: text", "Timeout while it", "order: 12", "a::b c", "\"quoted\" x", "{x}: y", "shop.x y", "x INFO z",
                                          "Error [x]", "name - text", "x", "word ", "word W", "id=1 x", "[closed] x", "}: end", "fail  two", "Error vpxd[7F1] x", "cart vpxd[7F1] x", "PHP Fatal error: x" };
  Both both;
  both_init (&both);
  for (guint i = 0; i < 60000; i++)
  {
    g_autoptr (GString) line = g_string_new (NULL);
    for (guint n = roll (&both, 5) + 1; n > 0; n--)
      g_string_append (line, parts[roll (&both, roll (&both, 2) ? 6 : G_N_ELEMENTS (parts))]);
    g_string_append (line, messages[roll (&both, G_N_ELEMENTS (messages))]);
    compare (&both, line->str, line->len, roll (&both, 4) ? RCA_SEVERITY_NONE : RCA_SEVERITY_INFO);
  }
  both_clear (&both);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prefix-memo/samples-and-changed-samples-agree", test_samples_agree);
  g_test_add_func ("/prefix-memo/made-up-lines-agree", test_made_up_lines_agree);
  return g_test_run ();
}

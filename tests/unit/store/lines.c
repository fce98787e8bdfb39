#include "local/encodings/integers.h"
#include "local/lines/layout.h"
#include "local/lines/lines.h"
#include "local/lines/variable.h"

/* ---- integers ---- */

static void
check_integers (const guint64 *v, gsize n)
{
  g_auto (RcaBuffer) out = { 0 };
  RcaIntegersPlan plan = { 0 };
  g_autofree guint64 *back = g_new (guint64, MAX (n, 1));
  for (guint times = 0; times < 2; times++) /* the second time by what paid the first time */
  {
    out.n = 0;
    rca_integers_encode (v, n, &plan, &out);
    RcaCursor in = rca_cursor (out.p, out.n);
    g_assert_true (rca_integers_decode (&in, back, n));
    g_assert_true (in.p == in.end);
    for (gsize i = 0; i < n; i++)
      g_assert_cmpuint (back[i], ==, v[i]);
  }
}

static guint64
wide (GRand *r)
{
  return (guint64)g_rand_int (r) << 32 | g_rand_int (r);
}

static void
test_integers (void)
{
  g_autoptr (GRand) r = g_rand_new_with_seed (1);
  guint64 v[5000];
  for (guint kind = 0; kind < 8; kind++)
    for (gsize n = 0; n <= G_N_ELEMENTS (v); n = n < 3 ? n + 1 : n * 2 + 1)
    {
      for (gsize i = 0; i < n; i++)
        v[i] = kind == 0   ? 7
               : kind == 1 ? wide (r)
               : kind == 2 ? i * 1000 + g_rand_int (r) % 7
               : kind == 3 ? g_rand_int (r) % 2
               : kind == 4 ? i / 200
               : kind == 5 ? (guint64)(g_rand_int (r) % 40) * G_GUINT64_CONSTANT (0x123456789)
               : kind == 6 ? G_MAXUINT64 - i % 3
                           : (i % 50 ? 3 : wide (r));
      check_integers (v, n);
    }
}

/* ---- variables ---- */

static void
test_variables (void)
{
  static const struct {
    const char *text;
    gint kind; /* -1: not all of it is one variable */
  } rows[] = {
    { "0", RCA_VARIABLE_INT },
    { "10141", RCA_VARIABLE_INT },
    { "99", RCA_VARIABLE_INT },
    { "100", RCA_VARIABLE_INT },
    { "4294967296", RCA_VARIABLE_INT },
    { "100000000000000000", RCA_VARIABLE_INT },
    { "999999999999999999", RCA_VARIABLE_INT },
    { "4294967.295", RCA_VARIABLE_DECIMAL },
    { "4294967.296", RCA_VARIABLE_DECIMAL },
    { "007", RCA_VARIABLE_PADDED },
    { "0.070", RCA_VARIABLE_DECIMAL },
    { "00.5", -1 },
    { "1234567890123456789012", RCA_VARIABLE_TEXT },
    { "e309713c", RCA_VARIABLE_HEX },
    { "E309713C", RCA_VARIABLE_HEX_UPPER },
    { "e309713ce13e07978f5a18f978c608c9", RCA_VARIABLE_ID },
    { "e309713ce13e0797gf5a18f978c608c9", RCA_VARIABLE_TEXT },
    { "e309713ce13e07978f5a18f978c608c`", -1 },
    { "0123456789abcdef0123456789ABCDEF", -1 },
    { "5c3b0b96-de43-4efe-a6d9-eb0965aa2614", RCA_VARIABLE_UUID },
    { "10.0.3.14", RCA_VARIABLE_IPV4 },
    { "255.100.99.9", RCA_VARIABLE_IPV4 },
    { "256.1.1.1", -1 },
    { "01.2.3.4", -1 },
    { "2024-03-12T00:00:00.276", RCA_VARIABLE_STAMP },
    { "2024-02-29 23:59:59,5", RCA_VARIABLE_STAMP },
    { "2023-02-29T00:00:00", -1 },
    { "12/Mar/2024:00:00:00", RCA_VARIABLE_STAMP },
    { "2024/03/12 00:00:00", RCA_VARIABLE_STAMP },
    { "24:00:00", -1 },
    { "23:59:59", RCA_VARIABLE_STAMP },
    { "23:59:60", -1 },
    { "9999-01-01T00:00:00", -1 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
  {
    RcaVariable var;
    char back[RCA_VARIABLE_BYTES];
    gsize n = strlen (rows[i].text);
    gboolean is = rca_variable_read (rows[i].text, rows[i].text + n, &var);
    gboolean all = is && var.p == rows[i].text && var.n == n;
    g_assert_cmpint (all ? (gint)var.kind : -1, ==, rows[i].kind);
    if (!all || var.kind == RCA_VARIABLE_TEXT)
      continue;
    g_assert_true (rca_variable_valid (var.kind, var.param));
    gsize printed = rca_variable_print (var.kind, var.param, var.value, var.id, back);
    g_assert_true (rca_bytes_equal (rca_bytes (back, printed), rca_bytes (rows[i].text, n)));
  }
}

/* ---- lines ---- */

static const char *const templates[] = {
  "10.%u.0.%u - - [12/Mar/2024:00:%02u:%02u +0000] \"GET /products/%u HTTP/2.0\" 200 %u \"-\" \"curl/7.%u\" 0.%03u 0.%03u %08x%08x%08x%08x\n",
  "{\"time\":\"2024-03-12T00:%02u:%02u.%03uZ\",\"level\":\"info\",\"msg\":\"a \\\"b\\\" %u of %u\",\"id\":\"%08x-1111-4222-8333-%08x%04x\",\"n\":%u,\"x\":null,%u%u%u}\r\n",
  "2024-03-12 00:%02u:%02u,%03u [%u] LOG:  duration: %u.%u ms  execute: SELECT '%u', %u FROM t%u WHERE a = 'b%u' AND c=%u %u\n",
  "%u\n\n\n \t%c%c\n\"%u\" '%u' =%u \"unclosed %u %u %u %u %u %u\n",
};

static void
add_line (GRand *r, GString *out)
{
  guint a[12];
  for (guint i = 0; i < 12; i++)
    a[i] = g_rand_int_range (r, 0, i % 3 ? 60 : 1000);
  const char *t = templates[g_rand_int_range (r, 0, G_N_ELEMENTS (templates))];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  if (t == templates[3])
    g_string_append_printf (out, t, a[0], (char)(1 + a[1]), (char)(0x80 + a[2]), a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11]);
  else
    g_string_append_printf (out, t, a[0] % 60, a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[0]);
#pragma GCC diagnostic pop
  if (a[0] % 97 == 0)
    for (guint i = 0; i < 40; i++)
      g_string_append_c (out, (char)g_rand_int_range (r, 0, 256));
}

static const RcaBuffer *
piece_of (guint index, gpointer user, GError **error)
{
  return &g_array_index ((GArray *)user, RcaBuffer, index);
}

static RcaLinesBlock *
open_again (const RcaLinesEncoded *e, const RcaIdStore *ids)
{
  return rca_lines_open (e->n_lines, e->n_bytes, e->plain, e->piece->len, piece_of, e->piece, ids, NULL);
}

static void
check_block (RcaLinesCodec *codec, RcaBytes raw, const RcaIdStore *ids)
{
  g_auto (RcaLinesEncoded) e = { 0 };
  g_assert_true (rca_lines_encode (codec, raw, ids, &e, NULL));
  g_assert_false (e.plain);
  g_autoptr (RcaLinesBlock) block = open_again (&e, ids);
  g_autoptr (GBytes) all = rca_lines_text (block, NULL), want = g_bytes_new (raw.p, raw.n);
  g_assert_true (g_bytes_equal (all, want));
  /* lines by their number, forwards and backwards */
  g_auto (RcaBuffer) some = { 0 };
  for (guint64 line = 0; line < e.n_lines; line += 7)
  {
    g_autoptr (GBytes) part = rca_lines_some (block, line, 7, NULL);
    gsize n;
    gconstpointer p = g_bytes_get_data (part, &n);
    rca_buffer_put (&some, p, n);
  }
  if (raw.n && raw.p[raw.n - 1] != '\n')
    some.n--; /* each line has its line feed there */
  g_assert_true (rca_bytes_equal (rca_bytes ((const char *)some.p, some.n), raw));
  if (e.n_lines > 3)
  {
    g_autoptr (GBytes) first = rca_lines_some (block, 0, 1, NULL);
    g_assert_cmpuint (g_bytes_get_size (first), ==, (const char *)memchr (raw.p, '\n', raw.n) + 1 - raw.p);
  }
}

static void
test_lines (void)
{
  g_autoptr (GRand) r = g_rand_new_with_seed (5);
  g_autoptr (RcaLinesCodec) codec = rca_lines_codec_new ();
  for (guint block = 0; block < 12; block++)
  {
    g_autoptr (GString) text = g_string_new (NULL);
    for (guint i = 0; i < (block == 3 ? 1u : 2000u); i++)
      add_line (r, text);
    if (block % 2)
      g_string_truncate (text, text->len - 1);
    check_block (codec, rca_bytes (text->str, text->len), NULL);
  }
  check_block (codec, RCA_BYTES (""), NULL);
  check_block (codec, RCA_BYTES ("\n"), NULL);
  check_block (codec, RCA_BYTES ("\0\0\n\0"), NULL);
}

/* More constant texts, variables and lengths than are learnt: what does not fit is raw bytes. */
static void
test_bounds (void)
{
  g_autoptr (GRand) r = g_rand_new_with_seed (6);
  g_autoptr (RcaLinesCodec) codec = rca_lines_codec_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < 60000; i++)
    g_string_append_printf (text, "w%c%c%c%c %u\n", g_rand_int_range (r, 'a', 'z'), g_rand_int_range (r, 'a', 'z'), g_rand_int_range (r, 'a', 'z'), g_rand_int_range (r, 'a', 'z'), i);
  for (guint i = 0; i < 30000; i++)
    g_string_append (text, "1 ");
  g_string_append_c (text, '\n');
  for (guint i = 0; i < 100000; i++)
    g_string_append_c (text, (char)g_rand_int_range (r, 11, 256));
  check_block (codec, rca_bytes (text->str, text->len), NULL);
}

/* ---- ids of a store ---- */

static gboolean
name_ids (const guint8 *id, gsize n, guint64 *reference, gpointer user, GError **error)
{
  RcaBuffer *all = user;
  for (gsize i = 0; i < n; i++)
  {
    reference[i] = all->n / 16;
    rca_buffer_put (all, id + 16 * i, 16);
  }
  return TRUE;
}

static gboolean
fetch_ids (const guint64 *reference, gsize n, guint8 *id, gpointer user, GError **error)
{
  RcaBuffer *all = user;
  for (gsize i = 0; i < n; i++)
    if (reference[i] < all->n / 16)
      memcpy (id + 16 * i, all->p + 16 * reference[i], 16);
    else
      return FALSE;
  return TRUE;
}

static void
test_ids (void)
{
  g_autoptr (GRand) r = g_rand_new_with_seed (8);
  g_autoptr (RcaLinesCodec) codec = rca_lines_codec_new ();
  g_auto (RcaBuffer) all = { 0 };
  const RcaIdStore ids = { name_ids, fetch_ids, &all };
  for (guint block = 0; block < 3; block++)
  {
    g_autoptr (GString) text = g_string_new (NULL);
    for (guint i = 0; i < 1000; i++)
      add_line (r, text);
    check_block (codec, rca_bytes (text->str, text->len), &ids);
  }
  g_assert_cmpuint (all.n, >, 16 * 300);
}

/* `urt=-` beside `urt=0.058`: one column with two kinds of values, and the id behind it one column too. */
static void
test_dash (void)
{
  g_autoptr (RcaLinesCodec) codec = rca_lines_codec_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (RcaLinesEncoded) e = { 0 };
  for (guint i = 0; i < 200; i++)
  {
    g_string_append_printf (text, "rt=0.0%02u ", i % 90);
    g_string_append (text, i % 4 ? "urt=0.041" : "urt=-");
    g_string_append_printf (text, " rid=%032x\n", i * 2654435761u);
  }
  g_assert_true (rca_lines_encode (codec, rca_bytes (text->str, text->len), NULL, &e, NULL));
  g_autoptr (RcaLinesBlock) block = rca_lines_open (e.n_lines, e.n_bytes, FALSE, e.piece->len, piece_of, e.piece, NULL, NULL);
  g_assert_cmpuint (block->lines->n_leaves, ==, 1);
  g_assert_cmpuint (block->slot->len, ==, 3);
}

/* ---- what is not a block ---- */

/* Damaged pieces without a checksum before them: refused or read as something else, never a crash or an endless loop. */
static void
test_damage (void)
{
  g_autoptr (GRand) r = g_rand_new_with_seed (9);
  g_autoptr (RcaLinesCodec) codec = rca_lines_codec_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (RcaLinesEncoded) e = { 0 };
  for (guint i = 0; i < 400; i++)
    add_line (r, text);
  g_assert_true (rca_lines_encode (codec, rca_bytes (text->str, text->len), NULL, &e, NULL));
  guint refused = 0, rounds = 12000;
  for (guint round = 0; round < rounds; round++)
  {
    RcaBuffer *piece = &g_array_index (e.piece, RcaBuffer, round % e.piece->len);
    if (piece->n == 0)
      continue;
    gsize at = (gsize)g_rand_int (r) % piece->n, n = piece->n;
    guint8 was = piece->p[at];
    if (round % 5 == 0)
      piece->n = at;
    else
      piece->p[at] ^= (guint8)(1u << (round % 8));
    g_autoptr (GError) error = NULL;
    g_autoptr (RcaLinesBlock) block = rca_lines_open (e.n_lines, e.n_bytes, FALSE, e.piece->len, piece_of, e.piece, NULL, &error);
    g_autoptr (GBytes) back = block ? rca_lines_text (block, &error) : NULL;
    g_assert_true ((back == NULL) == (error != NULL));
    refused += back == NULL;
    piece->p[at] = was;
    piece->n = n;
  }
  g_assert_cmpuint (refused, >, rounds / 10);
  g_assert_cmpuint (refused, <, rounds);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lines/columns-of-integers-come-back", test_integers);
  g_test_add_func ("/lines/a-variable-prints-what-it-was-read-from", test_variables);
  g_test_add_func ("/lines/a-block-comes-back-whole-and-line-by-line", test_lines);
  g_test_add_func ("/lines/what-is-too-much-to-learn-is-kept-as-bytes", test_bounds);
  g_test_add_func ("/lines/ids-are-references-into-a-store", test_ids);
  g_test_add_func ("/lines/a-dash-in-place-of-a-number-is-in-its-column", test_dash);
  g_test_add_func ("/lines/damaged-columns-are-refused-or-read-never-a-crash", test_damage);
  return g_test_run ();
}

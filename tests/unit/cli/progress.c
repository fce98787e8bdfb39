#include "progress.h"

static void
check (const char *unit, gsize done, gsize total, double elapsed_s, const char *expected)
{
  g_autofree char *text = rca_progress_text ("reading", unit, done, total, elapsed_s);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_text (void)
{
  const gsize MiB = 1 << 20;
  check (NULL, 512 * MiB, 2048 * MiB, 4, "reading 512.0 MiB of 2.0 GiB, 25 %, 128.0 MiB/s, 12 s left");
  check (NULL, 64 * MiB, 0, 2, "reading 64.0 MiB, 32.0 MiB/s"); /* nobody knows yet how much there is */
  check ("files", 5, 10, 10, "reading 5 of 10 files, 50 %, 0/s, 10 s left");
  check (NULL, 3 * MiB, 2 * MiB, 1, "reading 2.0 MiB of 2.0 MiB, 100 %, 2.0 MiB/s, 0 s left"); /* a log that grew meanwhile */
  check (NULL, MiB, 1024 * MiB, 1, "reading 1.0 MiB of 1.0 GiB, 0 %, 1.0 MiB/s, 17 min left");
  check (NULL, 0, MiB, 0, "reading 0 bytes of 1.0 MiB, 0 %, 0 bytes/s");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/progress/says-how-much-how-fast-how-long", test_text);
  return g_test_run ();
}

#include "binary.h"

gboolean
rca_binary_looks_so (RcaBytes head)
{
  gsize n = MIN (head.n, 16384), odd = 0;
  for (gsize i = 0; i < n; i++)
  {
    guchar c = (guchar)head.p[i];
    odd += (c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != 0x1b && c != '\f' && c != '\b') || c == 0x7f;
  }
  return odd * 20 > n;
}

const char *
rca_binary_kind (RcaBytes head)
{
  static const struct {
    const char *magic, *kind;
  } kinds[] = {
    { "LPKSHHRH", "a binary journal: give the output of journalctl --file=… -o json instead" },
    { "\177ELF", "a program" },
    { "\x89PNG", "a picture" },
    { "SQLite format 3", "an SQLite database" },
    { "%PDF", "a PDF document" },
    { "PAR1", "a Parquet file" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (rca_bytes_starts (head, kinds[i].magic))
      return kinds[i].kind;
  return NULL;
}

#include "print.h"
#include "output.h"
#include "render/safe.h"

enum { FLUSH_AT = 64 * 1024 };

typedef struct {
  char *text;
  gsize n;
  guint64 number;
} Kept;

struct RcaPrinter {
  RcaPrintOptions options;
  GString *out;
  char *path;
  GQueue before;          /* Kept*: the last lines, not printed */
  guint after;            /* lines of context still to print */
  guint64 last;           /* number of the last line printed; 0: none of this file */
  gboolean printed_any;
};

RcaPrinter *
rca_printer_new (const RcaPrintOptions *options)
{
  RcaPrinter *p = g_new0 (RcaPrinter, 1);
  p->options = *options;
  p->out = g_string_sized_new (2 * FLUSH_AT);
  g_queue_init (&p->before);
  return p;
}

static void
kept_free (gpointer kept)
{
  g_free (((Kept *) kept)->text);
  g_free (kept);
}

void
rca_printer_free (RcaPrinter *p)
{
  g_queue_clear_full (&p->before, kept_free);
  g_string_free (p->out, TRUE);
  g_free (p->path);
  g_free (p);
}

void
rca_printer_file (RcaPrinter *p, const char *path)
{
  g_free (p->path);
  p->path = g_strdup (path);
  g_queue_clear_full (&p->before, kept_free);
  p->after = 0;
  p->last = 0;
}

gboolean
rca_printer_flush (RcaPrinter *p)
{
  gboolean ok = rca_output_write (p->out->str, p->out->len);
  g_string_truncate (p->out, 0);
  return ok;
}

static void
put_bytes (RcaPrinter *p, const char *text, gsize n)
{
  if (!p->options.terminal)
    {
      g_string_append_len (p->out, text, (gssize) n);
      return;
    }
  g_autofree char *copy = g_strndup (text, n);
  for (gsize i = 0; i < n; i++) /* a NUL would end it: show that it is there */
    if (!copy[i])
      copy[i] = 1;
  rca_put_safe (p->out, copy);
}

static void
put_head (RcaPrinter *p, guint64 number, char separator)
{
  if (p->options.paths)
    {
      put_bytes (p, p->path, strlen (p->path));
      g_string_append_c (p->out, separator);
    }
  if (p->options.numbers)
    g_string_append_printf (p->out, "%" G_GUINT64_FORMAT "%c", number, separator);
}

static gboolean
end_line (RcaPrinter *p, guint64 number)
{
  g_string_append_c (p->out, '\n');
  p->last = number;
  p->printed_any = TRUE;
  return p->out->len < FLUSH_AT || rca_printer_flush (p);
}

/* Groups that do not touch are set apart, as grep does. */
static void
put_gap (RcaPrinter *p, guint64 first)
{
  if (p->options.context > 0 && p->printed_any && (p->last == 0 || first > p->last + 1))
    g_string_append (p->out, "--\n");
}

static gboolean
put_context (RcaPrinter *p, const char *text, gsize n, guint64 number)
{
  put_head (p, number, '-');
  put_bytes (p, text, n);
  return end_line (p, number);
}

gboolean
rca_printer_match (RcaPrinter *p, const RcaLine *line, gsize start, gsize end)
{
  Kept *first = g_queue_peek_head (&p->before);
  put_gap (p, first ? first->number : line->number);
  for (Kept *k; (k = g_queue_pop_head (&p->before));)
    {
      gboolean ok = put_context (p, k->text, k->n, k->number);
      kept_free (k);
      if (!ok)
        return FALSE;
    }
  put_head (p, line->number, ':');
  put_bytes (p, line->text, start);
  g_string_append (p->out, p->options.color && end > start ? "\033[1;31m" : "");
  put_bytes (p, line->text + start, end - start);
  g_string_append (p->out, p->options.color && end > start ? "\033[0m" : "");
  put_bytes (p, line->text + end, line->n - end);
  p->after = p->options.context;
  return end_line (p, line->number);
}

gboolean
rca_printer_other (RcaPrinter *p, const RcaLine *line)
{
  if (p->options.context == 0)
    return TRUE;
  if (p->after > 0)
    {
      p->after--;
      return put_context (p, line->text, line->n, line->number);
    }
  Kept *k = g_queue_get_length (&p->before) < p->options.context ? g_new0 (Kept, 1) : g_queue_pop_head (&p->before);
  g_free (k->text);
  *k = (Kept){ g_memdup2 (line->text, line->n), line->n, line->number };
  g_queue_push_tail (&p->before, k);
  return TRUE;
}

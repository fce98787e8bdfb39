#include "wrapper.h"
#include "program.h"
#include "timestamp.h"

/* /var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log, /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log */
static void
names_from_path (RcaWrapper *wrapper, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path ?: "", "/", -1);
  guint n = g_strv_length (parts);
  for (guint i = 0; i + 1 < n; i++)
  {
    g_auto (GStrv) words = g_strsplit (parts[i + 1], "_", 3);
    if (strcmp (parts[i], "pods") == 0 && g_strv_length (words) == 3 && i + 2 < n)
    {
      wrapper->instance = g_strdup (words[1]);
      wrapper->program = g_strdup (parts[i + 2]);
      return;
    }
    char *dash = strcmp (parts[i], "containers") == 0 && g_strv_length (words) == 3 ? strrchr (words[2], '-') : NULL;
    if (dash)
    {
      wrapper->instance = g_strdup (words[0]);
      wrapper->program = g_strndup (words[2], (gsize)(dash - words[2]));
      return;
    }
  }
  wrapper->program = g_strdup ("");
  wrapper->instance = g_strdup ("");
}

static gboolean
unwrap_line (RcaWrapper *wrapper, RcaUnwrap unwrap, RcaBytes line, RcaWrapped *out)
{
  *out = (RcaWrapped){ .envelope = { .time_ns = RCA_TIME_NONE, .program = rca_bytes_str (wrapper->program), .instance = rca_bytes_str (wrapper->instance) } };
  return line.n > 0 && unwrap (wrapper, line, out);
}

RcaWrapper *
rca_wrapper_new (const RcaSampleLines *sample, RcaUnwrap unwrap)
{
  RcaWrapper *wrapper = g_new0 (RcaWrapper, 1);
  wrapper->inner = rca_inner_new (sample);
  wrapper->arena = rca_arena_new ();
  names_from_path (wrapper, sample->path);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaWrapped wrapped;
    if (unwrap_line (wrapper, unwrap, sample->line[i], &wrapped) && wrapped.piece == RCA_PIECE_WHOLE)
      rca_inner_learn (wrapper->inner, wrapped.envelope.program, wrapped.payload);
    rca_arena_reset (wrapper->arena);
  }
  rca_inner_learnt (wrapper->inner);
  return wrapper;
}

void
rca_wrapper_free (gpointer data)
{
  RcaWrapper *wrapper = data;
  rca_inner_free (wrapper->inner);
  rca_arena_free (wrapper->arena);
  g_free (wrapper->program);
  g_free (wrapper->instance);
  g_free (wrapper);
}

RcaDecodeResult
rca_wrapper_decode (RcaWrapper *wrapper, RcaUnwrap unwrap, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  RcaWrapped wrapped;
  rca_arena_reset (wrapper->arena);
  if (!unwrap_line (wrapper, unwrap, record, &wrapped))
    return RCA_DECODE_REJECT;
  wrapped.envelope.stream = rca_program_stream (wrapped.envelope.program);
  return rca_inner_decode (wrapper->inner, &wrapped.envelope, wrapped.piece, wrapped.payload, ev, emit, user);
}

void
rca_wrapper_flush (gpointer data, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  rca_inner_flush (((RcaWrapper *)data)->inner, ev, emit, user);
}

char *
rca_wrapper_describe (gpointer data)
{
  return rca_inner_describe (((RcaWrapper *)data)->inner);
}

void
rca_wrapper_sniff (const RcaSampleLines *sample, RcaUnwrap unwrap, const char *what, RcaSniff *out)
{
  RcaWrapper wrapper = { .program = (char *)"", .instance = (char *)"" };
  guint fits = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaWrapped wrapped;
    lines += sample->line[i].n > 0;
    fits += unwrap_line (&wrapper, unwrap, sample->line[i], &wrapped);
  }
  if (fits == 0 || fits * 10 < lines * 9)
    return;
  out->score = (gint)(96 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines %s", fits, lines, what);
}

gsize
rca_wrapped_take_time (RcaBytes text, RcaEnvelope *envelope)
{
  RcaStamp stamp;
  gint64 time_ns;
  gsize n = rca_stamp_parse (text, NULL, &stamp);
  if (n >= sizeof "2026-11-24T02:27:29" - 1 && stamp.flags & RCA_STAMP_HAS_ZONE)
  {
    envelope->time_ns = stamp.time_ns;
    return n;
  }
  if (text.n < 10 || !rca_stamp_parse_epoch (text, &time_ns))
    return 0;
  envelope->time_ns = time_ns;
  return text.n;
}

void
rca_wrapped_trim (RcaWrapped *wrapped)
{
  while (wrapped->payload.n && (wrapped->payload.p[wrapped->payload.n - 1] == '\n' || wrapped->payload.p[wrapped->payload.n - 1] == '\r'))
    wrapped->payload.n--;
}

#include "format.h"
#include "formats/formats.h"

/* The order breaks ties only. The generic text format stands last. */
static const RcaFormat *const formats[] = {
  &rca_format_journald_json,
  &rca_format_journald_export,
  &rca_format_fluent,
  &rca_format_otlp,
  &rca_format_otlp_document,
  &rca_format_docker,
  &rca_format_cri,
  &rca_format_container_prefix,
  &rca_format_syslog_octets,
  &rca_format_syslog,
  &rca_format_json_lines,
  &rca_format_access,
  &rca_format_nginx_error,
  &rca_format_postgres_stderr,
  &rca_format_postgres_csv,
  &rca_format_postgres_json,
  &rca_format_plain,
};

const RcaFormat *const *
rca_formats (guint *n)
{
  *n = G_N_ELEMENTS (formats);
  return formats;
}

const RcaFormat *
rca_format_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strcmp (formats[i]->name, name) == 0)
      return formats[i];
  return NULL;
}

const RcaFormat *
rca_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  RcaSniff best = { 0 };
  const RcaFormat *format = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
  {
    RcaSniff sniff = { 0 };
    formats[i]->sniff (sample, &sniff);
    if (sniff.score > best.score)
    {
      best = sniff;
      format = formats[i];
    }
  }
  if (out)
    *out = best;
  return format;
}

struct RcaDecoder {
  const RcaFormat *format;
  gpointer state;
};

RcaDecoder *
rca_decoder_new (const RcaFormat *format, const RcaSampleLines *sample)
{
  RcaDecoder *decoder = g_new0 (RcaDecoder, 1);
  decoder->format = format;
  decoder->state = format->open ? format->open (sample) : NULL;
  return decoder;
}

void
rca_decoder_free (RcaDecoder *decoder)
{
  if (!decoder)
    return;
  if (decoder->format->close)
    decoder->format->close (decoder->state);
  g_free (decoder);
}

const RcaFormat *
rca_decoder_format (const RcaDecoder *decoder)
{
  return decoder->format;
}

static gboolean
is_blank (RcaBytes line)
{
  for (gsize i = 0; i < line.n; i++)
    if (!g_ascii_isspace (line.p[i]))
      return FALSE;
  return TRUE;
}

RcaLineKind
rca_decoder_line (RcaDecoder *decoder, RcaBytes line)
{
  if (decoder->format->line)
    return decoder->format->line (decoder->state, line);
  return is_blank (line) ? RCA_LINE_NONE : RCA_LINE_RECORD;
}

RcaDecodeResult
rca_decoder_decode (RcaDecoder *decoder, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  return decoder->format->decode (decoder->state, record, ev, emit, user);
}

void
rca_decoder_flush (RcaDecoder *decoder, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  if (decoder->format->flush)
    decoder->format->flush (decoder->state, ev, emit, user);
}

char *
rca_decoder_describe (const RcaDecoder *decoder)
{
  return decoder->format->describe ? decoder->format->describe (decoder->state) : NULL;
}

/* What container runtimes wrap around a program's output: Docker's json-file, the
 * Kubernetes CRI log, docker compose's and kubectl's prefixes. */
#include "../json-scan.h"
#include "../wrapper.h"
#include "formats.h"

/* stdout and stderr interleave as two processes do */
static gint64
channel_of_stream (RcaBytes stream)
{
  return rca_bytes_equal (stream, RCA_BYTES ("stderr")) ? -2 : -1;
}

/* --- Docker json-file --- */

typedef struct {
  RcaBytes log, time, stream, container, pod, tag;
} Docker;

static gboolean
visit_docker (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  static const struct {
    const char *path;
    gsize offset;
  } members[] = {
    { "log", offsetof (Docker, log) },
    { "time", offsetof (Docker, time) },
    { "stream", offsetof (Docker, stream) },
    { "kubernetes.container_name", offsetof (Docker, container) },
    { "container_name", offsetof (Docker, container) },
    { "attrs.com.docker.compose.service", offsetof (Docker, container) },
    { "kubernetes.pod_name", offsetof (Docker, pod) },
    { "attrs.tag", offsetof (Docker, tag) },
  };
  if (type == RCA_JSON_OBJECT)
    return TRUE;
  if (type == RCA_JSON_STRING)
    for (guint i = 0; i < G_N_ELEMENTS (members); i++)
      if (rca_bytes_is (path, members[i].path))
        *(RcaBytes *)(void *)((char *)user + members[i].offset) = value;
  return FALSE;
}

static gboolean
unwrap_docker (RcaWrapper *wrapper, RcaBytes line, RcaWrapped *out)
{
  Docker docker = { 0 };
  if (line.p[0] != '{' || rca_json_scan (line, wrapper->arena, visit_docker, &docker) == 0 || !docker.log.p)
    return FALSE;
  rca_wrapped_take_time (docker.time, &out->envelope);
  out->envelope.pid = channel_of_stream (docker.stream);
  if (docker.container.n)
    out->envelope.program = docker.container;
  else if (docker.tag.n)
    out->envelope.program = docker.tag;
  if (docker.pod.n)
    out->envelope.instance = docker.pod;
  out->payload = docker.log;
  out->piece = docker.log.n && docker.log.p[docker.log.n - 1] == '\n' ? RCA_PIECE_WHOLE : RCA_PIECE_PARTIAL;
  rca_wrapped_trim (out);
  return TRUE;
}

static void
docker_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaBytes line = sample->line[i];
    lines += line.n > 0;
    fits += line.n && line.p[0] == '{' && rca_json_mentions (line, "log", "\"")
            && (rca_json_mentions (line, "stream", "\"std") || rca_json_mentions (line, "kubernetes", "{"));
  }
  if (fits == 0)
    return;
  out->score = (gint)(97 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are Docker's log, stream and time", fits, lines);
}

/* --- CRI: "2026-11-24T02:27:29.245223307Z stdout F text" --- */

static gboolean
unwrap_cri (RcaWrapper *wrapper, RcaBytes line, RcaWrapped *out)
{
  gsize n = rca_wrapped_take_time (line, &out->envelope);
  if (n == 0)
    return FALSE;
  RcaBytes rest = rca_bytes_from (line, n);
  gboolean out_stream = rca_bytes_has_prefix (rest, RCA_BYTES (" stdout "));
  if (!out_stream && !rca_bytes_has_prefix (rest, RCA_BYTES (" stderr ")))
    return FALSE;
  out->envelope.pid = out_stream ? -1 : -2;
  rest = rca_bytes_from (rest, sizeof " stdout " - 1);
  if (rest.n == 0 || (rest.p[0] != 'F' && rest.p[0] != 'P') || (rest.n > 1 && rest.p[1] != ' ' && rest.p[1] != ':'))
    return FALSE;
  out->piece = rest.p[0] == 'P' ? RCA_PIECE_PARTIAL : RCA_PIECE_WHOLE;
  out->payload = rca_bytes_from (rest, 2);
  return TRUE;
}

/* --- "web-1  | text" (compose), "web.1.x7@node | text" (swarm), "[pod/web-7d/app] text" (kubectl --prefix), each with or without a time --- */

/* "web" of "web-1", "web.1.abc@node", "project_web_1". */
static RcaBytes
without_number (RcaBytes name)
{
  const char *at = memchr (name.p, '@', name.n);
  if (at)
  {
    const char *dot = memchr (name.p, '.', name.n);
    return rca_bytes (name.p, (gsize)((dot ?: at) - name.p));
  }
  gsize n = name.n;
  while (n > 0 && g_ascii_isdigit (name.p[n - 1]))
    n--;
  return n > 1 && n < name.n && (name.p[n - 1] == '-' || name.p[n - 1] == '_') ? rca_bytes (name.p, n - 1) : name;
}

static gboolean
is_name (RcaBytes name)
{
  for (gsize i = 0; i < name.n; i++)
    if (!g_ascii_isalnum (name.p[i]) && !rca_char_in (name.p[i], "-_.@/"))
      return FALSE;
  return name.n > 0;
}

static gboolean
take_prefix (RcaBytes *line, RcaEnvelope *envelope)
{
  if (rca_bytes_has_prefix (*line, RCA_BYTES ("[pod/")))
  {
    const char *close = memchr (line->p, ']', line->n);
    const char *slash = close ? memrchr (line->p, '/', (gsize)(close - line->p)) : NULL;
    if (!slash || slash < line->p + 5)
      return FALSE;
    envelope->instance = rca_bytes (line->p + 5, (gsize)(slash - line->p) - 5);
    envelope->program = rca_bytes (slash + 1, (gsize)(close - slash) - 1);
    *line = rca_bytes_from (*line, (gsize)(close - line->p) + 2);
    return TRUE;
  }
  const char *bar = memchr (line->p, '|', MIN (line->n, 128));
  if (!bar || bar == line->p || bar[-1] != ' ')
    return FALSE;
  RcaBytes name = rca_bytes (line->p, (gsize)(bar - line->p));
  while (name.n && name.p[name.n - 1] == ' ')
    name.n--;
  if (!is_name (name))
    return FALSE;
  envelope->instance = name;
  envelope->program = without_number (name);
  *line = rca_bytes_from (*line, (gsize)(bar - line->p) + 1);
  if (line->n && line->p[0] == ' ')
    *line = rca_bytes_from (*line, 1);
  return TRUE;
}

static gboolean
unwrap_prefixed (RcaWrapper *wrapper, RcaBytes line, RcaWrapped *out)
{
  if (!take_prefix (&line, &out->envelope))
    return FALSE;
  /* the runtime's own time has nine digits of a fraction */
  gsize n = rca_wrapped_take_time (line, &out->envelope);
  if (n >= sizeof "2024-04-25T05:32:35.58472513" && n < line.n && line.p[n] == ' ')
    line = rca_bytes_from (line, n + 1);
  else
    out->envelope.time_ns = RCA_TIME_NONE;
  out->payload = line;
  return TRUE;
}

static void
cri_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  rca_wrapper_sniff (sample, unwrap_cri, "are a container runtime's: time, stream, F or P", out);
}

static void
prefixed_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  rca_wrapper_sniff (sample, unwrap_prefixed, "have a container's name before them", out);
}

static gpointer
docker_open (const RcaSampleLines *sample)
{
  return rca_wrapper_new (sample, unwrap_docker);
}

static gpointer
cri_open (const RcaSampleLines *sample)
{
  return rca_wrapper_new (sample, unwrap_cri);
}

static gpointer
prefixed_open (const RcaSampleLines *sample)
{
  return rca_wrapper_new (sample, unwrap_prefixed);
}

static RcaDecodeResult
docker_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  return rca_wrapper_decode (data, unwrap_docker, record, ev, emit, user);
}

static RcaDecodeResult
cri_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  return rca_wrapper_decode (data, unwrap_cri, record, ev, emit, user);
}

static RcaDecodeResult
prefixed_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  return rca_wrapper_decode (data, unwrap_prefixed, record, ev, emit, user);
}

const RcaFormat rca_format_docker = {
  .name = "docker",
  .stream = RCA_STREAM_APP,
  .sniff = docker_sniff,
  .open = docker_open,
  .close = rca_wrapper_free,
  .decode = docker_decode,
  .describe = rca_wrapper_describe,
  .flush = rca_wrapper_flush,
};

const RcaFormat rca_format_cri = {
  .name = "cri",
  .stream = RCA_STREAM_APP,
  .sniff = cri_sniff,
  .open = cri_open,
  .close = rca_wrapper_free,
  .decode = cri_decode,
  .describe = rca_wrapper_describe,
  .flush = rca_wrapper_flush,
};

const RcaFormat rca_format_container_prefix = {
  .name = "container-prefix",
  .stream = RCA_STREAM_APP,
  .sniff = prefixed_sniff,
  .open = prefixed_open,
  .close = rca_wrapper_free,
  .decode = prefixed_decode,
  .describe = rca_wrapper_describe,
  .flush = rca_wrapper_flush,
};

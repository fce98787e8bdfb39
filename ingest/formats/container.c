/* What container runtimes wrap around a program's output: Docker's json-file, the
 * Kubernetes CRI log, docker compose's and kubectl's prefixes, Google Cloud Logging. */
#include "formats.h"
#include "../inner.h"
#include "../json-scan.h"
#include "../number.h"
#include "../program.h"
#include "../severity.h"
#include "../timestamp.h"

typedef struct {
  RcaInner *inner;
  RcaArena *arena;
  char *program, *instance; /* from the path, "" when it tells none */
} State;

/* What a wrapper's line says. */
typedef struct {
  RcaEnvelope envelope;
  RcaBytes payload;
  RcaPiece piece;
} Wrapped;

typedef gboolean (*Unwrap) (State *state, RcaBytes line, Wrapped *out);

/* /var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log, /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log */
static void
names_from_path (State *state, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path ?: "", "/", -1);
  guint n = g_strv_length (parts);
  for (guint i = 0; i + 1 < n; i++)
  {
    g_auto (GStrv) words = g_strsplit (parts[i + 1], "_", 3);
    if (strcmp (parts[i], "pods") == 0 && g_strv_length (words) == 3 && i + 2 < n)
    {
      state->instance = g_strdup (words[1]);
      state->program = g_strdup (parts[i + 2]);
      return;
    }
    char *dash = strcmp (parts[i], "containers") == 0 && g_strv_length (words) == 3 ? strrchr (words[2], '-') : NULL;
    if (dash)
    {
      state->instance = g_strdup (words[0]);
      state->program = g_strndup (words[2], (gsize)(dash - words[2]));
      return;
    }
  }
  state->program = g_strdup ("");
  state->instance = g_strdup ("");
}

static void
begin_wrapped (const State *state, Wrapped *out)
{
  *out = (Wrapped){ .envelope = { .time_ns = RCA_TIME_NONE, .program = rca_bytes_str (state->program), .instance = rca_bytes_str (state->instance) } };
}

static gboolean
take_time (RcaBytes text, RcaEnvelope *envelope, gsize *n)
{
  RcaStamp stamp;
  *n = rca_stamp_parse (text, NULL, &stamp);
  if (*n < 19 || !(stamp.flags & RCA_STAMP_HAS_ZONE))
    return FALSE;
  envelope->time_ns = stamp.time_ns;
  return TRUE;
}

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
      if (rca_bytes_equal (path, rca_bytes_str (members[i].path)))
        *(RcaBytes *)(void *)((char *)user + members[i].offset) = value;
  return FALSE;
}

static gboolean
unwrap_docker (State *state, RcaBytes line, Wrapped *out)
{
  Docker docker = { 0 };
  gsize n;
  begin_wrapped (state, out);
  if (line.n == 0 || line.p[0] != '{' || rca_json_scan (line, state->arena, visit_docker, &docker) == 0 || !docker.log.p)
    return FALSE;
  take_time (docker.time, &out->envelope, &n);
  out->envelope.pid = channel_of_stream (docker.stream);
  if (docker.container.n)
    out->envelope.program = docker.container;
  else if (docker.tag.n)
    out->envelope.program = docker.tag;
  if (docker.pod.n)
    out->envelope.instance = docker.pod;
  out->payload = docker.log;
  out->piece = docker.log.n && docker.log.p[docker.log.n - 1] == '\n' ? RCA_PIECE_WHOLE : RCA_PIECE_PARTIAL;
  while (out->payload.n && (out->payload.p[out->payload.n - 1] == '\n' || out->payload.p[out->payload.n - 1] == '\r'))
    out->payload.n--;
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
    fits += line.n && line.p[0] == '{' && rca_bytes_find (line, RCA_BYTES ("\"log\":\"")) > 0
            && (rca_bytes_find (line, RCA_BYTES ("\"stream\":\"std")) > 0 || rca_bytes_find (line, RCA_BYTES ("\"kubernetes\":{")) > 0);
  }
  if (fits == 0)
    return;
  out->score = (gint)(97 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are Docker's log, stream and time", fits, lines);
}

/* --- Google Cloud Logging's LogEntry: textPayload or jsonPayload, timestamp, severity, resource.labels --- */

typedef struct {
  RcaBytes text, json, time, severity, container, pod, project_part, host;
} LogEntry;

static gboolean
visit_entry (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  static const struct {
    const char *path;
    gsize offset;
  } members[] = {
    { "textPayload", offsetof (LogEntry, text) },
    { "timestamp", offsetof (LogEntry, time) },
    { "severity", offsetof (LogEntry, severity) },
    { "resource.labels.container_name", offsetof (LogEntry, container) },
    { "resource.labels.service_name", offsetof (LogEntry, container) },
    { "resource.labels.database_id", offsetof (LogEntry, project_part) },
    { "resource.labels.module_id", offsetof (LogEntry, container) },
    { "resource.labels.pod_name", offsetof (LogEntry, pod) },
    { "resource.labels.instance_id", offsetof (LogEntry, host) },
  };
  if (type == RCA_JSON_OBJECT && rca_bytes_equal (path, RCA_BYTES ("jsonPayload")))
    ((LogEntry *)user)->json = value;
  else if (type == RCA_JSON_OBJECT)
    return depth < 3;
  if (type == RCA_JSON_STRING)
    for (guint i = 0; i < G_N_ELEMENTS (members); i++)
      if (rca_bytes_equal (path, rca_bytes_str (members[i].path)))
        *(RcaBytes *)(void *)((char *)user + members[i].offset) = value;
  return FALSE;
}

static gboolean
unwrap_entry (State *state, RcaBytes line, Wrapped *out)
{
  LogEntry entry = { 0 };
  gsize n;
  begin_wrapped (state, out);
  if (line.n == 0 || line.p[0] != '{' || rca_json_scan (line, state->arena, visit_entry, &entry) == 0 || (!entry.text.p && !entry.json.p))
    return FALSE;
  take_time (entry.time, &out->envelope, &n);
  if (entry.severity.n > 1)
    rca_severity_parse (entry.severity, &out->envelope.severity);
  const char *colon = memchr (entry.project_part.p ?: "", ':', entry.project_part.n);
  if (entry.container.n)
    out->envelope.program = entry.container;
  else if (entry.project_part.n) /* PROJECT:INSTANCE */
    out->envelope.program = colon ? rca_bytes_from (entry.project_part, (gsize)(colon + 1 - entry.project_part.p)) : entry.project_part;
  out->envelope.instance = entry.pod;
  out->envelope.host = entry.host;
  out->payload = entry.text.p ? entry.text : entry.json;
  while (out->payload.n && out->payload.p[out->payload.n - 1] == '\n')
    out->payload.n--;
  return TRUE;
}

static void
entry_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaBytes line = sample->line[i];
    lines += line.n > 0;
    fits += line.n && line.p[0] == '{' && rca_bytes_find (line, RCA_BYTES ("\"logName\":\"")) > 0
            && (rca_bytes_find (line, RCA_BYTES ("\"textPayload\":")) > 0 || rca_bytes_find (line, RCA_BYTES ("\"jsonPayload\":")) > 0);
  }
  if (fits == 0 || fits * 2 < lines)
    return;
  out->score = (gint)(97 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are Cloud Logging entries", fits, lines);
}

/* --- CRI: "2026-11-24T02:27:29.245223307Z stdout F text" --- */

static gboolean
unwrap_cri (State *state, RcaBytes line, Wrapped *out)
{
  gsize n;
  begin_wrapped (state, out);
  if (!take_time (line, &out->envelope, &n))
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
    if (!g_ascii_isalnum (name.p[i]) && !strchr ("-_.@/", name.p[i]))
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
unwrap_prefixed (State *state, RcaBytes line, Wrapped *out)
{
  gsize n;
  begin_wrapped (state, out);
  if (!take_prefix (&line, &out->envelope))
    return FALSE;
  /* the runtime's own time has nine digits of a fraction */
  if (take_time (line, &out->envelope, &n) && n >= sizeof "2024-04-25T05:32:35.58472513" && n < line.n && line.p[n] == ' ')
    line = rca_bytes_from (line, n + 1);
  else
    out->envelope.time_ns = RCA_TIME_NONE;
  out->payload = line;
  return TRUE;
}

/* --- common --- */

static State *
state_open (const RcaSampleLines *sample, Unwrap unwrap)
{
  State *state = g_new0 (State, 1);
  state->inner = rca_inner_new (sample);
  state->arena = rca_arena_new ();
  names_from_path (state, sample->path);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Wrapped wrapped;
    if (unwrap (state, sample->line[i], &wrapped) && wrapped.piece == RCA_PIECE_WHOLE)
      rca_inner_learn (state->inner, wrapped.envelope.program, wrapped.payload);
    rca_arena_reset (state->arena);
  }
  rca_inner_learnt (state->inner);
  return state;
}

static void
state_close (gpointer data)
{
  State *state = data;
  rca_inner_free (state->inner);
  rca_arena_free (state->arena);
  g_free (state->program);
  g_free (state->instance);
  g_free (state);
}

static RcaDecodeResult
decode_wrapped (State *state, Unwrap unwrap, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Wrapped wrapped;
  rca_arena_reset (state->arena);
  if (!unwrap (state, record, &wrapped))
    return RCA_DECODE_REJECT;
  wrapped.envelope.stream = rca_program_stream (wrapped.envelope.program);
  return rca_inner_decode (state->inner, &wrapped.envelope, wrapped.piece, wrapped.payload, ev, emit, user);
}

static void
sniff_lines (const RcaSampleLines *sample, Unwrap unwrap, const char *what, RcaSniff *out)
{
  State state = { .program = (char *)"", .instance = (char *)"" };
  guint fits = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Wrapped wrapped;
    lines += sample->line[i].n > 0;
    fits += unwrap (&state, sample->line[i], &wrapped);
  }
  if (fits == 0 || fits * 10 < lines * 9)
    return;
  out->score = (gint)(96 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines %s", fits, lines, what);
}

static void
cri_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  sniff_lines (sample, unwrap_cri, "are a container runtime's: time, stream, F or P", out);
}

static void
prefixed_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  sniff_lines (sample, unwrap_prefixed, "have a container's name before them", out);
}

static gpointer
docker_open (const RcaSampleLines *sample)
{
  return state_open (sample, unwrap_docker);
}

static gpointer
entry_open (const RcaSampleLines *sample)
{
  return state_open (sample, unwrap_entry);
}

static gpointer
cri_open (const RcaSampleLines *sample)
{
  return state_open (sample, unwrap_cri);
}

static gpointer
prefixed_open (const RcaSampleLines *sample)
{
  return state_open (sample, unwrap_prefixed);
}

static RcaDecodeResult
docker_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  return decode_wrapped (data, unwrap_docker, record, ev, emit, user);
}

static RcaDecodeResult
entry_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  return decode_wrapped (data, unwrap_entry, record, ev, emit, user);
}

static RcaDecodeResult
cri_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  return decode_wrapped (data, unwrap_cri, record, ev, emit, user);
}

static RcaDecodeResult
prefixed_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  return decode_wrapped (data, unwrap_prefixed, record, ev, emit, user);
}

static void
flush (gpointer data, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  rca_inner_flush (((State *)data)->inner, ev, emit, user);
}

static char *
describe (gpointer data)
{
  return rca_inner_describe (((State *)data)->inner);
}

const RcaFormat rca_format_docker = {
  .name = "docker",
  .stream = RCA_STREAM_APP,
  .sniff = docker_sniff,
  .open = docker_open,
  .close = state_close,
  .decode = docker_decode,
  .describe = describe,
  .flush = flush,
};

const RcaFormat rca_format_cloud_logging = {
  .name = "cloud-logging",
  .stream = RCA_STREAM_APP,
  .sniff = entry_sniff,
  .open = entry_open,
  .close = state_close,
  .decode = entry_decode,
  .describe = describe,
  .flush = flush,
};

const RcaFormat rca_format_cri = {
  .name = "cri",
  .stream = RCA_STREAM_APP,
  .sniff = cri_sniff,
  .open = cri_open,
  .close = state_close,
  .decode = cri_decode,
  .describe = describe,
  .flush = flush,
};

const RcaFormat rca_format_container_prefix = {
  .name = "container-prefix",
  .stream = RCA_STREAM_APP,
  .sniff = prefixed_sniff,
  .open = prefixed_open,
  .close = state_close,
  .decode = prefixed_decode,
  .describe = describe,
  .flush = flush,
};

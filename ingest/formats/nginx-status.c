/* The status document of NGINX Plus (/status, /api exports) as monitors store it: one JSON
 * object a line, with the connections, requests and zones of one point in time. */
#include "../json-scan.h"
#include "../number.h"
#include "../timestamp.h"
#include "formats.h"

typedef struct {
  RcaArena *arena;
  RcaSample sample[RCA_MAX_SAMPLES];
} State;

typedef struct {
  State *state;
  RcaEvent *ev;
  gboolean has_time;
} Reading;

static void
add_sample (Reading *reading, RcaMetric metric, RcaBytes device, RcaBytes value)
{
  RcaEvent *ev = reading->ev;
  double number;
  if (ev->n_samples < RCA_MAX_SAMPLES && rca_parse_double (value, &number))
    reading->state->sample[ev->n_samples++] = (RcaSample){ metric, device, number };
}

/* Counters that only rise (requests, bytes) are no gauges; they are kept as such. */
static gboolean
visit (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Reading *reading = user;
  if (type == RCA_JSON_OBJECT)
    return depth < 4 && !rca_bytes_equal (key, RCA_BYTES ("caches"));
  if (rca_bytes_equal (path, RCA_BYTES ("timestamp")))
    reading->has_time = rca_stamp_parse_epoch (value, &reading->ev->time_ns);
  else if (rca_bytes_equal (path, RCA_BYTES ("address")))
    rca_event_set_str (reading->ev, RCA_FIELD_HOST, value);
  else if (rca_bytes_equal (path, RCA_BYTES ("connections.active")))
    add_sample (reading, RCA_METRIC_TCP_SOCKETS, rca_bytes (NULL, 0), value);
  else if (type == RCA_JSON_NUMBER && depth <= 4 && !rca_bytes_has_suffix (path, RCA_BYTES ("timestamp")))
    add_sample (reading, RCA_METRIC_OTHER, rca_arena_copy (reading->state->arena, path), value); /* the path is the scanner's */
  return FALSE;
}

static gboolean
is_status (RcaBytes line)
{
  return line.n > 0 && line.p[0] == '{' && rca_json_mentions (line, "nginx_version", "")
         && rca_json_mentions (line, "connections", "{");
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0, lines = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    lines += sample->line[i].n > 0;
    fits += is_status (sample->line[i]);
  }
  if (fits == 0)
    return;
  out->score = (gint)(98 * fits / lines);
  g_snprintf (out->reason, sizeof out->reason, "%u of %u lines are status documents of NGINX Plus", fits, lines);
}

static gpointer
status_open (const RcaSampleLines *sample)
{
  State *state = g_new0 (State, 1);
  state->arena = rca_arena_new ();
  return state;
}

static void
status_close (gpointer data)
{
  State *state = data;
  rca_arena_free (state->arena);
  g_free (state);
}

static RcaDecodeResult
decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *state = data;
  Reading reading = { state, ev, FALSE };
  rca_arena_reset (state->arena);
  ev->stream = RCA_STREAM_MONITOR;
  ev->samples = state->sample;
  if (!is_status (record) || rca_json_scan (record, state->arena, visit, &reading) == 0 || !reading.has_time)
    return RCA_DECODE_REJECT;
  emit (ev, user);
  return RCA_DECODE_OK;
}

const RcaFormat rca_format_nginx_status = {
  .name = "nginx-status",
  .stream = RCA_STREAM_MONITOR,
  .sniff = sniff,
  .open = status_open,
  .close = status_close,
  .decode = decode,
};

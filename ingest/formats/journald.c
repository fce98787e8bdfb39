/* The systemd journal as JSON (journalctl -o json, json-pretty, json-seq, json-sse), in export
 * format (-o export) and verbose (-o verbose). Short formats are syslog's business (syslog.c). */
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
} State;

/* What is read of an entry's fields. */
enum { REALTIME, PRIORITY, IDENTIFIER, COMM, HOSTNAME, PID, SYSLOG_PID, UNIT_OF, UNIT, TRANSPORT, CONTAINER, MESSAGE, N_KEYS };

static const char *const keys[N_KEYS] = {
  [REALTIME] = "__REALTIME_TIMESTAMP",
  [PRIORITY] = "PRIORITY",
  [IDENTIFIER] = "SYSLOG_IDENTIFIER",
  [COMM] = "_COMM",
  [HOSTNAME] = "_HOSTNAME",
  [PID] = "_PID",
  [SYSLOG_PID] = "SYSLOG_PID",
  [UNIT_OF] = "_SYSTEMD_UNIT",
  [UNIT] = "UNIT",
  [TRANSPORT] = "_TRANSPORT",
  [CONTAINER] = "CONTAINER_NAME",
  [MESSAGE] = "MESSAGE",
};

typedef struct {
  RcaBytes value[N_KEYS];
  RcaArena *arena;
} Entry;

static void
set_field (Entry *entry, RcaBytes key, RcaBytes value)
{
  for (guint i = 0; i < N_KEYS; i++)
    if (rca_bytes_is (key, keys[i]))
      entry->value[i] = value;
}

/* A MESSAGE that is no UTF-8 stands as an array of byte values. */
typedef struct {
  char *bytes;
  gsize n;
} ByteArray;

static void
take_byte (guint index, RcaJsonType type, RcaBytes value, gpointer user)
{
  ByteArray *array = user;
  gint64 byte;
  if (type == RCA_JSON_NUMBER && rca_parse_int (value, &byte) && byte >= 0 && byte < 256)
    array->bytes[array->n++] = (char)byte;
}

static RcaBytes
bytes_of_array (Entry *entry, RcaBytes text)
{
  ByteArray array = { .bytes = rca_arena_alloc (entry->arena, text.n) };
  rca_json_each (text, entry->arena, take_byte, &array);
  return rca_bytes (array.bytes, array.n);
}

static gboolean
visit (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  Entry *entry = user;
  if (type == RCA_JSON_STRING || type == RCA_JSON_NUMBER)
    set_field (entry, key, value);
  else if (type == RCA_JSON_ARRAY && rca_bytes_equal (key, RCA_BYTES ("MESSAGE")))
    set_field (entry, key, bytes_of_array (entry, value));
  return FALSE;
}

/* json-seq puts RS before each entry, json-sse "data: ". */
static RcaBytes
without_prefix (RcaBytes record)
{
  if (record.n && record.p[0] == '\x1e')
    return rca_bytes_from (record, 1);
  return rca_bytes_has_prefix (record, RCA_BYTES ("data: {")) ? rca_bytes_from (record, 6) : record;
}

static gboolean
read_json (RcaBytes record, Entry *entry)
{
  record = without_prefix (record);
  return record.n && record.p[0] == '{' && rca_json_scan (record, entry->arena, visit, entry) > 0 && entry->value[REALTIME].n > 0;
}

/* KEY=value lines; KEY, then eight bytes of little-endian length and the data, for binary values. */
static gboolean
read_export (RcaBytes record, Entry *entry)
{
  while (record.n)
  {
    const char *lf = memchr (record.p, '\n', record.n);
    RcaBytes line = rca_bytes (record.p, lf ? (gsize)(lf - record.p) : record.n);
    const char *equals = memchr (line.p, '=', line.n);
    record = rca_bytes_from (record, line.n + 1);
    if (equals)
    {
      set_field (entry, rca_bytes (line.p, (gsize)(equals - line.p)), rca_bytes_from (line, (gsize)(equals + 1 - line.p)));
      continue;
    }
    if (record.n < 8)
      break;
    guint64 n;
    memcpy (&n, record.p, 8);
    n = GUINT64_FROM_LE (n);
    record = rca_bytes_from (record, 8);
    if (n > record.n)
      break;
    set_field (entry, line, rca_bytes (record.p, n));
    record = rca_bytes_from (record, n + 1);
  }
  return entry->value[REALTIME].n > 0;
}

static RcaBytes
without_suffix (RcaBytes name)
{
  return rca_bytes_has_suffix (name, RCA_BYTES (".service")) ? rca_bytes (name.p, name.n - (sizeof ".service" - 1)) : name;
}

/* A unit tells the service better than its process does (shop.service runs "python3"). */
static RcaBytes
program_of (const Entry *entry)
{
  RcaBytes unit = entry->value[UNIT_OF];
  if (rca_bytes_equal (entry->value[TRANSPORT], RCA_BYTES ("kernel")))
    return RCA_BYTES ("kernel");
  if (entry->value[CONTAINER].n)
    return entry->value[CONTAINER];
  if (rca_bytes_has_suffix (unit, RCA_BYTES (".service")) && !rca_bytes_has_prefix (unit, RCA_BYTES ("user@"))
      && !rca_bytes_equal (entry->value[IDENTIFIER], RCA_BYTES ("systemd")) && !rca_bytes_equal (unit, RCA_BYTES ("cron.service")))
    return without_suffix (unit);
  return entry->value[IDENTIFIER].n ? entry->value[IDENTIFIER] : entry->value[COMM];
}

static void
make_envelope (const Entry *entry, RcaEnvelope *envelope)
{
  gint64 number;
  *envelope = (RcaEnvelope){
    .time_ns = RCA_TIME_NONE, .program = program_of (entry), .host = entry->value[HOSTNAME], .subject = without_suffix (entry->value[UNIT])
  };
  rca_stamp_parse_epoch (entry->value[REALTIME], &envelope->time_ns);
  if (rca_parse_int (entry->value[PRIORITY], &number))
    envelope->severity = rca_severity_from_syslog (number);
  if (!rca_parse_int (entry->value[PID], &envelope->pid))
    rca_parse_int (entry->value[SYSLOG_PID], &envelope->pid);
  RcaBytes known_by = entry->value[IDENTIFIER].n ? entry->value[IDENTIFIER] : envelope->program;
  envelope->stream = rca_program_stream (known_by);
  if (envelope->stream == RCA_STREAM_APP)
    envelope->stream = rca_program_stream (envelope->program);
}

static gpointer
state_open (const RcaSampleLines *sample)
{
  State *state = g_new0 (State, 1);
  state->inner = rca_inner_new (sample);
  state->arena = rca_arena_new ();
  return state;
}

static void
state_close (gpointer data)
{
  State *state = data;
  rca_inner_free (state->inner);
  rca_arena_free (state->arena);
  g_free (state);
}

static gpointer
json_open (const RcaSampleLines *sample)
{
  State *state = state_open (sample);
  for (guint i = 0; i < sample->n_lines; i++)
  {
    Entry entry = { .arena = state->arena };
    if (read_json (sample->line[i], &entry))
      rca_inner_learn (state->inner, program_of (&entry), entry.value[MESSAGE]);
    rca_arena_reset (state->arena);
  }
  rca_inner_learnt (state->inner);
  return state;
}

static RcaDecodeResult
decode_entry (State *state, const Entry *entry, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  RcaEnvelope envelope;
  make_envelope (entry, &envelope);
  return rca_inner_decode_lines (state->inner, &envelope, entry->value[MESSAGE], ev, emit, user);
}

static RcaDecodeResult
json_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *state = data;
  rca_arena_reset (state->arena);
  Entry entry = { .arena = state->arena };
  return read_json (record, &entry) ? decode_entry (state, &entry, ev, emit, user) : RCA_DECODE_REJECT;
}

static RcaDecodeResult
export_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  Entry entry = { 0 };
  return read_export (record, &entry) ? decode_entry (data, &entry, ev, emit, user) : RCA_DECODE_REJECT;
}

/* In json-pretty an entry runs from "{" to "}" at the start of a line. */
static RcaLineKind
json_line (gpointer data, RcaBytes line)
{
  if (line.n == 0)
    return RCA_LINE_NONE;
  line = without_prefix (line);
  return line.n && line.p[0] == '{' ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
}

static void
json_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint entries = 0, stamps = 0;
  for (guint i = 0; i < sample->n_lines; i++)
  {
    RcaBytes line = without_prefix (sample->line[i]);
    entries += line.n && line.p[0] == '{';
    stamps += rca_bytes_find (line, RCA_BYTES ("\"__REALTIME_TIMESTAMP\"")) > 0;
  }
  if (stamps == 0 || stamps * 2 < entries)
    return;
  out->score = (gint)(98 * MIN (stamps, entries) / MAX (entries, 1));
  g_snprintf (out->reason, sizeof out->reason, "%u of %u JSON objects are journal entries", stamps, entries);
}

static void
export_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  guint fits = 0;
  for (guint i = 0; i < sample->n_lines; i++)
    fits += rca_bytes_has_prefix (sample->line[i], RCA_BYTES ("__REALTIME_TIMESTAMP="));
  if (fits == 0)
    return;
  out->score = 98;
  g_snprintf (out->reason, sizeof out->reason, "journal entries in export format (%u in the sample)", fits);
}

static RcaLineKind
export_line (gpointer data, RcaBytes line)
{
  if (line.n == 0)
    return RCA_LINE_NONE;
  return rca_bytes_has_prefix (line, RCA_BYTES ("__CURSOR=")) ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
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

const RcaFormat rca_format_journald_json = {
  .name = "journald-json",
  .stream = RCA_STREAM_APP,
  .sniff = json_sniff,
  .open = json_open,
  .close = state_close,
  .line = json_line,
  .decode = json_decode,
  .describe = describe,
  .flush = flush,
};

const RcaFormat rca_format_journald_export = {
  .name = "journald-export",
  .stream = RCA_STREAM_APP,
  .sniff = export_sniff,
  .open = state_open,
  .close = state_close,
  .line = export_line,
  .decode = export_decode,
  .describe = describe,
  .flush = flush,
};

/* --- verbose: "Tue 2026-11-24 02:01:06.350103 UTC [s=…;i=…]", then indented KEY=value lines --- */

static gboolean
is_verbose_head (RcaBytes line, RcaStamp *stamp)
{
  gsize n = line.n > 24 && line.p[0] != ' ' ? rca_stamp_parse (line, NULL, stamp) : 0;
  return n >= 19 && rca_bytes_has_prefix (rca_bytes_from (line, n), RCA_BYTES (" [s="));
}

static RcaLineKind
verbose_line (gpointer data, RcaBytes line)
{
  RcaStamp stamp;
  if (line.n == 0 || rca_bytes_has_prefix (line, RCA_BYTES ("-- ")))
    return RCA_LINE_NONE;
  return is_verbose_head (line, &stamp) ? RCA_LINE_RECORD : RCA_LINE_CONTINUES;
}

static void
verbose_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  RcaStamp stamp;
  guint heads = 0;
  for (guint i = 0; i < sample->n_lines; i++)
    heads += is_verbose_head (sample->line[i], &stamp);
  if (heads == 0)
    return;
  out->score = 98;
  g_snprintf (out->reason, sizeof out->reason, "journal entries in verbose format (%u in the sample)", heads);
}

/* A value's further lines are indented deeper than its key. */
static void
read_verbose (RcaBytes rest, Entry *entry)
{
  RcaBytes key = { NULL, 0 }, value = { NULL, 0 };
  while (rest.n)
  {
    const char *lf = memchr (rest.p, '\n', rest.n);
    RcaBytes line = rca_bytes (rest.p, lf ? (gsize)(lf - rest.p) : rest.n);
    rest = rca_bytes_from (rest, line.n + 1);
    gsize indent = 0, n = 0;
    while (indent < line.n && line.p[indent] == ' ')
      indent++;
    RcaBytes text = rca_bytes_from (line, indent);
    while (n < text.n && (g_ascii_isupper (text.p[n]) || g_ascii_isdigit (text.p[n]) || text.p[n] == '_'))
      n++;
    if (indent == 4 && n > 0 && n < text.n && text.p[n] == '=')
    {
      key = rca_bytes (text.p, n);
      value = rca_bytes_from (text, n + 1);
    }
    else if (value.p)
      value.n = (gsize)(line.p + line.n - value.p);
    if (key.n)
      set_field (entry, key, value);
  }
}

static RcaDecodeResult
verbose_decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *state = data;
  RcaStamp stamp;
  const char *lf = memchr (record.p, '\n', record.n);
  RcaBytes head = rca_bytes (record.p, lf ? (gsize)(lf - record.p) : record.n);
  Entry entry = { 0 };
  char micros[24];
  if (!is_verbose_head (head, &stamp))
    return RCA_DECODE_REJECT;
  read_verbose (rca_bytes_from (record, head.n + 1), &entry);
  if (entry.value[REALTIME].n == 0)
  {
    g_snprintf (micros, sizeof micros, "%" G_GINT64_FORMAT, stamp.time_ns / 1000);
    entry.value[REALTIME] = rca_bytes_str (micros);
  }
  return decode_entry (state, &entry, ev, emit, user);
}

const RcaFormat rca_format_journald_verbose = {
  .name = "journald-verbose",
  .stream = RCA_STREAM_APP,
  .sniff = verbose_sniff,
  .open = state_open,
  .close = state_close,
  .line = verbose_line,
  .decode = verbose_decode,
  .describe = describe,
  .flush = flush,
};

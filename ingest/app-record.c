#include "app-record.h"
#include "number.h"
#include "app-request.h"
#include "process-start.h"
#include "severity.h"
#include "stack-trace.h"
#include "text-fields.h"

#define MAX_LEARN 256

void
rca_app_source_init (RcaAppSource *source, gint64 mtime_ns)
{
  memset (source, 0, sizeof *source);
  rca_stamp_context_init (&source->stamps, mtime_ns);
  source->unit_ns = RCA_NS_PER_MS;
  source->last_start_ns = RCA_TIME_NONE;
}

void
rca_app_source_clear (RcaAppSource *source)
{
  g_clear_pointer (&source->requests, rca_request_memory_free);
  g_clear_pointer (&source->durations, g_free);
}

void
rca_app_source_learn (RcaAppSource *source)
{
  source->durations = g_new (gdouble, MAX_LEARN);
  source->n_durations = source->n_fractions = 0;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  gdouble x = *(const gdouble *)a, y = *(const gdouble *)b;
  return (x > y) - (x < y);
}

/* The unit of a bare duration, by the size of the middle one: a request of a web service
 * takes a millisecond to seconds; zap writes seconds beside its times in seconds. Fractions below 10 are seconds when most are written
 * with a decimal point and the middle one lies under 0.5 (0.023 ms would be no request). */
void
rca_app_source_learnt (RcaAppSource *source)
{
  guint n = source->n_durations;
  if (n > 0)
  {
    qsort (source->durations, n, sizeof *source->durations, compare_doubles);
    gdouble middle = source->durations[n / 2];
    gboolean fractions = source->n_fractions * 2 >= n;
    if (source->seconds)
      middle = 0;
    if ((fractions || source->seconds) && middle < (source->zap_times ? 100 : 0.5))
      source->unit_ns = RCA_NS_PER_S;
    else if (middle >= 300000)
      source->unit_ns = 1;
    else if (middle >= 20000 && !fractions)
      source->unit_ns = 1000;
  }
  rca_app_source_clear (source);
  /* the sample is read again as records: nothing of it may stick */
  source->last_start_ns = RCA_TIME_NONE;
  source->version_seen = FALSE;
  source->stamps.previous_ns = RCA_TIME_NONE;
}

void
rca_app_record_begin (RcaAppRecord *record, RcaEvent *ev, RcaArena *arena, RcaAppSource *source)
{
  record->ev = ev;
  record->arena = arena;
  record->source = source;
  record->present = 0;
  record->n_pairs = 0;
}

static void
set_slot (RcaAppRecord *record, const RcaAlias *alias, RcaBytes value, gint64 unit_ns, gboolean number)
{
  RcaSlotValue *slot = &record->slot[alias->slot];
  if (rca_app_record_has (record, alias->slot) && slot->strength >= alias->strength)
    return;
  *slot = (RcaSlotValue){ value, unit_ns, alias->strength, number };
  record->present |= G_GUINT64_CONSTANT (1) << alias->slot;
}

void
rca_app_record_set (RcaAppRecord *record, RcaSlot slot, guint8 strength, RcaBytes value)
{
  RcaAlias alias = { .slot = (guint8)slot, .strength = strength };
  if (value.n > 0)
    set_slot (record, &alias, value, 0, FALSE);
}

/* A path lives only while its document is scanned. */
static void
add_attribute (RcaAppRecord *record, RcaBytes path, RcaBytes value)
{
  RcaEvent *ev = record->ev;
  if (ev->n_attributes < RCA_MAX_ATTRIBUTES)
    ev->attribute[ev->n_attributes++] = (RcaAttribute){ rca_arena_copy (record->arena, path), value };
}

const RcaAlias *
rca_app_record_alias (RcaAppRecord *record, RcaBytes path, gint64 *unit_ns)
{
  RcaAliasMemo *memo = &record->source->memo[record->n_pairs++ % RCA_ALIAS_MEMOS];
  if (memo->n == path.n && memcmp (memo->path, path.p, path.n) == 0)
  {
    *unit_ns = memo->unit_ns;
    return memo->alias;
  }
  const RcaAlias *alias = rca_alias_find (path, unit_ns);
  if (path.n > 0 && path.n <= sizeof memo->path)
  {
    *memo = (RcaAliasMemo){ .n = (guint8)path.n, .alias = alias, .unit_ns = *unit_ns };
    memcpy (memo->path, path.p, path.n);
  }
  return alias;
}

void
rca_app_record_pair (RcaAppRecord *record, RcaBytes path, RcaBytes value, RcaJsonType type)
{
  gint64 unit_ns = 0;
  if (type == RCA_JSON_NULL || value.n == 0)
    return;
  const RcaAlias *alias = rca_app_record_alias (record, path, &unit_ns);
  if (alias && alias->slot == RCA_SLOT_STATUS && !g_ascii_isdigit (value.p[0])) /* Datadog's "status": "error" */
    rca_app_record_set (record, RCA_SLOT_LEVEL, RCA_ALIAS_WEAK, value);
  else if (alias && alias->slot != RCA_SLOT_NONE)
    set_slot (record, alias, value, unit_ns, type == RCA_JSON_NUMBER);
  else
    add_attribute (record, path, value);
}

gboolean
rca_app_record_duration (RcaAppRecord *record, RcaSlot slot, gint64 *out_ns)
{
  if (!rca_app_record_has (record, slot))
    return FALSE;
  const RcaSlotValue *v = &record->slot[slot];
  RcaAppSource *source = record->source;
  double bare;
  if (v->unit_ns == 0 && source->durations && source->n_durations < MAX_LEARN && rca_parse_double (v->value, &bare))
  {
    source->durations[source->n_durations++] = bare;
    source->n_fractions += memchr (v->value.p, '.', v->value.n) != NULL;
  }
  return rca_parse_duration (v->value, v->unit_ns ? v->unit_ns : source->unit_ns, out_ns);
}

static void
fill_time (RcaAppRecord *record)
{
  RcaEvent *ev = record->ev;
  RcaBytes text = rca_app_record_get (record, RCA_SLOT_TIME);
  RcaStamp stamp;
  gint64 nano;
  if (text.n == 0)
    return;
  if (rca_stamp_parse_epoch (text, &ev->time_ns))
  {
    RcaBytes fine = rca_app_record_get (record, RCA_SLOT_TIME_NANO);
    if (fine.n > 0 && rca_parse_int (fine, &nano) && nano >= 0 && nano < RCA_NS_PER_S)
      ev->time_ns += nano;
    ev->flags &= ~(guint)(RCA_EVENT_ZONE_UNKNOWN | RCA_EVENT_DATE_UNKNOWN);
  }
  else if (rca_stamp_parse (text, &record->source->stamps, &stamp) > 0)
    rca_stamp_apply (&stamp, ev);
}

/* Numbers of loggers whose scales do not overlap: pino and bunyan 10..60, Monolog 100..600,
 * Logback 5000..40000. Below 10 they do: Nextcloud counts up from debug 0 to fatal 4, syslog
 * (GELF, journald) down from debug 7 to emergency 0. */
static RcaSeverity
level_of_number (gint64 n, gboolean count_up)
{
  static const struct {
    gint64 below;
    RcaSeverity severity;
  } scale[] = {
    { 20, RCA_SEVERITY_TRACE },    { 30, RCA_SEVERITY_DEBUG },   { 40, RCA_SEVERITY_INFO },    { 50, RCA_SEVERITY_WARN },
    { 60, RCA_SEVERITY_ERROR },    { 100, RCA_SEVERITY_FATAL },  { 200, RCA_SEVERITY_DEBUG },  { 300, RCA_SEVERITY_INFO },
    { 400, RCA_SEVERITY_WARN },    { 500, RCA_SEVERITY_ERROR },  { 1000, RCA_SEVERITY_FATAL }, { 10000, RCA_SEVERITY_TRACE },
    { 20000, RCA_SEVERITY_DEBUG }, { 30000, RCA_SEVERITY_INFO }, { 40000, RCA_SEVERITY_WARN }, { 50000, RCA_SEVERITY_ERROR },
  };
  static const RcaSeverity up[] = { RCA_SEVERITY_DEBUG, RCA_SEVERITY_INFO, RCA_SEVERITY_WARN, RCA_SEVERITY_ERROR, RCA_SEVERITY_FATAL };
  if (count_up && n >= 0 && n < (gint64)G_N_ELEMENTS (up))
    return up[n];
  if (n < 10)
    return rca_severity_from_syslog (n);
  for (guint i = 0; i < G_N_ELEMENTS (scale); i++)
    if (n < scale[i].below)
      return scale[i].severity;
  return RCA_SEVERITY_NONE;
}

static gboolean
parse_level (RcaBytes word, RcaSeverity *out)
{
  static const struct {
    RcaBytes word;
    RcaSeverity severity;
  } more[] = {
    { { "success", 7 }, RCA_SEVERITY_INFO }, { { "http", 4 }, RCA_SEVERITY_INFO },     { { "silly", 5 }, RCA_SEVERITY_TRACE },
    { { "default", 7 }, RCA_SEVERITY_INFO }, { { "warnings", 8 }, RCA_SEVERITY_WARN }, { { "dbug", 4 }, RCA_SEVERITY_DEBUG },
    { { "fail", 4 }, RCA_SEVERITY_ERROR },   { { "trce", 4 }, RCA_SEVERITY_TRACE },
  };
  gsize n = 0;
  while (n < word.n && word.p[n] != '+' && word.p[n] != '-' && word.p[n] != ' ') /* slog's ERROR+2 */
    n++;
  if (rca_severity_parse (rca_bytes (word.p, n), out))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (more); i++)
    if (more[i].word.n == n && g_ascii_strncasecmp (more[i].word.p, word.p, n) == 0)
    {
      *out = more[i].severity;
      return TRUE;
    }
  return FALSE;
}

static void
fill_severity (RcaAppRecord *record)
{
  RcaEvent *ev = record->ev;
  gint64 n;
  RcaBytes otel = rca_app_record_get (record, RCA_SLOT_LEVEL_OTEL), python = rca_app_record_get (record, RCA_SLOT_LEVEL_PYTHON);
  RcaBytes word = rca_app_record_get (record, RCA_SLOT_LEVEL);
  if (otel.n > 0 && rca_parse_int (otel, &n) && n > 0)
    ev->severity = rca_severity_from_otel (n);
  else if (word.n > 0 && rca_parse_int (word, &n))
    ev->severity = level_of_number (n, record->source->levels_count_up);
  else if (word.n > 0)
    parse_level (word, &ev->severity);
  else if (python.n > 0 && rca_parse_int (python, &n))
    ev->severity = level_of_number (n + 10, FALSE);
}

static void
copy_slot (RcaAppRecord *record, RcaSlot slot, RcaField field)
{
  if (rca_app_record_has (record, slot))
    rca_event_set_str (record->ev, field, record->slot[slot].value);
}

static void
fill_ids (RcaAppRecord *record)
{
  RcaEvent *ev = record->ev;
  copy_slot (record, RCA_SLOT_REQUEST_ID, RCA_FIELD_REQUEST_ID);
  copy_slot (record, RCA_SLOT_SPAN_ID, RCA_FIELD_SPAN_ID);
  copy_slot (record, RCA_SLOT_PARENT_ID, RCA_FIELD_PARENT_ID);
  copy_slot (record, RCA_SLOT_SESSION, RCA_FIELD_SESSION);
  RcaBytes trace = rca_app_record_get (record, RCA_SLOT_TRACE_ID), parent = rca_app_record_get (record, RCA_SLOT_TRACEPARENT);
  const char *slash = trace.n ? memrchr (trace.p, '/', trace.n) : NULL; /* "projects/p/traces/ID" */
  if (slash)
    trace = rca_bytes_from (trace, (gsize)(slash - trace.p) + 1);
  rca_event_set_str (ev, RCA_FIELD_TRACE_ID, trace);
  if (trace.n == 0 && parent.n >= 55 && parent.p[2] == '-' && parent.p[35] == '-')
  {
    rca_event_set_str (ev, RCA_FIELD_TRACE_ID, rca_bytes (parent.p + 3, 32));
    rca_event_set_str (ev, RCA_FIELD_PARENT_ID, rca_bytes (parent.p + 36, 16));
  }
}

/* GELF's "version": "1.1" is the format's own. */
static gboolean
is_format_version (const RcaAppRecord *record, RcaBytes version)
{
  return version.n == 3 && memcmp (version.p, "1.1", 3) == 0 && rca_app_record_has (record, RCA_SLOT_HOST) && record->slot[RCA_SLOT_LEVEL].number
         && rca_app_record_has (record, RCA_SLOT_LEVEL);
}

static void
fill_identity (RcaAppRecord *record)
{
  RcaEvent *ev = record->ev;
  gint64 pid;
  copy_slot (record, RCA_SLOT_LOGGER, RCA_FIELD_LOGGER);
  RcaBytes service = rca_app_record_get (record, RCA_SLOT_SERVICE), name = rca_app_record_get (record, RCA_SLOT_NAME);
  gint64 ignored;
  if (service.n > 0 && g_ascii_isdigit (service.p[0]) && rca_parse_duration (service, 0, &ignored))
    rca_app_record_set (record, RCA_SLOT_DURATION, 9, service); /* Heroku's service=30000ms */
  else if (service.n > 0)
    rca_event_set_str (ev, record->source->levels_count_up ? RCA_FIELD_LOGGER : RCA_FIELD_SERVICE, service);
  if (name.n > 0)
  { /* pino and bunyan name the service so, python-json-logger the logger */
    gboolean logger = service.n > 0 || !record->slot[RCA_SLOT_LEVEL].number || !rca_app_record_has (record, RCA_SLOT_LEVEL);
    rca_event_set_str (ev, logger && !rca_app_record_has (record, RCA_SLOT_LOGGER) ? RCA_FIELD_LOGGER : RCA_FIELD_SERVICE, name);
  }
  RcaBytes version = rca_app_record_get (record, RCA_SLOT_VERSION);
  if (rca_bytes_has_prefix (version, RCA_BYTES ("(version="))) /* Prometheus and its kin */
  {
    version = rca_bytes_from (version, 9);
    const char *comma = memchr (version.p, ',', version.n);
    version.n = comma ? (gsize)(comma - version.p) : version.n;
  }
  if (version.n > 0 && !is_format_version (record, version))
    rca_event_set_str (ev, RCA_FIELD_VERSION, version);
  copy_slot (record, RCA_SLOT_INSTANCE, RCA_FIELD_INSTANCE);
  copy_slot (record, RCA_SLOT_ENVIRONMENT, RCA_FIELD_ENVIRONMENT);
  gboolean request
      = rca_app_record_has (record, RCA_SLOT_METHOD) && rca_app_record_has (record, RCA_SLOT_HOST) && record->slot[RCA_SLOT_HOST].strength == RCA_ALIAS_WEAK;
  copy_slot (record, RCA_SLOT_HOST, request ? RCA_FIELD_SERVER_NAME : RCA_FIELD_HOST);
  if (rca_app_record_has (record, RCA_SLOT_PID) && rca_parse_int (record->slot[RCA_SLOT_PID].value, &pid))
    rca_event_set_num (ev, RCA_FIELD_PID, pid);
}

/* A type that says nothing: the message is worth more. */
static gboolean
is_vague (RcaBytes type)
{
  return rca_bytes_equal (type, RCA_BYTES ("Error")) || rca_bytes_equal (type, RCA_BYTES ("Exception")) || rca_bytes_equal (type, RCA_BYTES ("error"));
}

static gboolean
is_code (RcaBytes text)
{
  for (gsize i = 0; i < text.n; i++)
    if (!g_ascii_isupper (text.p[i]) && !g_ascii_isdigit (text.p[i]) && text.p[i] != '_')
      return FALSE;
  return text.n > 2 && g_ascii_isupper (text.p[0]);
}

/* The best of a trace, its own members and a bare text. */
static void
fill_exception (RcaAppRecord *record)
{
  RcaEvent *ev = record->ev;
  RcaBytes type = rca_app_record_get (record, RCA_SLOT_ERROR_TYPE), message = rca_app_record_get (record, RCA_SLOT_ERROR_MESSAGE);
  RcaBytes stack = rca_app_record_get (record, RCA_SLOT_ERROR_STACK), text = rca_app_record_get (record, RCA_SLOT_ERROR);
  RcaBytes code = rca_app_record_get (record, RCA_SLOT_ERROR_CODE);
  RcaException e;
  gboolean given_cause = rca_app_record_has (record, RCA_SLOT_ERROR_TYPE) && record->slot[RCA_SLOT_ERROR_TYPE].strength > 3;
  if (!given_cause && ((stack.n > 0 && rca_exception_in_stack (stack, &e)) || (stack.n == 0 && text.n > 0 && rca_exception_in_stack (text, &e)))
      && (type.n == 0 || e.cause || !is_vague (e.type)))
  {
    type = e.type;
    message = e.message.n > 0 ? e.message : message;
  }
  if (message.n == 0 && text.n > 0 && !rca_bytes_equal (text, RCA_BYTES ("true")) && !rca_bytes_equal (text, RCA_BYTES ("false")))
    message = text;
  if ((type.n == 0 || is_vague (type)) && is_code (code) && ev->severity >= RCA_SEVERITY_WARN)
    type = code;
  rca_event_set_str (ev, RCA_FIELD_EXCEPTION, type);
  rca_event_set_str (ev, RCA_FIELD_EXCEPTION_MESSAGE, message);
  copy_slot (record, RCA_SLOT_SQLSTATE, RCA_FIELD_SQLSTATE);
}

static void
fill_statement (RcaAppRecord *record)
{
  RcaEvent *ev = record->ev;
  gint64 value;
  RcaBytes sql = rca_app_record_get (record, RCA_SLOT_STATEMENT);
  if (sql.n > 0 && (record->slot[RCA_SLOT_STATEMENT].strength > RCA_ALIAS_WEAK || rca_text_is_sql (sql)))
  {
    rca_event_set_str (ev, RCA_FIELD_STATEMENT, sql);
    copy_slot (record, RCA_SLOT_DB_NAME, RCA_FIELD_DB_NAME);
    copy_slot (record, RCA_SLOT_DB_USER, RCA_FIELD_DB_USER);
    if (rca_app_record_has (record, RCA_SLOT_ROWS) && rca_parse_int (record->slot[RCA_SLOT_ROWS].value, &value))
      rca_event_set_num (ev, RCA_FIELD_ROWS_SENT, value);
    if (!rca_event_has (ev, RCA_FIELD_DURATION) && rca_app_record_duration (record, RCA_SLOT_DB_TIME, &value))
      rca_event_set_num (ev, RCA_FIELD_DURATION, value);
  }
}

/* A record of text alone that tells of an error names it in its lines. */
static void
fill_exception_of_text (RcaAppRecord *record)
{
  RcaEvent *ev = record->ev;
  RcaBytes message = rca_event_str (ev, RCA_FIELD_MESSAGE);
  RcaException e;
  if (rca_event_has (ev, RCA_FIELD_EXCEPTION) || message.n == 0)
    return;
  const char *lf = memchr (message.p, '\n', message.n);
  RcaBytes line = rca_bytes (message.p, lf ? (gsize)(lf - message.p) : message.n);
  if ((lf && rca_exception_in_trace (message, &e)) || (ev->severity >= RCA_SEVERITY_ERROR && rca_exception_in_line (line, &e)))
  {
    rca_event_set_str (ev, RCA_FIELD_EXCEPTION, e.type);
    if (lf || !rca_event_has (ev, RCA_FIELD_EXCEPTION_MESSAGE))
      rca_event_set_str (ev, RCA_FIELD_EXCEPTION_MESSAGE, e.message);
  }
}

/* Formats without levels: the text begins with one ("ERROR: …", "[FATAL] …"). */
static void
fill_severity_of_text (RcaEvent *ev)
{
  RcaBytes text = rca_event_str (ev, RCA_FIELD_MESSAGE);
  gsize from = text.n > 0 && text.p[0] == '[', n = from;
  while (n < text.n && n < 12 && g_ascii_isupper (text.p[n]))
    n++;
  if (n < from + 3 || (n < text.n && !rca_char_in (text.p[n], ": ]\t")))
    return;
  rca_severity_parse (rca_bytes (text.p + from, n - from), &ev->severity);
}

/* Joins the two records of one request: by its id, else by the process. */
static void
join_request (RcaAppRecord *record)
{
  RcaEvent *ev = record->ev;
  RcaAppSource *source = record->source;
  RcaBytes key = rca_event_str (ev, RCA_FIELD_REQUEST_ID), method = rca_event_str (ev, RCA_FIELD_HTTP_METHOD), path = rca_event_str (ev, RCA_FIELD_URL_PATH);
  gboolean answered = rca_event_has (ev, RCA_FIELD_HTTP_STATUS);
  if (key.n == 0)
    key = rca_app_record_get (record, RCA_SLOT_PID);
  if (!answered && method.n > 0 && path.n > 0 && ev->severity <= RCA_SEVERITY_INFO && source->durations == NULL)
  {
    if (!source->requests)
      source->requests = rca_request_memory_new ();
    rca_request_memory_put (source->requests, key, method, path);
  }
  else if (answered && method.n == 0 && path.n == 0 && source->requests && rca_request_memory_take (source->requests, key, &method, &path))
  {
    rca_event_set_str (ev, RCA_FIELD_HTTP_METHOD, method);
    rca_event_set_str (ev, RCA_FIELD_URL_PATH, path);
  }
}

void
rca_app_record_end (RcaAppRecord *record)
{
  RcaEvent *ev = record->ev;
  ev->stream = RCA_STREAM_APP;
  copy_slot (record, RCA_SLOT_MESSAGE, RCA_FIELD_MESSAGE);
  fill_time (record);
  fill_severity (record);
  if (ev->severity == RCA_SEVERITY_NONE)
    fill_severity_of_text (ev);
  fill_ids (record);
  fill_identity (record);
  fill_exception (record);
  rca_app_record_request (record);
  fill_statement (record);
  fill_exception_of_text (record);
  join_request (record);
  rca_process_start (record);
}

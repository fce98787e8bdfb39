#include "table.h"
#include "agent.h"
#include "identity.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

/* What was worked out for some bytes, by their hash: sets of a few slots, used last first, so
 * memory does not grow with hostile input and two agents that meet in a set do not drive each other
 * out. Codes are those of the sheet being filled. */
#define MEMO_SLOTS 4096
#define MEMO_WAYS  4 /* 64 bytes */
typedef struct {
  guint64 key;
  guint32 code;
  guint8 extra;
} Memo;

enum { MEMO_ROUTE, MEMO_AGENT, MEMO_TEMPLATE, MEMO_STATEMENT, N_MEMOS };

struct RcaTableWriter {
  RcaTableSource *into;
  RcaSheet *sheet; /* being filled: the last of @into->sheet */
  RcaArena *arena;
  Memo *memo[N_MEMOS];
  const char *raw; /* the raw record that was written last, and where */
  gsize raw_n;
  guint raw_part;
  guint64 raw_line, raw_position;
  guint32 raw_length;
  RcaSheetFull full;
  gpointer user;
  gboolean repeats[RCA_N_COLUMNS]; /* see rca_table_writer_let_repeat() */
  const RcaSource *left; /* whose raw lines stay where they are, or NULL */
  RcaRowText text;
  gpointer text_user;
};

static const struct {
  RcaField field;
  RcaColumnId column;
} strings[] = {
  { RCA_FIELD_HTTP_METHOD, RCA_COL_METHOD },
  { RCA_FIELD_UPSTREAM, RCA_COL_UPSTREAM },
  { RCA_FIELD_CACHE_STATUS, RCA_COL_CACHE_STATUS },
  { RCA_FIELD_EDGE_SITE, RCA_COL_EDGE_SITE },
  { RCA_FIELD_INSTANCE, RCA_COL_INSTANCE },
  { RCA_FIELD_HOST, RCA_COL_HOST },
  { RCA_FIELD_SERVICE, RCA_COL_SERVICE },
  { RCA_FIELD_VERSION, RCA_COL_VERSION },
  { RCA_FIELD_CLIENT, RCA_COL_CLIENT },
  { RCA_FIELD_EXCEPTION, RCA_COL_EXCEPTION },
  { RCA_FIELD_PEER_SERVICE, RCA_COL_PEER },
  { RCA_FIELD_DB_NAME, RCA_COL_DATABASE },
  { RCA_FIELD_DB_USER, RCA_COL_DB_USER },
  { RCA_FIELD_SQLSTATE, RCA_COL_SQLSTATE },
  { RCA_FIELD_SERVER_NAME, RCA_COL_SERVER_NAME },
  { RCA_FIELD_SESSION, RCA_COL_SESSION },
  { RCA_FIELD_VERSION_BEFORE, RCA_COL_VERSION_BEFORE },
  { RCA_FIELD_ENVIRONMENT, RCA_COL_ENVIRONMENT },
  { RCA_FIELD_ACTOR, RCA_COL_ACTOR },
  { RCA_FIELD_OUTCOME, RCA_COL_OUTCOME },
  { RCA_FIELD_CHANGE_ID, RCA_COL_CHANGE_ID },
}, ids[] = {
  { RCA_FIELD_REQUEST_ID, RCA_COL_REQUEST_ID },
  { RCA_FIELD_TRACE_ID, RCA_COL_TRACE_ID },
}, numbers[] = {
  { RCA_FIELD_DURATION, RCA_COL_DURATION },
  { RCA_FIELD_UPSTREAM_TIME, RCA_COL_UPSTREAM_TIME },
  { RCA_FIELD_UPSTREAM_CONNECT, RCA_COL_UPSTREAM_CONNECT },
  { RCA_FIELD_BODY_BYTES, RCA_COL_BYTES },
  { RCA_FIELD_ROWS_EXAMINED, RCA_COL_ROWS_EXAMINED },
  { RCA_FIELD_ROWS_SENT, RCA_COL_ROWS_SENT },
  { RCA_FIELD_LOCK_TIME, RCA_COL_LOCK_TIME },
  { RCA_FIELD_PID, RCA_COL_PID },
  { RCA_FIELD_HOLDER_PID, RCA_COL_HOLDER_PID },
}, enums[] = {
  { RCA_FIELD_FAILURE, RCA_COL_FAILURE },
  { RCA_FIELD_DB_EVENT, RCA_COL_DB_EVENT },
  { RCA_FIELD_CHANGE_KIND, RCA_COL_CHANGE },
};

/* Strings longer than this are cut: a dimension's value is a name, not a text. */
#define VALUE_BYTES     512
#define STATEMENT_BYTES 4096

RcaTableWriter *
rca_table_writer_new (RcaTableSource *into)
{
  RcaTableWriter *w = g_new0 (RcaTableWriter, 1);
  w->into = into;
  w->arena = rca_arena_new ();
  for (guint i = 0; i < N_MEMOS; i++)
    w->memo[i] = g_new0 (Memo, MEMO_SLOTS);
  return w;
}

void
rca_table_writer_on_full (RcaTableWriter *w, RcaSheetFull full, gpointer user)
{
  w->full = full;
  w->user = user;
}

void
rca_table_writer_on_text (RcaTableWriter *w, RcaRowText text, gpointer user)
{
  w->text = text;
  w->text_user = user;
}

void
rca_table_writer_free (RcaTableWriter *w)
{
  if (!w)
    return;
  rca_arena_free (w->arena);
  for (guint i = 0; i < N_MEMOS; i++)
    g_free (w->memo[i]);
  g_free (w);
}

void
rca_table_writer_leave_raw (RcaTableWriter *w, const RcaSource *source)
{
  w->left = source;
}

/* The slot of @key, or one to put it into: the first of its set. */
static Memo *
memo_slot (RcaTableWriter *w, guint which, guint64 key)
{
  Memo *set = &w->memo[which][(key >> 20) % (MEMO_SLOTS / MEMO_WAYS) * MEMO_WAYS];
  guint at = 0;
  while (at < MEMO_WAYS - 1 && set[at].key != key)
    at++;
  Memo found = set[at];
  for (; at > 0; at--)
    set[at] = set[at - 1];
  set[0] = found;
  return set;
}

static guint64
hash_bytes (RcaBytes bytes)
{
  return XXH3_64bits (bytes.p, bytes.n) | 1; /* 0 is a free slot */
}

static RcaBytes
cut (RcaBytes bytes, gsize limit)
{
  return rca_bytes (bytes.p, MIN (bytes.n, limit));
}

static RcaBytes
path_without_query (RcaBytes path)
{
  for (gsize i = 0; i < path.n; i++)
    if (path.p[i] == '?' || path.p[i] == '#')
      return rca_bytes (path.p, i);
  return path;
}

static void
set_route (RcaTableWriter *w, guint32 row, RcaBytes method, RcaBytes target)
{
  RcaBytes path = path_without_query (target);
  guint64 path_hash = hash_bytes (path);
  rca_sheet_set_u (w->sheet, RCA_COL_PATH_HASH, row, (guint32)path_hash);
  guint64 key = (path_hash ^ (hash_bytes (method) << 1)) | 1;
  Memo *m = memo_slot (w, MEMO_ROUTE, key);
  if (m->key != key)
  {
    RcaIdentity route = rca_route (method, path, w->arena);
    *m = (Memo){ key, rca_sheet_set_str (w->sheet, RCA_COL_ROUTE, row, cut (route.text, VALUE_BYTES)), (guint8)rca_audience (path, RCA_BYTES ("")) };
  }
  rca_sheet_set_u (w->sheet, RCA_COL_ROUTE, row, m->code);
  rca_sheet_set_u (w->sheet, RCA_COL_AUDIENCE, row, m->extra + 1u);
}

static void
set_agent (RcaTableWriter *w, guint32 row, RcaBytes agent)
{
  guint64 key = hash_bytes (agent);
  Memo *m = memo_slot (w, MEMO_AGENT, key);
  if (m->key != key)
    *m = (Memo){ key, rca_sheet_set_str (w->sheet, RCA_COL_AGENT, row, rca_agent_family (agent)), (guint8)rca_audience (RCA_BYTES (""), agent) };
  rca_sheet_set_u (w->sheet, RCA_COL_AGENT, row, m->code);
  if (m->extra != RCA_AUDIENCE_USER && rca_sheet_u8 (w->sheet, RCA_COL_AUDIENCE, row) <= RCA_AUDIENCE_USER + 1)
    rca_sheet_set_u (w->sheet, RCA_COL_AUDIENCE, row, m->extra + 1u);
}

static void
set_template (RcaTableWriter *w, guint32 row, RcaBytes message)
{
  guint64 key = hash_bytes (cut (message, VALUE_BYTES));
  Memo *m = memo_slot (w, MEMO_TEMPLATE, key);
  if (m->key != key)
  {
    RcaIdentity t = rca_template (message, w->arena);
    *m = (Memo){ key, rca_sheet_set_str (w->sheet, RCA_COL_TEMPLATE, row, cut (t.text, VALUE_BYTES)), 0 };
  }
  rca_sheet_set_u (w->sheet, RCA_COL_TEMPLATE, row, m->code);
}

static void
set_statement (RcaTableWriter *w, guint32 row, RcaBytes statement)
{
  guint64 key = hash_bytes (statement);
  Memo *m = memo_slot (w, MEMO_STATEMENT, key);
  if (m->key != key)
  {
    RcaIdentity f = rca_sql_fingerprint (statement, w->arena);
    *m = (Memo){ key, rca_sheet_set_str (w->sheet, RCA_COL_FINGERPRINT, row, cut (f.text, STATEMENT_BYTES)), 0 };
  }
  rca_sheet_set_u (w->sheet, RCA_COL_FINGERPRINT, row, m->code);
}

static void
set_id (RcaTableWriter *w, guint32 row, RcaColumnId column, RcaBytes id)
{
  char normal[RCA_ID_BYTES];
  RcaBytes text = rca_normal_id (id, normal);
  if (w->repeats[column])
    rca_sheet_append_str (w->sheet, column, row, text);
  else
    rca_sheet_set_str (w->sheet, column, row, text);
}

static RcaKind
kind_of (const RcaEvent *ev)
{
  if (rca_event_num (ev, RCA_FIELD_CHANGE_KIND, RCA_CHANGE_NONE) != RCA_CHANGE_NONE)
    return RCA_KIND_CHANGE;
  if (rca_event_num (ev, RCA_FIELD_DB_EVENT, RCA_DB_EVENT_NONE) == RCA_DB_EVENT_STATEMENT)
    return RCA_KIND_STATEMENT;
  gboolean failed = ev->severity >= RCA_SEVERITY_ERROR;
  if (rca_event_has (ev, RCA_FIELD_HTTP_STATUS))
  {
    if (ev->stream == RCA_STREAM_ACCESS || ev->stream == RCA_STREAM_CDN)
      return RCA_KIND_REQUEST;
    /* an application may name a request's status in the record of its failure as well: the
     * request itself is the one that was served, with a path, and no exception in place of a duration */
    gboolean served = rca_event_has (ev, RCA_FIELD_URL_PATH) && (rca_event_has (ev, RCA_FIELD_DURATION) || !rca_event_has (ev, RCA_FIELD_EXCEPTION));
    if (served && ev->stream == RCA_STREAM_APP)
      return RCA_KIND_REQUEST;
  }
  return failed ? RCA_KIND_ERROR : RCA_KIND_LOG;
}

/* Lets go of the sheet at hand: the one who wants full ones has it. */
void
rca_table_writer_turn (RcaTableWriter *w)
{
  if (w->sheet && w->full && w->full (w->into, w->sheet, w->user))
    g_ptr_array_remove_index (w->into->sheet, w->into->sheet->len - 1);
  for (guint i = 0; w->sheet && i < N_MEMOS; i++)
    memset (w->memo[i], 0, MEMO_SLOTS * sizeof (Memo)); /* fresh ones are clear, and most stay untouched */
  w->sheet = NULL;
}

void
rca_table_writer_let_repeat (RcaTableWriter *w, RcaColumnId column, gboolean let)
{
  g_assert (w->full);
  w->repeats[column] = let;
}

gboolean
rca_table_writer_is_full (const RcaTableWriter *w)
{
  return w->sheet && w->sheet->n == RCA_SHEET_ROWS;
}

static void
turn_sheet (RcaTableWriter *w)
{
  if (w->sheet && w->sheet->n < RCA_SHEET_ROWS)
    return;
  rca_table_writer_turn (w);
  w->sheet = rca_sheet_new ();
  g_ptr_array_add (w->into->sheet, w->sheet);
}

static gboolean
stays (const RcaTableWriter *w, guint part, const RcaEvent *ev)
{
  return w->left && ev->raw_offset != G_MAXUINT64 && ((const RcaSourcePart *)g_ptr_array_index (w->left->parts, part))->fd >= 0;
}

/* A document's many events share its bytes: they are kept once. */
static void
keep_raw (RcaTableWriter *w, guint part, const RcaEvent *ev)
{
  if (stays (w, part, ev))
  {
    w->raw_length = (guint32)MIN (ev->raw.n, G_MAXUINT32);
    w->raw_position = rca_raw_position (ev->raw_offset);
    w->raw = NULL;
    return;
  }
  if (w->raw && w->raw == ev->raw.p && w->raw_n == ev->raw.n && w->raw_line == ev->line && w->raw_part == part)
    return;
  w->raw = ev->raw.p;
  w->raw_n = ev->raw.n;
  w->raw_line = ev->line;
  w->raw_part = part;
  if (w->text && w->text (part, ev, &w->raw_position, &w->raw_length, w->text_user))
    return;
  w->raw_position = rca_text_append (w->into->text, ev->raw);
  w->raw_length = (guint32)MIN (ev->raw.n, G_MAXUINT32);
}

/* What every row has: where it stands, when, how grave. */
static guint32
add_row (RcaTableWriter *w, guint part, const RcaEvent *ev, RcaKind kind)
{
  turn_sheet (w);
  guint32 row = rca_sheet_add (w->sheet);
  rca_sheet_set_i64 (w->sheet, RCA_COL_TIME, row, ev->time_ns);
  rca_sheet_set_u (w->sheet, RCA_COL_LINE, row, MIN (ev->line, G_MAXUINT32));
  rca_sheet_set_u (w->sheet, RCA_COL_PART, row, MIN (part, G_MAXUINT16));
  rca_sheet_set_u (w->sheet, RCA_COL_STREAM, row, ev->stream);
  rca_sheet_set_u (w->sheet, RCA_COL_SEVERITY, row, ev->severity);
  rca_sheet_set_u (w->sheet, RCA_COL_FLAGS, row, ev->flags & 0xff);
  rca_sheet_set_u (w->sheet, RCA_COL_KIND, row, kind);
  keep_raw (w, part, ev);
  rca_sheet_set_u (w->sheet, RCA_COL_TEXT_POSITION, row, w->raw_position);
  rca_sheet_set_u (w->sheet, RCA_COL_TEXT_LENGTH, row, w->raw_length);
  w->sheet->streams |= (guint8)(1u << ev->stream);
  return row;
}

static void
set_fields (RcaTableWriter *w, guint32 row, const RcaEvent *ev)
{
  for (gsize i = 0; i < G_N_ELEMENTS (strings); i++)
    if (rca_event_has (ev, strings[i].field))
      rca_sheet_set_str (w->sheet, strings[i].column, row, cut (ev->field[strings[i].field].str, VALUE_BYTES));
  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    if (rca_event_has (ev, ids[i].field))
      set_id (w, row, ids[i].column, ev->field[ids[i].field].str);
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (rca_event_has (ev, numbers[i].field))
      rca_sheet_set_i64 (w->sheet, numbers[i].column, row, ev->field[numbers[i].field].num);
  for (gsize i = 0; i < G_N_ELEMENTS (enums); i++)
    if (rca_event_has (ev, enums[i].field))
      rca_sheet_set_u (w->sheet, enums[i].column, row, (guint8)ev->field[enums[i].field].num);
}

static void
set_identities (RcaTableWriter *w, guint32 row, const RcaEvent *ev, RcaKind kind)
{
  if (rca_event_has (ev, RCA_FIELD_HTTP_STATUS))
    rca_sheet_set_u (w->sheet, RCA_COL_STATUS, row, (guint64)CLAMP (ev->field[RCA_FIELD_HTTP_STATUS].num, 0, 999));
  if (rca_event_has (ev, RCA_FIELD_UPSTREAM_STATUS))
    rca_sheet_set_u (w->sheet, RCA_COL_UPSTREAM_STATUS, row, (guint64)CLAMP (ev->field[RCA_FIELD_UPSTREAM_STATUS].num, 0, 999) + 1);
  if (rca_event_has (ev, RCA_FIELD_ATTEMPTS))
    rca_sheet_set_u (w->sheet, RCA_COL_ATTEMPTS, row, (guint64)CLAMP (ev->field[RCA_FIELD_ATTEMPTS].num, 0, 255));
  if (rca_event_has (ev, RCA_FIELD_URL_PATH))
    set_route (w, row, rca_event_str (ev, RCA_FIELD_HTTP_METHOD), ev->field[RCA_FIELD_URL_PATH].str);
  if (rca_event_has (ev, RCA_FIELD_USER_AGENT))
    set_agent (w, row, ev->field[RCA_FIELD_USER_AGENT].str);
  if (rca_event_has (ev, RCA_FIELD_STATEMENT))
    set_statement (w, row, ev->field[RCA_FIELD_STATEMENT].str);
  RcaField says = rca_event_has (ev, RCA_FIELD_MESSAGE) ? RCA_FIELD_MESSAGE : RCA_FIELD_EXCEPTION_MESSAGE;
  if (kind != RCA_KIND_STATEMENT && rca_event_has (ev, says))
    set_template (w, row, ev->field[says].str);
  if (kind == RCA_KIND_CHANGE && rca_event_has (ev, RCA_FIELD_MESSAGE))
    rca_sheet_set_str (w->sheet, RCA_COL_MESSAGE, row, cut (ev->field[RCA_FIELD_MESSAGE].str, VALUE_BYTES));
}

static void
append_samples (RcaTableWriter *w, guint part, const RcaEvent *ev)
{
  for (guint i = 0; i < ev->n_samples; i++)
  {
    const RcaSample *sample = &ev->samples[i];
    guint32 row = add_row (w, part, ev, RCA_KIND_SAMPLE);
    rca_sheet_set_u (w->sheet, RCA_COL_METRIC, row, (guint64)sample->metric + 1);
    rca_sheet_set_str (w->sheet, RCA_COL_DEVICE, row, cut (sample->device, VALUE_BYTES));
    rca_sheet_set_f64 (w->sheet, RCA_COL_VALUE, row, sample->value);
    if (rca_event_has (ev, RCA_FIELD_HOST))
      rca_sheet_set_str (w->sheet, RCA_COL_HOST, row, cut (ev->field[RCA_FIELD_HOST].str, VALUE_BYTES));
    if (rca_event_has (ev, RCA_FIELD_SERVICE))
      rca_sheet_set_str (w->sheet, RCA_COL_SERVICE, row, cut (ev->field[RCA_FIELD_SERVICE].str, VALUE_BYTES));
  }
}

static void
learn_stamp (RcaTableSource *into, const RcaEvent *ev)
{
  if (ev->time_ns == RCA_TIME_NONE)
    return;
  if (ev->time_ns % RCA_NS_PER_S)
    into->stamp_digits |= 1;
  if (ev->time_ns % RCA_NS_PER_MS)
    into->stamp_digits |= 2;
  if (ev->flags & RCA_EVENT_ZONE_UNKNOWN)
    into->zoneless++;
  if (ev->flags & RCA_EVENT_DATE_UNKNOWN)
    into->dateless++;
}

void
rca_table_writer_append (RcaTableWriter *w, guint part, const RcaEvent *ev)
{
  if (ev->flags & RCA_EVENT_DUPLICATE)
    return;
  learn_stamp (w->into, ev);
  if (ev->n_samples)
  {
    append_samples (w, part, ev);
    return;
  }
  RcaKind kind = kind_of (ev);
  guint32 row = add_row (w, part, ev, kind);
  set_fields (w, row, ev);
  set_identities (w, row, ev, kind);
  rca_arena_reset (w->arena);
}

/* Fluent Forward v1 as captured bytes: msgpack arrays [tag, time, record], [tag, [[time,
 * record]…]], [tag, packed entries] and the same gzip-compressed. The type of the second
 * element tells which. Each record becomes a line of JSON that is decoded again; one that
 * only carries a line of text ("log") is decoded as that line. */
#include "../bounds.h"
#include "formats.h"
#include "../inner.h"
#include "../program.h"
#include "../timestamp.h"
#include <archive.h>
#include <archive_entry.h>
#include <msgpack.h>

#define MAX_UNZIPPED    RCA_BOUND_CHUNK_BYTES
#define EVENT_TIME_TYPE 0
#define MAX_DEPTH       16

typedef struct {
  RcaInner *inner;
  GString *json;
  gboolean learning;
  guint64 n_records;
  RcaEvent *ev;
  RcaEmit emit;
  gpointer user;
} State;

static void put_object (GString *out, const msgpack_object *object, guint depth);

static void
put_string (GString *out, const char *text, gsize n)
{
  g_string_append_c (out, '"');
  for (gsize i = 0; i < n; i++)
    if (text[i] == '"' || text[i] == '\\')
      g_string_append_printf (out, "\\%c", text[i]);
    else if ((guchar)text[i] < 0x20)
      g_string_append_printf (out, "\\u%04x", (guint)(guchar)text[i]);
    else
      g_string_append_c (out, text[i]);
  g_string_append_c (out, '"');
}

static void
put_map (GString *out, const msgpack_object_map *map, guint depth)
{
  g_string_append_c (out, '{');
  for (guint i = 0; i < map->size; i++)
  {
    const msgpack_object *key = &map->ptr[i].key;
    g_string_append (out, i ? "," : "");
    if (key->type == MSGPACK_OBJECT_STR || key->type == MSGPACK_OBJECT_BIN)
      put_string (out, key->via.str.ptr, key->via.str.size);
    else
      g_string_append (out, "\"\"");
    g_string_append_c (out, ':');
    put_object (out, &map->ptr[i].val, depth + 1);
  }
  g_string_append_c (out, '}');
}

static void
put_number (GString *out, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  if (value != value || value > G_MAXDOUBLE || value < -G_MAXDOUBLE)
    g_string_append (out, "null");
  else
    g_string_append (out, g_ascii_dtostr (text, sizeof text, value));
}

static void
put_object (GString *out, const msgpack_object *object, guint depth)
{
  switch (depth < MAX_DEPTH ? object->type : MSGPACK_OBJECT_NIL)
  {
  case MSGPACK_OBJECT_BOOLEAN:
    g_string_append (out, object->via.boolean ? "true" : "false");
    break;
  case MSGPACK_OBJECT_POSITIVE_INTEGER:
    g_string_append_printf (out, "%" G_GUINT64_FORMAT, (guint64)object->via.u64);
    break;
  case MSGPACK_OBJECT_NEGATIVE_INTEGER:
    g_string_append_printf (out, "%" G_GINT64_FORMAT, (gint64)object->via.i64);
    break;
  case MSGPACK_OBJECT_FLOAT32:
  case MSGPACK_OBJECT_FLOAT64:
    put_number (out, object->via.f64);
    break;
  case MSGPACK_OBJECT_STR:
  case MSGPACK_OBJECT_BIN:
    put_string (out, object->via.str.ptr, object->via.str.size);
    break;
  case MSGPACK_OBJECT_MAP:
    put_map (out, &object->via.map, depth);
    break;
  case MSGPACK_OBJECT_ARRAY:
    g_string_append_c (out, '[');
    for (guint i = 0; i < object->via.array.size; i++)
    {
      g_string_append (out, i ? "," : "");
      put_object (out, &object->via.array.ptr[i], depth + 1);
    }
    g_string_append_c (out, ']');
    break;
  default:
    g_string_append (out, "null");
    break;
  }
}

/* EventTime (ext 0: seconds and nanoseconds, big endian), whole seconds, or what some
 * clients send instead: milliseconds. */
static gint64
time_of (const msgpack_object *object)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  gint64 time_ns;
  if (object->type == MSGPACK_OBJECT_EXT && object->via.ext.type == EVENT_TIME_TYPE && object->via.ext.size == 8)
  {
    guint32 parts[2];
    memcpy (parts, object->via.ext.ptr, 8);
    return (gint64)GUINT32_FROM_BE (parts[0]) * RCA_NS_PER_S + GUINT32_FROM_BE (parts[1]);
  }
  if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
    g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT, (guint64)object->via.u64);
  else if (object->type == MSGPACK_OBJECT_FLOAT64 || object->type == MSGPACK_OBJECT_FLOAT32)
    g_ascii_formatd (text, sizeof text, "%.3f", object->via.f64);
  else
    return RCA_TIME_NONE;
  return rca_stamp_parse_epoch (rca_bytes_str (text), &time_ns) ? time_ns : RCA_TIME_NONE;
}

static RcaBytes
string_member (const msgpack_object *map, const char *key)
{
  for (guint i = 0; map->type == MSGPACK_OBJECT_MAP && i < map->via.map.size; i++)
  {
    const msgpack_object_kv *pair = &map->via.map.ptr[i];
    if (pair->key.type == MSGPACK_OBJECT_STR && rca_bytes_is (rca_bytes (pair->key.via.str.ptr, pair->key.via.str.size), key)
        && (pair->val.type == MSGPACK_OBJECT_STR || pair->val.type == MSGPACK_OBJECT_BIN))
      return rca_bytes (pair->val.via.str.ptr, pair->val.via.str.size);
  }
  return rca_bytes (NULL, 0);
}

static const msgpack_object *
map_member (const msgpack_object *map, const char *key)
{
  for (guint i = 0; i < map->via.map.size; i++)
  {
    const msgpack_object_kv *pair = &map->via.map.ptr[i];
    if (pair->key.type == MSGPACK_OBJECT_STR && pair->val.type == MSGPACK_OBJECT_MAP
        && rca_bytes_is (rca_bytes (pair->key.via.str.ptr, pair->key.via.str.size), key))
      return &pair->val;
  }
  return NULL;
}

static void
name_container (const msgpack_object *record, RcaEnvelope *envelope)
{
  const msgpack_object *kubernetes = map_member (record, "kubernetes");
  RcaBytes container = string_member (kubernetes ?: record, "container_name");
  RcaBytes pod = kubernetes ? string_member (kubernetes, "pod_name") : rca_bytes (NULL, 0);
  RcaBytes host = string_member (kubernetes ?: record, "host");
  if (container.n)
    envelope->program = container.p[0] == '/' ? rca_bytes_from (container, 1) : container;
  envelope->instance = pod;
  envelope->host = host;
}

static void
take_entry (State *state, RcaBytes tag, const msgpack_object *time, const msgpack_object *record)
{
  RcaEnvelope envelope = { .time_ns = time_of (time), .program = tag };
  if (record->type != MSGPACK_OBJECT_MAP)
    return;
  name_container (record, &envelope);
  envelope.stream = rca_program_stream (envelope.program);
  RcaBytes payload = string_member (record, "log");
  if (payload.n == 0)
  {
    g_string_truncate (state->json, 0);
    put_object (state->json, record, 0);
    payload = rca_bytes (state->json->str, state->json->len);
  }
  state->n_records++;
  if (state->learning)
  {
    rca_inner_learn (state->inner, envelope.program, payload);
    return;
  }
  state->ev->raw = payload;
  rca_inner_decode_lines (state->inner, &envelope, payload, state->ev, state->emit, state->user);
}

static void
take_pair (State *state, RcaBytes tag, const msgpack_object *entry)
{
  if (entry->type == MSGPACK_OBJECT_ARRAY && entry->via.array.size >= 2)
    take_entry (state, tag, &entry->via.array.ptr[0], &entry->via.array.ptr[1]);
}

/* gzip members, maybe several; transfer full. */
static GByteArray *
unzip (const char *data, gsize n)
{
  struct archive *archive = archive_read_new ();
  struct archive_entry *entry;
  GByteArray *out = g_byte_array_new ();
  char block[16384];
  archive_read_support_filter_gzip (archive);
  archive_read_support_format_raw (archive);
  if (archive_read_open_memory (archive, data, n) == ARCHIVE_OK && archive_read_next_header (archive, &entry) == ARCHIVE_OK)
    for (la_ssize_t got; out->len < MAX_UNZIPPED && (got = archive_read_data (archive, block, sizeof block)) > 0;)
      g_byte_array_append (out, (const guint8 *)block, (guint)got);
  archive_read_free (archive);
  return out;
}

static void
take_packed (State *state, RcaBytes tag, const char *data, gsize n)
{
  gsize at = 0;
  msgpack_unpacked unpacked;
  msgpack_unpacked_init (&unpacked);
  while (msgpack_unpack_next (&unpacked, data, n, &at) == MSGPACK_UNPACK_SUCCESS)
    take_pair (state, tag, &unpacked.data);
  msgpack_unpacked_destroy (&unpacked);
}

static gboolean
is_message (const msgpack_object *object)
{
  return object->type == MSGPACK_OBJECT_ARRAY && object->via.array.size >= 2 && object->via.array.size <= 4
         && object->via.array.ptr[0].type == MSGPACK_OBJECT_STR;
}

static void
take_message (State *state, const msgpack_object *message)
{
  const msgpack_object *element = message->via.array.ptr;
  guint n = message->via.array.size;
  RcaBytes tag = rca_bytes (element[0].via.str.ptr, element[0].via.str.size);
  if (element[1].type == MSGPACK_OBJECT_ARRAY)
  {
    for (guint i = 0; i < element[1].via.array.size; i++)
      take_pair (state, tag, &element[1].via.array.ptr[i]);
  }
  else if (element[1].type == MSGPACK_OBJECT_BIN || element[1].type == MSGPACK_OBJECT_STR)
  {
    const char *data = element[1].via.bin.ptr;
    gsize size = element[1].via.bin.size;
    gboolean zipped = n > 2 && rca_bytes_equal (string_member (&element[2], "compressed"), RCA_BYTES ("gzip"));
    if (!zipped)
    {
      take_packed (state, tag, data, size);
      return;
    }
    GByteArray *unzipped = unzip (data, size);
    take_packed (state, tag, (const char *)unzipped->data, unzipped->len);
    g_byte_array_unref (unzipped);
  }
  else if (n > 2)
    take_entry (state, tag, &element[1], &element[2]);
}

/* Returns how many bytes were whole messages. */
static gsize
read_stream (State *state, RcaBytes bytes)
{
  gsize at = 0;
  msgpack_unpacked unpacked;
  msgpack_unpacked_init (&unpacked);
  while (at < bytes.n)
  {
    gsize next = at;
    if (msgpack_unpack_next (&unpacked, bytes.p, bytes.n, &next) != MSGPACK_UNPACK_SUCCESS)
      break;
    if (state->ev)
    {
      state->ev->line = 1;
      state->ev->offset = at;
    }
    if (is_message (&unpacked.data))
      take_message (state, &unpacked.data);
    else if (unpacked.data.type != MSGPACK_OBJECT_NIL && unpacked.data.type != MSGPACK_OBJECT_ARRAY && unpacked.data.type != MSGPACK_OBJECT_MAP)
      break;
    at = next;
  }
  msgpack_unpacked_destroy (&unpacked);
  return at;
}

static void
sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  gsize at = 0;
  guchar first = sample->head.n ? (guchar)sample->head.p[0] : 0;
  if (first < 0x92 || first > 0x94) /* an array of two to four */
    return;
  msgpack_unpacked unpacked;
  msgpack_unpacked_init (&unpacked);
  msgpack_unpack_return result = msgpack_unpack_next (&unpacked, sample->head.p, sample->head.n, &at);
  gboolean fits = (result == MSGPACK_UNPACK_SUCCESS && is_message (&unpacked.data)) || (result == MSGPACK_UNPACK_CONTINUE && sample->head.n > 65536);
  msgpack_unpacked_destroy (&unpacked);
  if (!fits)
    return;
  out->score = 95;
  g_strlcpy (out->reason, "Fluent Forward messages (msgpack)", sizeof out->reason);
}

static gpointer
fluent_open (const RcaSampleLines *sample)
{
  State *state = g_new0 (State, 1);
  state->inner = rca_inner_new (sample);
  state->json = g_string_new (NULL);
  state->learning = TRUE;
  read_stream (state, sample->head);
  state->learning = FALSE;
  rca_inner_learnt (state->inner);
  return state;
}

static void
fluent_close (gpointer data)
{
  State *state = data;
  rca_inner_free (state->inner);
  g_string_free (state->json, TRUE);
  g_free (state);
}

static RcaDecodeResult
decode (gpointer data, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  State *state = data;
  state->ev = ev;
  state->emit = emit;
  state->user = user;
  return read_stream (state, record) < record.n ? RCA_DECODE_REJECT : RCA_DECODE_NONE;
}

static void
flush (gpointer data, RcaEvent *ev, RcaEmit emit, gpointer user)
{
  rca_inner_flush (((State *)data)->inner, ev, emit, user);
}

const RcaFormat rca_format_fluent = {
  .name = "fluent-forward",
  .stream = RCA_STREAM_APP,
  .document = TRUE,
  .sniff = sniff,
  .open = fluent_open,
  .close = fluent_close,
  .decode = decode,
  .flush = flush,
};

/* libFuzzer's target for all that reads logs: RCA_FUZZ_FAMILY names a family of formats, or "words" for what
 * reads single texts (times, JSON, SQL, templates, failures).
 *
 * The last byte of an input chooses: above 0x7f the formats are sniffed as a user's files are, else it is
 * the number of the family's format that is forced. The rest is the file, read through the framer. Checked
 * besides the sanitizers: what is emitted lies within bounds, and the work is linear (libFuzzer's -timeout). */
#include "classify.h"
#include "document-shape.h"
#include "framing.h"
#include "identity.h"
#include "json-scan.h"
#include "stack-trace.h"
#include "timestamp.h"
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_FORMATS 24
/* Settles what a time stamp leaves out: always the same, so that an input always does the same. */
#define WRITTEN_S G_GINT64_CONSTANT (1795521600)

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

typedef struct {
  const char *name, *formats[MOST_FORMATS];
} Family;

static const Family families[] = {
  { "web", { "access", "access-json", "caddy", "haproxy", "nginx-error", "apache-error", "w3c", "uwsgi", "nginx-status" } },
  { "app", { "app-text", "json-lines", "logfmt", "level-text", "plain", "rails", "spans" } },
  { "db",
    { "postgres", "postgres-csv", "postgres-json", "pgbouncer", "mysql-slow", "mysql-error", "mysql-general", "mongodb", "mongodb-text", "redis", "redis-slowlog",
      "redis-slowlog-json", "clickhouse", "elasticsearch", "cassandra", "sql-server", "oracle-alert", "database-json", "patroni", "proxysql" } },
  { "change", { "change-json", "change-document", "change-log", "packages", "ansible", "git" } },
  { "monitor", { "sar", "sadf-json", "vmstat", "snapshot", "snapshot-file", "prometheus", "metric-lines", "kernel" } },
  { "wrapper",
    { "syslog", "syslog-octets", "docker", "cri", "container-prefix", "shipper", "log-export", "log-export-document", "otlp-protobuf", "cloud-logging", "journald-json", "journald-export", "journald-verbose", "otlp",
      "otlp-document", "fluent-forward" } },
};

static const Family *
family (void)
{
  const char *wanted = g_getenv ("RCA_FUZZ_FAMILY");
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    if (g_strcmp0 (families[i].name, wanted) == 0)
      return &families[i];
  return NULL;
}

/* The @n-th format of the family that exists; a name that does not is the table's fault. */
static const RcaFormat *
choose (const Family *of, guint n)
{
  guint count = 0;
  while (count < MOST_FORMATS && of->formats[count])
    count++;
  const RcaFormat *format = rca_format_find (of->formats[n % count]);
  if (!format)
    g_error ("%s: no format is called so", of->formats[n % count]);
  return format;
}

/* Touches all that an event holds, so that a sanitizer sees what should not be there. */
static void
look (RcaEvent *ev, gpointer user)
{
  volatile guint8 *sink = user;
  for (RcaField f = 0; f < RCA_N_FIELDS; f++)
    if (rca_event_has (ev, f) && (rca_field_type (f) == RCA_TYPE_STR || rca_field_type (f) == RCA_TYPE_ID))
      for (gsize i = 0; i < ev->field[f].str.n; i++)
        *sink ^= (guint8)ev->field[f].str.p[i];
  g_assert (ev->n_attributes <= RCA_MAX_ATTRIBUTES && ev->n_samples <= RCA_MAX_SAMPLES && ev->stream < RCA_N_STREAMS && ev->severity < RCA_N_SEVERITIES);
  for (guint i = 0; i < ev->n_attributes; i++)
    for (gsize k = 0; k < ev->attribute[i].value.n; k++)
      *sink ^= (guint8)ev->attribute[i].value.p[k];
  rca_classify_event (ev);
}

static void
read_records (RcaFramer *framer, RcaDecoder *decoder)
{
  g_autofree RcaEvent *ev = g_new0 (RcaEvent, 1);
  guint8 sink = 0;
  RcaRecord record;
  gboolean document = rca_decoder_format (decoder)->document;
  while (document ? rca_framer_slurp (framer, &record) : rca_framer_next (framer, decoder, &record))
  {
    rca_event_clear (ev);
    ev->line = record.line;
    ev->offset = record.offset;
    ev->raw = record.text;
    rca_decoder_decode (decoder, record.text, ev, look, &sink);
    if (document)
      break;
  }
  rca_event_clear (ev);
  rca_decoder_flush (decoder, ev, look, &sink);
  g_free (rca_decoder_describe (decoder));
}

static void
read_file (const Family *of, const guint8 *data, gsize size, guint8 choice)
{
  static const struct timespec written[2] = { { WRITTEN_S, 0 }, { WRITTEN_S, 0 } };
  int fd = memfd_create ("fuzz", MFD_CLOEXEC);
  g_assert (fd >= 0 && write (fd, data, size) == (gssize)size && lseek (fd, 0, SEEK_SET) == 0 && futimens (fd, written) == 0);
  RcaInput *input = rca_input_open_fd (fd, "fuzz.log", NULL, NULL);
  if (input)
  {
    RcaFramer *framer = rca_framer_new (input);
    RcaSampleLines sample = *rca_framer_sample (framer);
    sample.path = "fuzz.log";
    const RcaFormat *format = choice > 0x7f ? rca_sniff (&sample, NULL) : choose (of, choice);
    if (format)
    {
      g_autoptr (RcaDecoder) decoder = rca_decoder_new (format, &sample);
      read_records (framer, decoder);
    }
    rca_framer_free (framer);
    rca_input_free (input);
  }
  close (fd);
}

static gboolean
visit (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user)
{
  g_assert (depth <= 64);
  return TRUE;
}

static void
take_tag (RcaBytes key, RcaBytes value, gpointer user)
{
}

/* What reads a single text. */
static void
read_words (RcaBytes text)
{
  RcaArena *arena = rca_arena_new ();
  RcaStampContext context;
  RcaStamp stamp;
  RcaException exception;
  RcaBytes peer, table[8];
  rca_stamp_context_init (&context, WRITTEN_S * RCA_NS_PER_S);
  g_assert (rca_stamp_parse (text, &context, &stamp) <= text.n);
  g_assert (rca_json_scan (text, arena, visit, NULL) <= text.n);
  RcaIdentity sql = rca_sql_fingerprint (text, arena);
  rca_sql_name (sql.text, arena);
  rca_sql_tables (sql.text, table, G_N_ELEMENTS (table));
  rca_sql_comment_tags (text, arena, take_tag, NULL);
  rca_template (text, arena);
  rca_route (RCA_BYTES ("GET"), text, arena);
  rca_document_shape (text, 512, arena);
  rca_exception_in_trace (text, &exception);
  rca_classify ((RcaBytes){ NULL, 0 }, text, &peer);
  rca_arena_free (arena);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const Family *of = family ();
  if (size == 0)
    return 0;
  if (of)
    read_file (of, data, size - 1, data[size - 1]);
  else
    read_words (rca_bytes ((const char *)data, size));
  return 0;
}

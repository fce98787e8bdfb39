#include "clickhouse/client.h"
#include "seam.h"
#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_MS 5000
#define KILL_TIMEOUT_MS    3000
#define TRIES              3
#define BACK_OFF_MS        200
/* How much longer than the server may compute, the answer may take to arrive. */
#define SLACK_S            10
/* An answer to the correlator is some MB; what is beyond this is a statement gone wrong. */
#define MOST_ANSWER_BYTES  (G_GUINT64_CONSTANT (1) << 31)

struct RcaClickhouse {
  RcaClickhouseAddress *address;
  CURL *curl;
  GPtrArray *setting; /* "name=value", escaped */
  char *run;          /* what its query ids begin with */
  RcaClickhouseTraffic traffic;
  gboolean again;     /* what failed last may succeed in a moment */
  gboolean tokens;    /* the server knows insert_deduplication_token */
};

/* One exchange. */
typedef struct {
  RcaClickhouse *c;
  GByteArray *answer;
  char *query_id;
  const char *sql; /* in the address of an INSERT */
  const RcaClickhouseInsert *insert; /* or NULL */
  glong timeout_ms; /* 0: what the address allows */
  int signals;    /* signalfd, or -1 */
  int signal;     /* that came, or 0 */
  glong status;
  CURLcode result;
  char curl_error[CURL_ERROR_SIZE];
} Exchange;

RcaClickhouse *
rca_clickhouse_new (RcaClickhouseAddress *address)
{
  curl_global_init (CURL_GLOBAL_DEFAULT);
  RcaClickhouse *c = g_new0 (RcaClickhouse, 1);
  c->address = address;
  c->curl = curl_easy_init ();
  c->setting = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *uuid = g_uuid_string_random ();
  c->run = g_strdup_printf ("rca-%.8s", uuid);
  return c;
}

void
rca_clickhouse_free (RcaClickhouse *c)
{
  if (!c)
    return;
  curl_easy_cleanup (c->curl);
  rca_clickhouse_address_free (c->address);
  g_ptr_array_unref (c->setting);
  g_free (c->run);
  g_free (c);
}

const RcaClickhouseAddress *
rca_clickhouse_address (const RcaClickhouse *c)
{
  return c->address;
}

gboolean
rca_clickhouse_may_succeed (const RcaClickhouse *c)
{
  return c->again;
}

RcaClickhouseTraffic
rca_clickhouse_traffic (const RcaClickhouse *c)
{
  return c->traffic;
}

void
rca_clickhouse_set (RcaClickhouse *c, const char *setting, const char *value)
{
  g_autofree char *escaped = g_uri_escape_string (value, NULL, FALSE);
  g_ptr_array_add (c->setting, g_strdup_printf ("%s=%s", setting, escaped));
}

/* ---- one exchange ---- */

static gsize
on_data (char *data, gsize size, gsize n, void *user)
{
  Exchange *x = user;
  if (x->answer->len + size * n > MOST_ANSWER_BYTES)
    return 0;
  g_byte_array_append (x->answer, (const guint8 *)data, (guint)(size * n));
  return size * n;
}

static int
on_progress (void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
  Exchange *x = user;
  struct signalfd_siginfo info;
  if (x->signals >= 0 && read (x->signals, &info, sizeof info) == sizeof info)
    x->signal = (int)info.ssi_signo;
  return x->signal != 0;
}

static gsize
body_length (const Exchange *x)
{
  return x->insert ? x->insert->n : strlen (x->sql);
}

static char *
address_of (const Exchange *x)
{
  RcaClickhouse *c = x->c;
  GString *url = g_string_new (c->address->url);
  g_string_append_printf (url, "?database=%s&query_id=%s&wait_end_of_query=1", c->address->database, x->query_id);
  for (guint i = 0; i < c->setting->len; i++)
    g_string_append_printf (url, "&%s", (const char *)g_ptr_array_index (c->setting, i));
  if (x->insert)
  {
    g_autofree char *escaped = g_uri_escape_string (x->sql, NULL, FALSE);
    g_string_append_printf (url, "&query=%s", escaped);
  }
  if (x->insert && x->insert->token && c->tokens)
    g_string_append_printf (url, "&insert_deduplication_token=rca-%" G_GUINT64_FORMAT, x->insert->token);
  return g_string_free (url, FALSE);
}

static void
prepare (Exchange *x, const char *url, struct curl_slist *headers)
{
  CURL *curl = x->c->curl;
  const RcaClickhouseAddress *a = x->c->address;
  curl_easy_reset (curl); /* the connection is kept */
  curl_easy_setopt (curl, CURLOPT_URL, url);
  curl_easy_setopt (curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt (curl, CURLOPT_ERRORBUFFER, x->curl_error);
  curl_easy_setopt (curl, CURLOPT_CONNECTTIMEOUT_MS, (glong)CONNECT_TIMEOUT_MS);
  curl_easy_setopt (curl, CURLOPT_TIMEOUT_MS, x->timeout_ms ? x->timeout_ms : (glong)(a->timeout_s + SLACK_S) * 1000);
  curl_easy_setopt (curl, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt (curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt (curl, CURLOPT_POST, 1L);
  curl_easy_setopt (curl, CURLOPT_POSTFIELDS, x->insert ? x->insert->data : x->sql);
  curl_easy_setopt (curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(body_length (x)));
  curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, on_data);
  curl_easy_setopt (curl, CURLOPT_WRITEDATA, x);
  curl_easy_setopt (curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt (curl, CURLOPT_XFERINFODATA, x);
  curl_easy_setopt (curl, CURLOPT_NOPROGRESS, 0L);
  if (a->ca_file)
    curl_easy_setopt (curl, CURLOPT_CAINFO, a->ca_file);
}

static struct curl_slist *
headers_of (const Exchange *x)
{
  const RcaClickhouseAddress *a = x->c->address;
  struct curl_slist *headers = curl_slist_append (NULL, "Expect:"); /* no round trip before a body */
  if (x->insert && x->insert->is_gzip)
    headers = curl_slist_append (headers, "Content-Encoding: gzip");
  const char *name[] = { "X-ClickHouse-User", "X-ClickHouse-Key" }, *value[] = { a->user, a->password };
  for (guint i = 0; i < 2; i++)
  {
    g_autofree char *line = value[i] && !strpbrk (value[i], "\r\n") ? g_strdup_printf ("%s: %s", name[i], value[i]) : NULL;
    if (line)
      headers = curl_slist_append (headers, line);
  }
  return headers;
}

static void
perform (Exchange *x)
{
  g_autofree char *url = address_of (x);
  struct curl_slist *headers = headers_of (x);
  x->curl_error[0] = '\0';
  g_byte_array_set_size (x->answer, 0);
  prepare (x, url, headers);
  x->result = curl_easy_perform (x->c->curl);
  curl_off_t down = 0;
  curl_easy_getinfo (x->c->curl, CURLINFO_RESPONSE_CODE, &x->status);
  curl_easy_getinfo (x->c->curl, CURLINFO_SIZE_DOWNLOAD_T, &down);
  x->c->traffic.bytes_in += (guint64)down;
  x->c->traffic.bytes_out += body_length (x);
  x->c->traffic.statements++;
  curl_slist_free_all (headers);
}

/* ---- what went wrong ---- */

/* "Code: 60, e.displayText() = DB::Exception: Table x doesn't exist.": the sentence, on one line. */
static char *
server_sentence (const Exchange *x)
{
  g_autofree char *raw = g_strndup ((const char *)x->answer->data, MIN (x->answer->len, 1000));
  g_autofree char *text = g_utf8_make_valid (raw, -1);
  char *at = strstr (text, "DB::Exception: ");
  char *from = at ? at + strlen ("DB::Exception: ") : text;
  char *end = strstr (from, ", e.what()");
  if (end)
    *end = '\0';
  for (char *p = from; *p; p++)
    if ((guchar)*p < 0x20)
      *p = ' ';
  g_autofree char *cut = g_utf8_strlen (from, -1) > 300 ? g_utf8_substring (from, 0, 300) : NULL;
  return g_strstrip (g_strdup_printf ("%s%s", cut ? cut : from, cut ? "…" : ""));
}

static gint
server_code (const Exchange *x)
{
  g_autofree char *text = g_strndup ((const char *)x->answer->data, MIN (x->answer->len, 40));
  return g_str_has_prefix (text, "Code: ") ? (gint)g_ascii_strtoll (text + 6, NULL, 10) : 0;
}

/* What a code of the server wants of the user. */
static const struct {
  gint code;
  gboolean again; /* the same statement may succeed in a moment */
  const char *remedy;
} codes[] = {
  { 60, FALSE, "the table is not there: rca ingest --store … makes it, ?table= names another" },
  { 81, FALSE, "make the database, or name another at the end of the address" },
  { 159, FALSE, "it took longer than the server was allowed: a shorter window, or ?timeout=SECONDS" },
  { 160, FALSE, "it would take longer than the server was allowed: a shorter window, or ?timeout=SECONDS" },
  { 164, FALSE, "this account may only read: asking works with it, ingesting needs one that may INSERT" },
  { 192, FALSE, "check the user (RCA_CLICKHOUSE_USER)" },
  { 193, FALSE, "check the password (RCA_CLICKHOUSE_PASSWORD)" },
  { 194, FALSE, "this user wants a password (RCA_CLICKHOUSE_PASSWORD)" },
  { 202, TRUE, "the server is too busy: try again in a moment" },
  { 209, TRUE, "the server could not reach a part of its cluster" },
  { 210, TRUE, "the server could not reach a part of its cluster" },
  { 241, FALSE, "a shorter window needs less memory; or raise max_memory_usage of this user" },
  { 252, TRUE, "the server merges too slowly: try again in a moment" },
  { 279, TRUE, "a shard of the cluster is down" },
  { 285, TRUE, "too few replicas are up" },
  { 497, FALSE, "this account lacks a right: GRANT it, or take another" },
  { 516, FALSE, "check user and password (RCA_CLICKHOUSE_USER, RCA_CLICKHOUSE_PASSWORD)" },
};

static const char *
remedy_of_code (gint code, gboolean *again)
{
  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    if (codes[i].code == code)
    {
      *again = codes[i].again;
      return codes[i].remedy;
    }
  return NULL;
}

static const struct {
  CURLcode result;
  gboolean again;
  const char *sentence;
} breaks[] = {
  { CURLE_COULDNT_CONNECT, TRUE, "no connection: is the server up, and is this its HTTP port (8123, TLS 8443)?" },
  { CURLE_COULDNT_RESOLVE_HOST, TRUE, "the host's name is not known" },
  { CURLE_OPERATION_TIMEDOUT, FALSE, "no whole answer in time; ?timeout=SECONDS allows more, a shorter window needs less" },
  { CURLE_PARTIAL_FILE, TRUE, "the answer broke off half-way" },
  { CURLE_RECV_ERROR, TRUE, "the connection broke while the answer was awaited" },
  { CURLE_SEND_ERROR, TRUE, "the connection broke while the statement was sent" },
  { CURLE_GOT_NOTHING, TRUE, "the server closed the connection without an answer" },
  { CURLE_PEER_FAILED_VERIFICATION, FALSE, "the server's certificate is not trusted; ?ca=FILE names who signed it" },
  { CURLE_SSL_CONNECT_ERROR, FALSE, "no TLS there; clickhouse:// speaks plain HTTP (8123), clickhouses:// TLS (8443)" },
  { CURLE_SSL_CACERT_BADFILE, FALSE, "the file of ?ca= cannot be read" },
  { CURLE_UNSUPPORTED_PROTOCOL, FALSE, "what answers there is no HTTP: name the HTTP port (8123)" },
  { CURLE_WEIRD_SERVER_REPLY, FALSE, "what answers there is no HTTP: name the HTTP port (8123)" },
  { CURLE_WRITE_ERROR, FALSE, "the answer is larger than any answer should be" },
};

/* Sets @error; says whether trying again is of use. */
static gboolean
explain (const Exchange *x, GError **error)
{
  const char *where = x->c->address->shown;
  gboolean again = FALSE;
  if (x->result == CURLE_OK)
  {
    g_autofree char *sentence = server_sentence (x);
    again = x->status == 502 || x->status == 503 || x->status == 504;
    const char *remedy = remedy_of_code (server_code (x), &again);
    g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_QUERY, "%s: HTTP %ld%s%s%s%s (query %s)", where, x->status, *sentence ? ": " : "", sentence, remedy ? "; " : "",
                 remedy ? remedy : "", x->query_id);
    return again;
  }
  const char *sentence = NULL;
  gboolean no_tls = x->result == CURLE_OPERATION_TIMEDOUT && strstr (x->curl_error, "SSL connection");
  CURLcode result = no_tls ? CURLE_SSL_CONNECT_ERROR : x->result;
  for (gsize i = 0; i < G_N_ELEMENTS (breaks); i++)
    if (breaks[i].result == result)
    {
      sentence = breaks[i].sentence;
      again = breaks[i].again;
    }
  g_set_error (error, RCA_STORE_ERROR, RCA_STORE_ERROR_QUERY, "%s: %s%s%s%s (query %s)", where, sentence ? sentence : *x->curl_error ? x->curl_error : curl_easy_strerror (x->result),
               sentence && *x->curl_error ? " [" : "", sentence ? x->curl_error : "", sentence && *x->curl_error ? "]" : "", x->query_id);
  return again;
}

/* ---- cancelling ---- */

static void
watch_signals (Exchange *x, sigset_t *before)
{
  sigset_t set;
  sigemptyset (&set);
  sigaddset (&set, SIGINT);
  sigaddset (&set, SIGTERM);
  pthread_sigmask (SIG_BLOCK, &set, before);
  x->signals = signalfd (-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* The query is ended on the server before the program does what the signal asks. */
static void
end_watch (Exchange *x, const sigset_t *before)
{
  if (x->signals >= 0)
    close (x->signals);
  x->signals = -1;
  if (x->signal || x->result == CURLE_OPERATION_TIMEDOUT)
  {
    g_autofree char *sql = g_strdup_printf ("KILL QUERY WHERE query_id = '%s' ASYNC", x->query_id);
    Exchange kill = { .c = x->c, .answer = g_byte_array_new (), .query_id = g_strconcat (x->query_id, "-kill", NULL), .sql = sql, .timeout_ms = KILL_TIMEOUT_MS, .signals = -1 };
    perform (&kill);
    g_byte_array_unref (kill.answer);
    g_free (kill.query_id);
  }
  pthread_sigmask (SIG_SETMASK, before, NULL);
  if (x->signal)
    raise (x->signal);
}

static void
exchange_once (Exchange *x, guint try)
{
  sigset_t before;
  g_free (x->query_id);
  x->query_id = g_strdup_printf ("%s-%" G_GUINT64_FORMAT "%s", x->c->run, x->c->traffic.statements + 1, try ? "-again" : "");
  watch_signals (x, &before);
  perform (x);
  end_watch (x, &before);
}

static gboolean
is_answer (const Exchange *x)
{
  return x->result == CURLE_OK && x->status == 200;
}

static gboolean
exchange (Exchange *x, guint tries, GError **error)
{
  for (guint try = 0;; try++)
  {
    exchange_once (x, try);
    if (is_answer (x))
      return TRUE;
    g_autoptr (GError) why = NULL;
    gboolean again = explain (x, &why);
    if (!again || x->signal || try + 1 >= tries)
    {
      g_propagate_error (error, g_steal_pointer (&why));
      return FALSE;
    }
    g_usleep ((BACK_OFF_MS << (2 * try)) * 1000);
  }
}

GBytes *
rca_clickhouse_ask (RcaClickhouse *c, const char *sql, GError **error)
{
  Exchange x = { .c = c, .answer = g_byte_array_new (), .sql = sql, .signals = -1 };
  gboolean ok = exchange (&x, TRIES, error);
  g_free (x.query_id);
  if (ok)
    return g_byte_array_free_to_bytes (x.answer);
  g_byte_array_unref (x.answer);
  return NULL;
}

gboolean
rca_clickhouse_do (RcaClickhouse *c, const char *sql, GError **error)
{
  g_autoptr (GBytes) answer = rca_clickhouse_ask (c, sql, error);
  return answer != NULL;
}

gboolean
rca_clickhouse_insert (RcaClickhouse *c, const RcaClickhouseInsert *insert, gboolean *uncertain, GError **error)
{
  Exchange x = { .c = c, .answer = g_byte_array_new (), .sql = insert->sql, .insert = insert, .signals = -1 };
  exchange_once (&x, 0);
  gboolean ok = is_answer (&x);
  if (!ok)
    c->again = explain (&x, error) || x.result == CURLE_OPERATION_TIMEDOUT;
  *uncertain = !ok && x.result != CURLE_COULDNT_CONNECT && x.result != CURLE_COULDNT_RESOLVE_HOST;
  g_free (x.query_id);
  g_byte_array_unref (x.answer);
  return ok;
}

void
rca_clickhouse_set_tokens (RcaClickhouse *c, gboolean known)
{
  c->tokens = known;
}

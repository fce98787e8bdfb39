/* Writes a log of each family of formats, for measuring how fast it is decoded.
 *
 *   families DIR MEGABYTES     of each
 *
 * A family is a row: its file, how it writes times, and the records it chooses from. No two
 * records are alike, or zstd would be measured on repetitions that no log has. The same
 * arguments give the same bytes. */
#include "draw.h"
#include <sys/stat.h>

#define MOST_SHAPES 4

/* In a record, besides what expand() knows: %T the time, %J a message, %Q a statement,
 * %P a path, %S a status, %G a browser, %L a level. */
typedef struct {
  const char *file, *time;
  int digits; /* of the second's fraction */
  const char *zone;
  const char *levels[4];              /* the first by far the most frequent */
  const char *record[MOST_SHAPES]; /* likewise */
} Family;

#define UPPER { "INFO", "DEBUG", "WARN", "ERROR" }
#define LOWER { "info", "debug", "warn", "error" }
#define ISO "%Y-%m-%dT%H:%M:%S"
#define SPACED "%Y-%m-%d %H:%M:%S"
#define CLF "%d/%b/%Y:%H:%M:%S"

static const Family families[] = {
  { "access-combined.log", CLF, 0, " +0000", { 0 }, { "%A - - [%T] \"GET %P HTTP/1.1\" %S %I \"https://shop.example.com/\" \"%G\"\n", "%A - - [%T] \"POST /api/orders HTTP/1.1\" %S %I \"-\" \"%G\"\n" } },
  { "access-timed.log", CLF, 0, " +0000", { 0 }, { "%A - - [%T] \"GET %P HTTP/1.1\" %S %I \"-\" \"%G\" rt=0.0%I urt=0.0%I rid=%X\n" } },
  { "access.jsonl", ISO, 0, "+00:00", { 0 },
    { "{\"time\":\"%T\",\"remote_addr\":\"%A\",\"request_method\":\"GET\",\"request_uri\":\"%P\",\"status\":%S,\"body_bytes_sent\":%I,\"request_time\":0.0%I,\"upstream_addr\":\"10.0.3.11:8080\","
      "\"upstream_response_time\":\"0.0%I\",\"http_user_agent\":\"%G\",\"request_id\":\"%X\"}\n" } },
  { "haproxy.log", CLF, 3, "", { 0 }, { "%A:%I [%T] web~ app/s1 0/0/1/%I/%I %S %I - - ---- 3/3/1/0/0 0/0 \"GET %P HTTP/1.1\"\n" } },
  { "nginx-error.log", "%Y/%m/%d %H:%M:%S", 0, "", { "error", "error", "warn", "crit" },
    { "%T [%L] 814#814: *%I connect() failed (111: Connection refused) while connecting to upstream, client: %A, server: shop.example.com, request: \"GET %P HTTP/1.1\", upstream: \"http://10.0.0.7:8080%P\", host: \"shop.example.com\"\n",
      "%T [%L] 814#814: *%I upstream timed out (110: Connection timed out) while reading response header from upstream, client: %A, server: shop.example.com, request: \"POST %P HTTP/1.1\", upstream: \"http://10.0.0.8:8080%P\", host: \"shop.example.com\"\n" } },
  { "app.jsonl", ISO, 3, "Z", LOWER,
    { "{\"time\":\"%T\",\"level\":\"%L\",\"service\":\"orders\",\"host\":\"app-1\",\"pid\":1217,\"request_id\":\"%X\",\"msg\":\"%J\"}\n",
      "{\"time\":\"%T\",\"level\":\"%L\",\"service\":\"orders\",\"host\":\"app-1\",\"pid\":1217,\"request_id\":\"%X\",\"msg\":\"%J\",\"user_id\":%I,\"took_ms\":%M}\n" } },
  { "app-nested.jsonl", ISO, 3, "Z", LOWER,
    { "{\"@timestamp\":\"%T\",\"log\":{\"level\":\"%L\",\"logger\":\"com.shop.orders.Service\"},\"service\":{\"name\":\"orders\",\"version\":\"2.40.3\"},\"trace\":{\"id\":\"%X\"},\"http\":{\"request\":{\"method\":\"GET\"},\"response\":{\"status_code\":%S}},"
      "\"url\":{\"path\":\"%P\"},\"event\":{\"duration\":%I000},\"message\":\"%J\"}\n" } },
  { "logback.log", SPACED, 3, "", { "INFO ", "DEBUG", "WARN ", "ERROR" },
    { "%T %L [http-nio-8080-exec-%W] com.shop.orders.OrderService - %J\n", "%T %L [scheduling-1] c.s.billing.InvoiceJob - %J\n", "%T %L [http-nio-8080-exec-4] com.shop.web.CartController - %J\n" } },
  { "spring.log", ISO, 3, "+01:00", { " INFO", "DEBUG", " WARN", "ERROR" },
    { "%T %L 1 --- [shop] [nio-8080-exec-3] c.example.shop.web.OrderController       : %J\n", "%T %L 1 --- [shop] [   scheduling-1] c.example.shop.jobs.Invoices             : %J\n" } },
  { "python.log", "%Y-%m-%d %H:%M:%S,123", 0, "", { "INFO", "DEBUG", "WARNING", "ERROR" }, { "%T %L shop.orders.views %J\n", "%T %L shop.db.pool: %J\n" } },
  { "logfmt.log", ISO, 3, "Z", LOWER, { "ts=%T level=%L caller=orders.go:211 msg=\"%J\" user=%I trace_id=%X\n", "ts=%T level=%L caller=http.go:90 method=GET uri=%P status=%S duration=%Mms trace_id=%X msg=\"request complete\"\n" } },
  { "klog.log", "I%m%d %H:%M:%S.934791", 0, "", { 0 }, { "%T       1 controller.go:184] \"Reconciled\" controller=\"shop\" object=\"%W-%I\" took=\"%Mms\"\n", "%T       1 reflector.go:424] %J\n" } },
  { "postgres-stderr.log", SPACED, 3, " UTC", { "LOG", "LOG", "LOG", "ERROR" },
    { "%T [2011] shop@shop LOG:  duration: %M ms  execute <unnamed>: %Q\n", "%T [2017] shop@shop LOG:  duration: 1%M ms  statement: %Q\n", "%T [2044] shop@shop %L:  connection received: host=10.0.3.11 port=%I\n" } },
  { "postgres-csv.csv", SPACED, 3, " UTC", { 0 },
    { "%T,\"shop\",\"shop\",2011,\"10.0.3.10:40%I\",65ef7a1.7db,%I,\"SELECT\",2026-01-04 22:10:04 UTC,5/%I,0,LOG,00000,\"duration: %M ms  execute <unnamed>: %Q\",,,,,,,,,\"app-1\",\"client backend\",,0\n" } },
  { "postgres.json", SPACED, 3, " UTC", { 0 },
    { "{\"timestamp\":\"%T\",\"user\":\"shop\",\"dbname\":\"shop\",\"pid\":2011,\"remote_host\":\"10.0.3.10\",\"remote_port\":%I,\"session_id\":\"6563f0a1.64\",\"line_num\":%I,\"ps\":\"SELECT\",\"session_start\":\"2026-01-04 22:10:04 UTC\",\"vxid\":\"4/%I\",\"txid\":0,"
      "\"error_severity\":\"LOG\",\"message\":\"duration: %M ms  statement: %Q\",\"application_name\":\"app-1\",\"backend_type\":\"client backend\",\"query_id\":%I}\n" } },
  { "mysql-slow.log", ISO, 6, "Z", { 0 },
    { "# Time: %T\n# User@Host: shop[shop] @ app-1 [10.0.3.11]  Id: %I\n# Query_time: 1.%I  Lock_time: 0.000012 Rows_sent: %I  Rows_examined: %I\nSET timestamp=1767571200;\n%Q;\n" } },
  { "mysql-error.log", ISO, 6, "Z", { "Note", "Warning", "Warning", "ERROR" },
    { "%T %I [%L] [MY-010055] [Server] IP address '10.0.3.11' could not be resolved: Name or service %W not known\n", "%T %I [%L] [MY-013360] [Server] Aborted connection %I to db: 'shop' user: 'shop' host: '%A' (Got timeout reading communication packets)\n" } },
  { "mongodb.jsonl", ISO, 3, "+00:00", { 0 },
    { "{\"t\":{\"$date\":\"%T\"},\"s\":\"I\",  \"c\":\"COMMAND\",  \"id\":51803,   \"ctx\":\"conn%I\",\"msg\":\"Slow query\",\"attr\":{\"type\":\"command\",\"ns\":\"shop.orders\",\"appName\":\"web\",\"command\":{\"find\":\"orders\",\"filter\":{\"status\":\"%W\",\"total\":{\"$gt\":%I}},"
      "\"sort\":{\"created\":-1},\"limit\":20},\"planSummary\":\"COLLSCAN\",\"keysExamined\":0,\"docsExamined\":%I,\"nreturned\":20,\"durationMillis\":%I}}\n" } },
  { "syslog-3164.log", "%b %d %H:%M:%S", 0, "", { 0 }, { "%T web1 shop[812]: %J\n", "%T web1 orders[819]: level=info msg=\"%J\"\n" } },
  { "syslog-5424.log", ISO, 3, "Z", { 0 }, { "<134>1 %T web1 shop 812 - - %J\n" } },
  { "docker.jsonl", ISO, 9, "Z", LOWER, { "{\"log\":\"{\\\"time\\\":\\\"2026-01-05T00:00:01.000Z\\\",\\\"level\\\":\\\"%L\\\",\\\"request_id\\\":\\\"%X\\\",\\\"msg\\\":\\\"%J\\\"}\\n\",\"stream\":\"stdout\",\"time\":\"%T\"}\n" } },
  { "cri.log", ISO, 9, "Z", UPPER, { "%T stdout F 2026-01-05 00:00:01.000 %L [http-nio-8080-exec-4] com.shop.web.CartController - %J\n" } },
};
enum { N_FAMILIES = sizeof families / sizeof *families };

static unsigned
mostly_first (Dice *d, const char *const *choice, unsigned most)
{
  unsigned n = 0;
  while (n < most && choice[n])
    n++;
  unsigned k = n ? zipf (d, n, 1.8) : 0;
  return k;
}

/* @record with the family's own marks replaced; expand() does the rest. */
static void
fill (const Family *family, const char *record, double t, Dice *d, char *out)
{
  static const char *const paths[] = { "/products/%I", "/search?q=%W+%W&page=%I", "/api/users/%I/profile", "/cart", "/static/img/p/%I.webp", "/api/orders/%I" };
  static const char *const statuses[] = { "200", "200", "200", "200", "304", "404", "500", "502" };
  char buffer[256];
  *out = 0;
  for (; *record; record++)
  {
    const char *text = NULL;
    if (record[0] == '%')
      switch (record[1])
      {
      case 'T': text = stamp (buffer, t, family->time, family->digits, family->zone); break;
      case 'J': text = messages[zipf (d, N_MESSAGES, 0.9)]; break;
      case 'Q': text = statements[zipf (d, N_STATEMENTS, 0.8)]; break;
      case 'P': text = paths[below (d, sizeof paths / sizeof *paths)]; break;
      case 'S': text = statuses[below (d, sizeof statuses / sizeof *statuses)]; break;
      case 'G': text = agent_of (zipf (d, 180000, 1.05), buffer); break;
      case 'L': text = family->levels[mostly_first (d, family->levels, 4)]; break;
      default: break;
      }
    if (text)
      out = stpcpy (out, text), record++;
    else
      *out++ = *record;
  }
  *out = 0;
}

/* In CSV and JSON a statement's quotes would have to be doubled or escaped: they are left out. */
static void
drop_quotes (char *text)
{
  char *to = text;
  for (; *text; text++)
    if (strncmp (text, "'{\"v\": ", 7) == 0)
      *to++ = '\'', text += 6;
    else if (strncmp (text, "}'", 2) == 0)
      ;
    else
      *to++ = *text;
  *to = 0;
}

static void
write_family (const char *dir, const Family *family, double bytes)
{
  static char plan[1 << 13], out[1 << 14];
  char path[4096];
  Dice d = { mix ((uint64_t)(family - families) + 17) };
  snprintf (path, sizeof path, "%s/%s", dir, family->file);
  FILE *f = fopen (path, "w");
  double written = 0, t = 0;
  while (f && written < bytes)
  {
    fill (family, family->record[mostly_first (&d, family->record, MOST_SHAPES)], t, &d, plan);
    drop_quotes (plan);
    expand (plan, &d, out);
    written += (double)fwrite (out, 1, strlen (out), f);
    t += chance (&d) * 0.02;
  }
  if (!f || ferror (f) || fclose (f) != 0)
  {
    perror (path);
    exit (1);
  }
}

int
main (int argc, char **argv)
{
  double megabytes = argc == 3 ? atof (argv[2]) : 0;
  if (megabytes <= 0)
  {
    fprintf (stderr, "usage: %s DIR MEGABYTES\n", argv[0]);
    return 2;
  }
  mkdir (argv[1], 0777); /* that it is not there is said when a file is created */
  for (int i = 0; i < N_FAMILIES; i++)
    write_family (argv[1], &families[i], megabytes * 1e6);
  return 0;
}

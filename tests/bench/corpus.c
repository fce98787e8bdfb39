/* Writes the logs of one web shop with one planted incident, for measuring.
 *
 *   corpus DIR MEGABYTES [SEED]
 *
 * access.log (combined, timings, request id), app.jsonl, postgres.csv and mysql-slow.log tell of
 * the same requests, plain/access.log of them once more (combined); deploys.jsonl of the release
 * that brings in a slow query, and of the way back. corpus.json says when, and what to look for.
 * The same arguments give the same bytes. What decides how well logs compress is drawn as
 * in life: ids are random, clients, products and templates follow Zipf's law, durations are
 * log-normal. 150 requests a second and more megabytes mean more hours; of a small corpus
 * the hour is filled with fewer. */
#include "draw.h"
#include <sys/stat.h>

#define MOST_PER_S 150.0
#define LEAST_S  5400.0

/* Shares of the whole, and bytes a record: what the sizes are planned with. */
enum { ACCESS, PLAIN, APP, POSTGRES, MYSQL, N_LOGS };
static const struct {
  const char *name;
  double share, bytes;
} logs[N_LOGS] = {
  [ACCESS] = { "access.log", 0.45, 272 },
  [PLAIN] = { "plain/access.log", 0.10, 228 },
  [APP] = { "app.jsonl", 0.25, 300 },
  [POSTGRES] = { "postgres.csv", 0.10, 330 },
  [MYSQL] = { "mysql-slow.log", 0.10, 275 },
};

/* ---- the shop ---- */

typedef struct {
  const char *path; /* %u: an id, %s: words */
  const char *method, *service;
  double weight, median_ms;
  int bytes;
  char backend; /* 'o' the orders' query, 'd' the database, 'a' application only, 's' static files */
} Route;

static const Route routes[] = {
  { "/", "GET", "web", 9, 18, 18240, 'd' },
  { "/products/%u", "GET", "catalog", 15, 22, 15320, 'd' },
  { "/categories/%u/items", "GET", "catalog", 6, 36, 21050, 'd' },
  { "/search?q=%s&page=%u", "GET", "search", 7, 58, 17800, 'd' },
  { "/cart", "GET", "cart", 5, 14, 4310, 'd' },
  { "/api/cart/items", "POST", "cart", 5, 17, 612, 'd' },
  { "/api/orders/search?q=%s", "GET", "orders", 6, 41, 5420, 'o' },
  { "/api/orders/%u", "GET", "orders", 4, 24, 1840, 'd' },
  { "/api/users/%u/profile", "GET", "accounts", 4, 12, 930, 'd' },
  { "/checkout", "POST", "checkout", 2, 210, 9120, 'd' },
  { "/login", "POST", "accounts", 2, 71, 2110, 'd' },
  { "/api/events", "POST", "events", 6, 5, 0, 'a' },
  { "/healthz", "GET", "web", 2, 1, 2, 'a' },
  { "/static/app.%u.js", "GET", "static", 7, 0.4, 284120, 's' },
  { "/static/img/p/%u.webp", "GET", "static", 17, 0.3, 38120, 's' },
  { "/favicon.ico", "GET", "static", 2, 0.2, 1150, 's' },
  { "/wp-login.php", "GET", "web", 0.4, 2, 162, 'a' },
};
enum { N_ROUTES = sizeof routes / sizeof *routes };

static const char *const slow_statement = "SELECT o.*, i.*, p.* FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id "
                                          "WHERE lower(o.note) LIKE '%%%W%%' ORDER BY o.created_at DESC LIMIT 50 OFFSET %I";

static struct {
  uint64_t seed, n_requests;
  double length_s, deploy_s, onset_s, end_s; /* from EPOCH_S */
  double cumulated[N_ROUTES];
} shop;

static int
in_incident (double t)
{
  return t >= shop.onset_s && t < shop.end_s;
}

static void
put_id (char *out, uint64_t request)
{
  sprintf (out, "%016llx%016llx", (unsigned long long)mix (shop.seed * 77 + request * 2 + 1), (unsigned long long)mix (~(shop.seed * 91 + request * 2)));
}

typedef struct {
  const Route *route;
  unsigned client, thing, instance;
  int status;
  double start_s, ms;
  unsigned long long bytes;
  Dice dice; /* for what only one log says of it */
} Request;

static const Route *
choose_route (Dice *d)
{
  double u = chance (d);
  int k = 0;
  while (k + 1 < N_ROUTES && shop.cumulated[k] < u)
    k++;
  return &routes[k];
}

/* How the incident hits: the orders' search waits for its new query, the rest for a connection. */
static void
suffer (Request *r, Dice *d, double fate)
{
  double ramp = fmin (1, (r->start_s - shop.onset_s) / 120);
  if (r->route->backend == 'o')
  {
    r->ms = lognormal (d, 40 + 6200 * ramp, 0.7);
    r->status = fate < 0.45 * ramp ? (r->ms > 8000 ? 504 : 500) : 200;
  }
  else
  {
    r->ms *= 1 + 9 * ramp * chance (d);
    r->status = fate < 0.02 * ramp ? 503 : fate < 0.06 * ramp ? 500 : 200;
  }
}

/* A pure function of its number: every log can refer to every request. */
static Request
make_request (uint64_t i)
{
  Dice d = { mix (shop.seed * 0x51ed27 + i) };
  Request r = { .route = choose_route (&d), .status = 200 };
  r.start_s = shop.length_s * (double)i / (double)shop.n_requests + chance (&d) * 0.5;
  r.client = zipf (&d, 180000, 1.05);
  r.thing = zipf (&d, 400000, 1.1);
  r.instance = below (&d, 4);
  r.ms = lognormal (&d, r.route->median_ms, 0.55);
  double fate = chance (&d), other = chance (&d);
  if (in_incident (r.start_s) && (r.route->backend == 'o' || r.route->backend == 'd'))
    suffer (&r, &d, fate);
  else if (r.route->backend != 's' && fate < 0.0012)
    r.status = fate < 0.0004 ? 502 : 500;
  if (r.status == 200)
    r.status = strstr (r.route->path, "php") || other < 0.012 ? 404 : other < 0.03 && r.route->backend == 's' ? 304 : other < 0.035 ? 499 : 200;
  r.ms = fmin (r.ms, 30000);
  r.bytes = r.status == 304 || r.status == 499 ? 0 : r.status >= 400 ? 157 : (unsigned long long)lognormal (&d, r.route->bytes, 0.25);
  r.dice = d;
  return r;
}

/* ---- text ---- */

static void
put_path (const Request *r, Dice *d, char *out)
{
  const char *q = strchr (r->route->path, '?');
  char query[64];
  if (!q)
  {
    sprintf (out, r->route->path, r->route->backend == 's' && r->route->bytes > 100000 ? 7700 + r->thing % 5 : 10000 + r->thing * 7);
    return;
  }
  sprintf (query, "%s+%s", words[zipf (d, N_WORDS, 1.1)], words[zipf (d, N_WORDS, 1.1)]);
  sprintf (out, r->route->path, query, 1 + zipf (d, 40, 1.6));
}

static int
access_line (uint64_t i, int with_id, char *out)
{
  Request r = make_request (i);
  char path[200], address[20], agent[200], time[64], id[40], from[100] = "-";
  double referer = chance (&r.dice);
  put_path (&r, &r.dice, path);
  put_address (address, r.client);
  if (referer < 0.35)
    sprintf (from, "https://shop.example.com/products/%u", 10000 + zipf (&r.dice, 400000, 1.1) * 7);
  else if (referer < 0.55)
    strcpy (from, "https://shop.example.com/");
  int n = sprintf (out, "%s - - [%s] \"%s %s HTTP/%s\" %d %llu \"%s\" \"%s\"", address, stamp (time, r.start_s + r.ms / 1000, "%d/%b/%Y:%H:%M:%S", 0, " +0000"), r.route->method, path,
                   mix (r.client) & 7 ? "2.0" : "1.1", r.status, r.bytes, from, agent_of (r.client, agent));
  if (with_id)
  {
    put_id (id, i);
    n += sprintf (out + n, " rt=%.3f", r.ms / 1000);
    n += r.route->backend == 's' ? sprintf (out + n, " urt=-") : sprintf (out + n, " urt=%.3f", fmax (0, r.ms - chance (&r.dice) * 1.5) / 1000);
    n += sprintf (out + n, " rid=%s", id);
  }
  out[n++] = '\n';
  return n;
}

/* Record @j of @n: of a request that the access log has too. */
static int
app_line (uint64_t j, uint64_t n_records, char *out)
{
  uint64_t i = (uint64_t)((double)j / (double)n_records * (double)shop.n_requests);
  Request r = make_request (i);
  Dice d = { mix (shop.seed * 13 + j) };
  char id[40], time[64], text[600];
  unsigned k = zipf (&d, N_MESSAGES, 0.9);
  int failed = r.status >= 500, is_new = !strcmp (r.route->service, "orders") && r.start_s >= shop.deploy_s && r.start_s < shop.end_s;
  double t = r.start_s + r.ms / 1000, luck = chance (&d);
  put_id (id, i);
  expand (messages[k], &d, text);
  if (failed)
    strcpy (text, r.route->backend == 'o' ? "request failed: query timed out after 8000 ms" : "request failed: timed out waiting for a database connection (pool exhausted)");
  int n = sprintf (out, "{\"time\":\"%s\",\"level\":\"%s\",\"service\":\"%s\",\"version\":\"%s\",\"host\":\"app-%u\",\"pid\":%u,\"request_id\":\"%s\",\"msg\":\"%s\"", stamp (time, t, "%Y-%m-%dT%H:%M:%S", 3, "Z"),
                   failed ? "error" : luck < 0.02 ? "warn" : luck < 0.3 ? "debug" : "info", r.route->service, is_new ? "2.41.0" : "2.40.3", r.instance, 1200 + r.instance * 17, id, text);
  if (k % 3 == 0)
    n += sprintf (out + n, ",\"user_id\":%u,\"took_ms\":%.2f", r.client, r.ms * chance (&d));
  if (failed)
    n += sprintf (out + n, ",\"err\":{\"type\":\"TimeoutError\",\"message\":\"%s\",\"stack\":\"Error: %s\\n    at Pool.acquire (/srv/app/pool.js:45:11)\\n    at Repository.search (/srv/app/src/repository.js:88:23)\"}", text, text);
  return n + sprintf (out + n, "}\n");
}

/* A statement that ends at @t: its text, and its duration in ms. */
static double
make_statement (double t, Dice *d, char *out)
{
  double slow_ms = lognormal (d, 4800, 0.6);
  if (chance (d) < 0.35 && in_incident (t - slow_ms / 1000))
  {
    expand (slow_statement, d, out);
    return slow_ms;
  }
  unsigned k = zipf (d, N_STATEMENTS, 0.8);
  expand (statements[k], d, out);
  return (100 + lognormal (d, 40 + 12 * k, 0.9)) * (in_incident (t) ? 1 + 6 * chance (d) : 1);
}

static int
postgres_line (uint64_t j, uint64_t n_records, char *out)
{
  Dice d = { mix (shop.seed * 999 + j) };
  double t = shop.length_s * (double)j / (double)n_records, luck = chance (&d);
  char time[64], text[1024], message[1200];
  unsigned pid = 2000 + below (&d, 80), app = below (&d, 4);
  double ms = make_statement (t, &d, text);
  const char *level = "LOG", *state = "00000";
  if (luck < 0.02)
    strcpy (message, "connection authorized: user=shop database=shop application_name=orders");
  else if (luck < 0.022)
    sprintf (message, "checkpoint complete: wrote %u buffers (%.1f%%); write=%.3f s, sync=0.012 s, total=%.3f s", below (&d, 9000), chance (&d) * 20, chance (&d) * 200, chance (&d) * 210);
  else if (luck < 0.023)
  {
    level = "ERROR";
    state = "57014";
    strcpy (message, "canceling statement due to statement timeout");
  }
  else
    sprintf (message, "duration: %.3f ms  execute <unnamed>: %s", ms, text);
  int n = sprintf (out, "%s,\"shop\",\"shop\",%u,\"10.0.3.%u:%u\",%x.%x,%llu,\"SELECT\",2026-01-04 22:10:04 UTC,%u/%u,0,%s,%s,\"", stamp (time, t, "%Y-%m-%d %H:%M:%S", 3, " UTC"), pid, 10 + app,
                   40000 + below (&d, 20000), 0x65ef0000u + pid * 31, pid, (unsigned long long)(j / 80 + 1), pid % 97, below (&d, 400000), level, state);
  for (const char *p = message; *p; p++)
  {
    if (*p == '"')
      out[n++] = '"';
    out[n++] = *p;
  }
  return n + sprintf (out + n, "\",,,,,,,,,\"app-%u\",\"client backend\",,0\n", app);
}

static int
mysql_block (uint64_t j, uint64_t n_records, char *out)
{
  Dice d = { mix (shop.seed * 4242 + j) };
  double t = shop.length_s * (double)j / (double)n_records;
  char time[64], text[1024];
  double ms = make_statement (t, &d, text);
  unsigned rows = zipf (&d, 100000, 1.2), app = below (&d, 4);
  return sprintf (out, "# Time: %s\n# User@Host: shop[shop] @ app-%u [10.0.3.%u]  Id: %6u\n# Query_time: %.6f  Lock_time: %.6f Rows_sent: %u  Rows_examined: %u\nSET timestamp=%lld;\n%s;\n",
                  stamp (time, t, "%Y-%m-%dT%H:%M:%S", 6, "Z"), app, 10 + app, 400 + below (&d, 80), ms / 1000, chance (&d) * 1e-4, rows, rows * (1 + below (&d, 50)),
                  (long long)(EPOCH_S + t - ms / 1000), text);
}

/* ---- files ---- */

static FILE *
create (const char *dir, const char *name)
{
  char path[4096];
  snprintf (path, sizeof path, "%s/%s", dir, name);
  FILE *f = fopen (path, "w");
  if (!f)
  {
    perror (path);
    exit (1);
  }
  setvbuf (f, NULL, _IOFBF, 1 << 20);
  return f;
}

static void
finish (FILE *f, const char *what)
{
  if (ferror (f) || fclose (f) != 0)
  {
    perror (what);
    exit (1);
  }
}

static int
write_record (int log, uint64_t j, uint64_t n, char *out)
{
  switch (log)
  {
  case ACCESS:
  case PLAIN: return access_line (j, log == ACCESS, out);
  case APP: return app_line (j, n, out);
  case POSTGRES: return postgres_line (j, n, out);
  default: return mysql_block (j, n, out);
  }
}

static void
write_log (const char *dir, int log, uint64_t n)
{
  static char out[1 << 16];
  FILE *f = create (dir, logs[log].name);
  if (log == MYSQL)
    fputs ("/usr/sbin/mysqld, Version: 8.0.36 (MySQL Community Server - GPL). started with:\nTcp port: 3306  Unix socket: /var/run/mysqld/mysqld.sock\nTime                 Id Command    Argument\n", f);
  for (uint64_t j = 0; j < n; j++)
    fwrite (out, 1, (size_t)write_record (log, j, n, out), f);
  finish (f, logs[log].name);
}

static void
write_deploys (const char *dir)
{
  static const char *const service[] = { "catalog", "cart", "orders" };
  double at[] = { shop.deploy_s - shop.length_s * 0.4, shop.deploy_s - shop.length_s * 0.2, shop.deploy_s };
  char time[64];
  FILE *f = create (dir, "deploys.jsonl");
  for (int i = 0; i < 3; i++)
    fprintf (f, "{\"time\":\"%s\",\"event\":\"deploy\",\"service\":\"%s\",\"version\":\"2.%d.0\",\"commit\":\"%08x\",\"by\":\"ci\"}\n", stamp (time, at[i], "%Y-%m-%dT%H:%M:%S", 0, "Z"), service[i], 39 + i, (unsigned)mix ((uint64_t)i));
  fprintf (f, "{\"time\":\"%s\",\"event\":\"rollback\",\"service\":\"orders\",\"version\":\"2.40.3\",\"by\":\"oncall\"}\n", stamp (time, shop.end_s, "%Y-%m-%dT%H:%M:%S", 0, "Z"));
  finish (f, "deploys.jsonl");
}

/* What the benchmark asks for. The rare id is of a request that the application logged too. */
static void
write_key (const char *dir, uint64_t n_app)
{
  char id[40];
  uint64_t j = (uint64_t)((double)n_app * fmin ((shop.deploy_s + 60) / shop.length_s, 0.9));
  put_id (id, (uint64_t)((double)j / (double)n_app * (double)shop.n_requests));
  FILE *f = create (dir, "corpus.json");
  fprintf (f, "{\"start\": %.0f, \"length_s\": %.3f, \"deploy\": %.0f, \"onset\": %.0f, \"end\": %.0f, \"requests\": %llu, \"rare\": \"%s\", \"regex\": \"request_id\\\":\\\"[0-9a-f]{28}beef\", \"text\": \"pool exhausted\"}\n", EPOCH_S,
           shop.length_s, EPOCH_S + shop.deploy_s, EPOCH_S + shop.onset_s, EPOCH_S + shop.end_s, (unsigned long long)shop.n_requests, id);
  finish (f, "corpus.json");
}

static void
plan (double megabytes)
{
  double sum = 0, at = 0;
  for (int i = 0; i < N_ROUTES; i++)
    sum += routes[i].weight;
  for (int i = 0; i < N_ROUTES; i++)
    shop.cumulated[i] = (at += routes[i].weight) / sum;
  shop.n_requests = (uint64_t)(megabytes * 1e6 * logs[ACCESS].share / logs[ACCESS].bytes) + 1;
  shop.length_s = fmax (LEAST_S, (double)shop.n_requests / MOST_PER_S);
  shop.deploy_s = floor (shop.length_s * 0.6 / 60) * 60;
  shop.onset_s = shop.deploy_s + 95;
  shop.end_s = shop.deploy_s + fmin (2400, shop.length_s * 0.25);
}

int
main (int argc, char **argv)
{
  double megabytes = argc > 2 ? atof (argv[2]) : 0;
  uint64_t n_app = 0;
  if (argc < 3 || argc > 4 || megabytes <= 0)
  {
    fprintf (stderr, "usage: %s DIR MEGABYTES [SEED]\n", argv[0]);
    return 2;
  }
  shop.seed = argc > 3 ? strtoull (argv[3], NULL, 10) : 1;
  plan (megabytes);
  char plain[4096];
  snprintf (plain, sizeof plain, "%s/plain", argv[1]);
  mkdir (argv[1], 0777);
  mkdir (plain, 0777); /* that they are not there is said when a file is created */
  for (int log = 0; log < N_LOGS; log++)
  {
    uint64_t n = (uint64_t)(megabytes * 1e6 * logs[log].share / logs[log].bytes) + 1;
    if (log == APP)
      n_app = n;
    write_log (argv[1], log, n);
  }
  write_deploys (argv[1]);
  write_key (argv[1], n_app);
  return 0;
}

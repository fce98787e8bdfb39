#include "text-program.h"

/* Words of which one server writes some in every few lines. Web servers and proxies are on the access
 * side with their error logs; caches and databases are db. */
static const struct {
  const char *words[4];
  RcaStream stream;
} programs[] = {
  { { "(server.c.", "(gw_backend.c.", "(mod_", "(connections.c." }, RCA_STREAM_ACCESS },                      /* lighttpd 1.4 */
  { { "source/server/", "source/common/", "source/extensions/", "source/exe/" }, RCA_STREAM_ACCESS },         /* Envoy */
  { { "| Starting Squid Cache ", "| storeDirWriteCleanLogs", "kid1| ", "Squid Cache (Version " }, RCA_STREAM_ACCESS },
  { { "\thttp.log.access", "\tcaddy.http\t", "\thttp.handlers.", "\tadmin.api\t" }, RCA_STREAM_ACCESS },      /* Caddy's console */
  { { " is DOWN, reason: Layer", " is UP, reason: Layer", "' has no server available!", "haproxy version is " }, RCA_STREAM_ACCESS },
  { { " : New worker (", " : Proxy ", " : haproxy ", " : Loading success." }, RCA_STREAM_ACCESS },            /* HAProxy's standard error */
  { { "providerName=docker", "entryPointName=", "routerName=", "middlewareName=" }, RCA_STREAM_ACCESS },      /* Traefik */
  { { " [0 127.0.0.1:", " [0 unix:", " [0 lua] \"", " [0 [::1]:" }, RCA_STREAM_DB },                          /* redis-cli MONITOR */
  { { ",CONNECT,", ",QUERY,", ",DISCONNECT,", ",FAILED_CONNECT," }, RCA_STREAM_DB },                         /* MariaDB's audit plugin */
  { { " (startup) odyssey", " (startup) ", " (main) client disconnected", " odyssey " }, RCA_STREAM_DB },                  /* Odyssey */
  { { "Child (", "Child launched OK", "varnishd ", "vcl.load" }, RCA_STREAM_CDN },                            /* varnishd */
};

RcaStream
rca_text_program_stream (const RcaSampleLines *sample)
{
  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
  {
    guint told = 0;
    for (guint l = 0; l < sample->n_lines; l++)
      for (guint w = 0; w < G_N_ELEMENTS (programs[i].words) && programs[i].words[w]; w++)
        if (rca_bytes_find (sample->line[l], rca_bytes_str (programs[i].words[w])) >= 0)
        {
          told++;
          break;
        }
    if (told > 0 && told * 4 >= sample->n_lines)
      return programs[i].stream;
  }
  return RCA_STREAM_APP;
}

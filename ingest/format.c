#include "format.h"
#include "formats/formats.h"
#include "user-format.h"

/* The order breaks ties only. The generic text format stands last. */
/* one row a line */
/* clang-format off */
static const RcaFormat *const formats[] = {
  &rca_format_journald_json,
  &rca_format_journald_export,
  &rca_format_journald_verbose,
  &rca_format_fluent,
  &rca_format_otlp,
  &rca_format_otlp_document,
  &rca_format_otlp_proto,
  &rca_format_shipper,
  &rca_format_export,
  &rca_format_export_document,
  &rca_format_docker,
  &rca_format_cloud_logging,
  &rca_format_cri,
  &rca_format_container_prefix,
  &rca_format_syslog_octets,
  &rca_format_syslog,
  &rca_format_spans,
  &rca_format_json_lines,
  &rca_format_access,
  &rca_format_nginx_error,
  &rca_format_nginx_status,
  &rca_format_kernel,
  &rca_format_sadf_json,
  &rca_format_vmstat,
  &rca_format_w3c,
  &rca_format_apache_error,
  &rca_format_haproxy,
  &rca_format_access_json,
  &rca_format_caddy,
  &rca_format_uwsgi,
  &rca_format_pgbouncer,
  &rca_format_redis,
  &rca_format_redis_slowlog,
  &rca_format_redis_slowlog_text,
  &rca_format_mongodb,
  &rca_format_mongodb_text,
  &rca_format_clickhouse,
  &rca_format_elasticsearch,
  &rca_format_cassandra,
  &rca_format_sql_server,
  &rca_format_oracle,
  &rca_format_db_json,
  &rca_format_patroni,
  &rca_format_proxysql,
  &rca_format_mysql_error,
  &rca_format_mysql_general,
  &rca_format_mysql_slow,
  &rca_format_postgres_stderr,
  &rca_format_postgres_csv,
  &rca_format_postgres_json,
  &rca_format_logfmt,
  &rca_format_rails,
  &rca_format_app_text,
  &rca_format_change_json,
  &rca_format_change_document,
  &rca_format_packages,
  &rca_format_ansible,
  &rca_format_sar,
  &rca_format_snapshot,
  &rca_format_snapshot_file,
  &rca_format_prometheus,
  &rca_format_metric_lines,
  &rca_format_git,
  &rca_format_change_log,
  &rca_format_level_text,
  &rca_format_plain,
};
/* clang-format on */

const RcaFormat *const *
rca_formats (guint *n)
{
  *n = G_N_ELEMENTS (formats);
  return formats;
}

const RcaFormat *
rca_format_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strcmp (formats[i]->name, name) == 0)
      return formats[i];
  return NULL;
}

const RcaFormat *
rca_sniff (const RcaSampleLines *sample, RcaSniff *out)
{
  RcaSniff best = { 0 };
  const RcaFormat *format = rca_user_formats_sniff (sample->formats, sample, &best);
  if (format)
  {
    if (out)
      *out = best;
    return format;
  }
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
  {
    RcaSniff sniff = { 0 };
    formats[i]->sniff (sample, &sniff);
    if (sniff.score > best.score)
    {
      sniff.next = format ? format->name : NULL;
      sniff.next_score = best.score;
      best = sniff;
      format = formats[i];
    }
    else if (sniff.score > best.next_score)
    {
      best.next = formats[i]->name;
      best.next_score = sniff.score;
    }
  }
  if (out)
    *out = best;
  return format;
}

/* The rows of format.c's table: one a format, defined in the file of its family. */
#pragma once
#include "../format.h"

extern const RcaFormat rca_format_access;
extern const RcaFormat rca_format_nginx_error;
extern const RcaFormat rca_format_postgres_stderr;
extern const RcaFormat rca_format_postgres_csv;
extern const RcaFormat rca_format_postgres_json;
extern const RcaFormat rca_format_pgbouncer;
extern const RcaFormat rca_format_redis;
extern const RcaFormat rca_format_redis_slowlog;
extern const RcaFormat rca_format_redis_slowlog_text;
extern const RcaFormat rca_format_mongodb;
extern const RcaFormat rca_format_mongodb_text;
extern const RcaFormat rca_format_mysql_slow;
extern const RcaFormat rca_format_mysql_error;
extern const RcaFormat rca_format_mysql_general;
extern const RcaFormat rca_format_access_json;
extern const RcaFormat rca_format_haproxy;
extern const RcaFormat rca_format_apache_error;
extern const RcaFormat rca_format_w3c;
extern const RcaFormat rca_format_vmstat;
extern const RcaFormat rca_format_sadf_json;
extern const RcaFormat rca_format_kernel;
extern const RcaFormat rca_format_plain;
extern const RcaFormat rca_format_syslog;
extern const RcaFormat rca_format_syslog_octets;
extern const RcaFormat rca_format_journald_json;
extern const RcaFormat rca_format_journald_export;
extern const RcaFormat rca_format_docker;
extern const RcaFormat rca_format_cri;
extern const RcaFormat rca_format_container_prefix;
extern const RcaFormat rca_format_json_lines;
extern const RcaFormat rca_format_otlp;
extern const RcaFormat rca_format_otlp_document;
extern const RcaFormat rca_format_fluent;
extern const RcaFormat rca_format_cloud_logging;
extern const RcaFormat rca_format_logfmt;
extern const RcaFormat rca_format_app_text;
extern const RcaFormat rca_format_shipper;
extern const RcaFormat rca_format_journald_verbose;
extern const RcaFormat rca_format_change_log;
extern const RcaFormat rca_format_git;
extern const RcaFormat rca_format_level_text;
extern const RcaFormat rca_format_spans;
extern const RcaFormat rca_format_change_json;
extern const RcaFormat rca_format_change_document;

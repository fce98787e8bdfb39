/* Where a ClickHouse is, as --store names it:
 *
 *   clickhouse://[user[:password]@]host[:port]/database[?table=NAME&cluster=NAME&…]     (clickhouses:// speaks TLS)
 *
 * Credentials come from there, else from RCA_CLICKHOUSE_USER and RCA_CLICKHOUSE_PASSWORD, else
 * the password from the file that ?password_file= or RCA_CLICKHOUSE_PASSWORD_FILE names. They
 * stand in no message: @shown is the address without them. */
#pragma once
#include <glib.h>

typedef struct {
  char *url;      /* "http://host:port/" */
  char *shown;    /* "clickhouse://host:port/database?table=…": without credentials */
  char *user, *password; /* or NULL */
  char *database, *table; /* table: "rca_rows" unless the address names one */
  char *ca_file;  /* or NULL: the system's */
  char *cluster;  /* or NULL: on which the tables are made, each as local ones under a Distributed one */
  guint timeout_s; /* of one query */
  guint64 pass_bytes; /* of raw logs that an ingest holds in memory at a time: ?pass_kib= */
  gboolean gzip;   /* what is sent is compressed: ?gzip=, else unless it is this machine */
} RcaClickhouseAddress;

/* Whether @text is an address of a ClickHouse at all. */
gboolean rca_clickhouse_is_address (const char *text);
RcaClickhouseAddress *rca_clickhouse_address_parse (const char *text, GError **error);
void rca_clickhouse_address_free (RcaClickhouseAddress *address);
/* @text without what stands before the @ of its host, for messages about what could not be parsed; transfer full. */
char *rca_clickhouse_address_veil (const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaClickhouseAddress, rca_clickhouse_address_free)

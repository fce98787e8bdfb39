/* What Elasticsearch's and OpenSearch's records say, whether written as text or as JSON. */
#pragma once
#include "../db-text.h"

typedef struct {
  gint64 took_ms;
  RcaBytes index;  /* "orders", as in "[orders][0]" */
  RcaBytes source; /* the query document; empty for indexing */
  RcaBytes id;     /* X-Opaque-Id */
  gboolean search;
} RcaElasticSlow;

/* DB_EVENT and FAILURE of a message of the server log. */
void rca_elasticsearch_read (RcaBytes text, RcaEvent *ev);
/* A record of the search or indexing slow log. */
void rca_elasticsearch_slow (const RcaElasticSlow *slow, RcaArena *arena, RcaEvent *ev);

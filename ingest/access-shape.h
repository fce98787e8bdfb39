/* What a value of an access log looks like, by its bytes alone. */
#pragma once
#include "bytes.h"

gboolean rca_shape_absent (RcaBytes v);  /* empty, or "-" */
gboolean rca_shape_address (RcaBytes v); /* IPv4 or IPv6 */
gboolean rca_shape_peer (RcaBytes v);    /* host:port, unix:path */
gboolean rca_shape_peers (RcaBytes v);   /* a list of them over attempts, perhaps with the group's name at its end */
gboolean rca_shape_host (RcaBytes v);    /* a DNS name with a dot, perhaps with a port */
gboolean rca_shape_request (RcaBytes v); /* METHOD target [HTTP/…] */
gboolean rca_shape_method (RcaBytes v);
gboolean rca_shape_status (RcaBytes v);   /* a status code that servers really answer */
gboolean rca_shape_statuses (RcaBytes v); /* a list of them over attempts */
gboolean rca_shape_integer (RcaBytes v);
gboolean rca_shape_fraction (RcaBytes v, guint *decimals); /* "0.002", or a list of them over attempts */
gboolean rca_shape_duration (RcaBytes v);                  /* with its unit: "12ms", "1.5s" */
gboolean rca_shape_id (RcaBytes v);                        /* 32 hex digits, a UUID, 16 hex digits… */
gboolean rca_shape_trace (RcaBytes v);                     /* traceparent, AWS's Root= */
gboolean rca_shape_stamp (RcaBytes v);                     /* a date with a time, or an epoch */
gboolean rca_shape_agent (RcaBytes v);                     /* product/version */

/* The cache status in lower case that @v holds ("HIT", "Miss from cloudfront", "TCP_MEM_HIT"), else empty. */
RcaBytes rca_shape_cache (RcaBytes v);

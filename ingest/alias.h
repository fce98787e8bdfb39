/* What loggers call things: one table from the names of members and keys to the
 * slots of a record that mean the same whatever the logger.
 *
 * Names compare without case, underscores, dashes and dots, so that request_id,
 * requestId, request-id and {"request":{"id":…}} are one row. */
#pragma once
#include "bytes.h"

typedef enum {
  RCA_SLOT_NONE,
  RCA_SLOT_TIME,
  RCA_SLOT_TIME_NANO, /* nanoseconds beside seconds in RCA_SLOT_TIME */
  RCA_SLOT_LEVEL,
  RCA_SLOT_LEVEL_OTEL,   /* 1..24 */
  RCA_SLOT_LEVEL_PYTHON, /* 10..50 */
  RCA_SLOT_MESSAGE,
  RCA_SLOT_LOGGER,
  RCA_SLOT_NAME, /* a logger's or a service's, by the company it keeps */
  RCA_SLOT_SERVICE,
  RCA_SLOT_VERSION,
  RCA_SLOT_INSTANCE,
  RCA_SLOT_HOST,
  RCA_SLOT_PID,
  RCA_SLOT_REQUEST_ID,
  RCA_SLOT_TRACE_ID,
  RCA_SLOT_TRACEPARENT, /* W3C: version-trace-span-flags */
  RCA_SLOT_SPAN_ID,
  RCA_SLOT_PARENT_ID,
  RCA_SLOT_SESSION,
  RCA_SLOT_METHOD,
  RCA_SLOT_PATH,
  RCA_SLOT_REQUEST_LINE, /* "GET /x HTTP/1.1" */
  RCA_SLOT_STATUS,
  RCA_SLOT_DURATION,
  RCA_SLOT_CLIENT,
  RCA_SLOT_USER_AGENT,
  RCA_SLOT_REFERER,
  RCA_SLOT_BYTES,
  RCA_SLOT_SERVER_NAME,
  RCA_SLOT_ERROR, /* text of any kind: a message, a type, a whole trace */
  RCA_SLOT_ERROR_TYPE,
  RCA_SLOT_ERROR_MESSAGE,
  RCA_SLOT_ERROR_STACK,
  RCA_SLOT_ERROR_CODE,
  RCA_SLOT_PEER,     /* whom the record's program called: a name or an address */
  RCA_SLOT_PEER_URL, /* likewise, an absolute URL */
  RCA_SLOT_PEER_STATUS,
  RCA_SLOT_PEER_TIME,
  RCA_SLOT_PEER_CONNECT,
  RCA_SLOT_STATEMENT,
  RCA_SLOT_DB_TIME,
  RCA_SLOT_DB_NAME,
  RCA_SLOT_DB_USER,
  RCA_SLOT_SQLSTATE,
  RCA_SLOT_ROWS,
  RCA_SLOT_ENVIRONMENT,
  RCA_SLOT_SPAN_KIND, /* server, client… */
  RCA_N_SLOTS
} RcaSlot;

typedef struct {
  guint8 slot;     /* RcaSlot */
  guint8 strength; /* of two names for one slot the stronger wins; 1: many things are called so */
  guint32 unit_ns; /* of a bare number; 0: differs from logger to logger */
} RcaAlias;

#define RCA_ALIAS_WEAK 1

/* The row for the member at dotted @path (or the key of a pair); NULL when it is
 * called like none. @unit_ns: (out): the unit of a bare number, also from a suffix
 * of the name (duration_ms, elapsedSeconds); 0 when unknown. */
const RcaAlias *rca_alias_find (RcaBytes path, gint64 *unit_ns);

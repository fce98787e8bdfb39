/* What wrappers share: syslog, journald, container runtimes, transports.
 *
 * A wrapper splits a line into an envelope (time, host, program, level) and a payload, which
 * is a log of its own. Payloads of one program make a channel: its formats are sniffed as a
 * file's are, and several may alternate (HAProxy: httplog, JSON, health lines). Within a
 * channel the payloads of one process are put together to records: lines that continue the
 * one before, pieces of a line that was cut. What no format understands becomes an event
 * with the envelope's time and the payload as its text: a wrapper rejects no payload. */
#pragma once
#include "format.h"

typedef struct {
  gint64 time_ns; /* RCA_TIME_NONE without */
  guint flags;    /* RCA_EVENT_ZONE_UNKNOWN, RCA_EVENT_DATE_UNKNOWN, of time_ns */
  RcaSeverity severity;
  RcaBytes program; /* the channel; becomes SERVICE */
  RcaBytes host;
  gint64 pid; /* tells interleaved writers of one channel apart; 0 without, below 0 when it is no process id */
  RcaBytes instance; /* pod, container */
  RcaBytes subject;  /* whom the line is about when that is another (systemd's UNIT=) */
  RcaStream stream;  /* of text that no format understands */
} RcaEnvelope;

typedef enum {
  RCA_PIECE_WHOLE,     /* a whole line */
  RCA_PIECE_PARTIAL,   /* the line goes on in the next piece */
  RCA_PIECE_CONTINUES, /* a further line of the record before, whatever its format says */
} RcaPiece;

typedef struct RcaInner RcaInner;

/* @outer: for what inner formats want to know of the file; not kept. */
RcaInner *rca_inner_new (const RcaSampleLines *outer);
void rca_inner_free (RcaInner *inner);

/* While opening: a payload of @program out of the sample. */
void rca_inner_learn (RcaInner *inner, RcaBytes program, RcaBytes payload);
/* Ends learning: sniffs each program's sample. */
void rca_inner_learnt (RcaInner *inner);

/* Whether lines of @program are known to be of some format. */
gboolean rca_inner_has_format (RcaInner *inner, RcaBytes program);

/* Decodes @payload, or holds it until its record is complete. @ev: as given to the
 * wrapper's decode(). NONE when held and nothing came out. */
RcaDecodeResult rca_inner_decode (RcaInner *inner, const RcaEnvelope *envelope, RcaPiece piece, RcaBytes payload, RcaEvent *ev, RcaEmit emit, gpointer user);

/* The same for a payload that may hold several lines of one record. */
RcaDecodeResult rca_inner_decode_lines (RcaInner *inner, const RcaEnvelope *envelope, RcaBytes payload, RcaEvent *ev, RcaEmit emit, gpointer user);

/* Emits what is held. */
void rca_inner_flush (RcaInner *inner, RcaEvent *ev, RcaEmit emit, gpointer user);

/* "haproxy: haproxy-http, json-lines; shop: text"; transfer full, NULL when nothing was learnt. */
char *rca_inner_describe (RcaInner *inner);

/* Fills what @ev lacks from @envelope. A written time without zone takes the zone that the
 * envelope's time proves. */
void rca_envelope_apply (const RcaEnvelope *envelope, RcaEvent *ev);

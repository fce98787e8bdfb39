/* The common part of formats that wrap one line of a program at a time: container runtimes,
 * log shippers, cloud loggers. Such a format writes one function that unwraps a line. */
#pragma once
#include "arena.h"
#include "inner.h"

typedef struct {
  RcaInner *inner;
  RcaArena *arena; /* emptied before each line */
  char *program, *instance; /* told by the path, "" when it tells none */
} RcaWrapper;

typedef struct {
  RcaEnvelope envelope;
  RcaBytes payload;
  RcaPiece piece;
} RcaWrapped;

/* Fills @out, which comes with program and instance of the path; FALSE when @line is none of the format's. */
typedef gboolean (*RcaUnwrap) (RcaWrapper *wrapper, RcaBytes line, RcaWrapped *out);

RcaWrapper *rca_wrapper_new (const RcaSampleLines *sample, RcaUnwrap unwrap);
void rca_wrapper_free (gpointer wrapper);
RcaDecodeResult rca_wrapper_decode (RcaWrapper *wrapper, RcaUnwrap unwrap, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user);
void rca_wrapper_flush (gpointer wrapper, RcaEvent *ev, RcaEmit emit, gpointer user); /* RcaFormat.flush */
char *rca_wrapper_describe (gpointer wrapper);                                       /* RcaFormat.describe */

/* Scores the share of lines that @unwrap takes, 96 at most; nothing below nine tenths. @unwrap must do without arena. */
void rca_wrapper_sniff (const RcaSampleLines *sample, RcaUnwrap unwrap, const char *what, RcaSniff *out);

/* A time with its zone, or seconds or finer since 1970; returns how long it is, 0 without. */
gsize rca_wrapped_take_time (RcaBytes text, RcaEnvelope *envelope);

/* Line ends off the payload. */
void rca_wrapped_trim (RcaWrapped *wrapped);

/* Exceptions in text: which type, and what it says, whatever the language.
 *
 * Understood: Python (chained: the last traceback's), Java and Kotlin ("Caused by:"),
 * .NET (" ---> "), JavaScript ("[cause]:"), Go panics, Ruby and Rails, PHP (uncaught,
 * and Monolog's "[object] (Type(code…"), Rust panics, Elixir ("** (Type) …"). Of a chain
 * the innermost cause is given: it is what broke first. */
#pragma once
#include "bytes.h"

typedef struct {
  RcaBytes type;    /* as written: "psycopg2.errors.QueryCanceled"; "panic" for Go and Rust */
  RcaBytes message; /* its first line; may be empty */
  gboolean cause;   /* it was found behind an outer one */
} RcaException;

/* A trace, or a message followed by one. FALSE when no line of @text is known to name an exception:
 * prose with a colon is none unless frames follow it. */
gboolean rca_exception_in_trace (RcaBytes text, RcaException *out);

/* The same for @text that is known to be a trace or an exception's own text: its first
 * line may be the exception without a frame behind it. */
gboolean rca_exception_in_stack (RcaBytes text, RcaException *out);

/* "Type: message" somewhere in one line of prose. */
gboolean rca_exception_in_line (RcaBytes line, RcaException *out);

/* A line that cannot begin a record: frames, "Caused by:", "Traceback …", "... 3 more". */
gboolean rca_stack_trace_continues (RcaBytes line);

/* A type by its name: "Net::ReadTimeout", "KeyError", "java.io.IOException". */
gboolean rca_exception_is_type (RcaBytes word);

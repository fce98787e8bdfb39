/* The formats of one program behind a wrapper (private to inner.c). */
#pragma once
#include "format.h"

#define RCA_CHANNEL_DECODERS 4 /* formats that alternate in one channel */

typedef struct {
  const RcaSampleLines *outer; /* path, conf and time of last write */
  RcaDecoder *decoder[RCA_CHANNEL_DECODERS]; /* in the order they were found */
  guint n_decoders;
  guint rejected, next_sniff, patience; /* rejected payloads until the next try to sniff one */
  guint strays, next_stray; /* lines that may be of another format, likewise */
  GString *sample; /* while learning: payloads, LF between */
  guint n_sample;
  RcaEvent *scratch;
} RcaChannel;

/* @outer is kept: it must outlive the channel. */
void rca_channel_init (RcaChannel *channel, const char *program, const RcaSampleLines *outer);
void rca_channel_clear (RcaChannel *channel);

/* While opening: a payload out of the sample; at its end, sniffs what was given. */
void rca_channel_learn (RcaChannel *channel, RcaBytes payload);
void rca_channel_learnt (RcaChannel *channel);

/* What @line is to the channel's own format. FALSE when that does not group lines, or there is none. */
gboolean rca_channel_line (RcaChannel *channel, RcaBytes line, RcaLineKind *kind);

/* Decodes a whole record. FALSE when no format understands it; @ev is then to be cleared. */
gboolean rca_channel_decode (RcaChannel *channel, RcaBytes record, RcaEvent *ev, RcaEmit emit, gpointer user);

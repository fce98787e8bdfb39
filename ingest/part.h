/* The parts of a source: opened, their format told, their order settled (private to reader.c). */
#pragma once
#include "framing.h"

/* A part opened, with its first lines. */
typedef struct {
  RcaInput *input;
  RcaFramer *framer;
  RcaSampleLines sample;
  char *name; /* for people: "path" or "path: member" */
  char *conf; /* an nginx.conf that lies beside it; or NULL */
} RcaOpenedPart;

void rca_part_clear (RcaOpenedPart *opened);
gboolean rca_part_open (const RcaSource *source, guint index, const RcaReadOptions *options, RcaOpenedPart *opened, GError **error);

/* The format of a part: told before, forced, the source's where it fits about as well as the best, else the best. */
const RcaFormat *rca_part_format (const RcaSource *source, guint index, const RcaReadOptions *options, const RcaSampleLines *sample, RcaSniff *sniff);

/* Looks into each part, newest first: the format of the newest that holds something is the
 * source's, with why in @why; first times (@first_ns, one a part: RCA_TIME_NONE unknown,
 * G_MAXINT64 an empty newest one) settle the order. */
void rca_parts_survey (RcaSource *source, const RcaReadOptions *options, gint64 *first_ns, RcaSniff *why);

/* Forgets what reading @source filled in. */
void rca_source_reset (RcaSource *source);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RcaOpenedPart, rca_part_clear)

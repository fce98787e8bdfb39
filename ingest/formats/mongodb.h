/* What both of MongoDB's logs say. */
#pragma once
#include "../db-text.h"

/* The event and failure a message names. */
void rca_mongodb_read_text (RcaBytes text, RcaEvent *ev);

/* "find shop.orders {status: ?} sort {at: ?}": @verb on @collection with what narrows it, each as
 * written or empty. */
typedef struct {
  RcaBytes verb, collection;
  RcaBytes filter, pipeline, sort;
} RcaMongoCommand;
RcaBytes rca_mongodb_statement (const RcaMongoCommand *command, RcaArena *arena);

/* The first key of a command document is its verb: "aggregate". */
RcaBytes rca_mongodb_verb (RcaBytes document);

/* The shape of a query document, for databases whose statements are documents. */
#pragma once
#include "arena.h"
#include "bytes.h"

/* {"status":"new","n":{"$gt":5}} and { status: "new", n: { $gt: 5.0 } } are both
 * "{status: ?, n: {$gt: ?}}": keys stay, values go, arrays of documents keep one document of each
 * shape, any other array is [?]. At most @most bytes, in @arena. */
RcaBytes rca_document_shape (RcaBytes document, gsize most, RcaArena *arena);

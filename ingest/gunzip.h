/* gzip, streaming, to the last byte before a damage (libarchive drops up to 64 KiB there). */
#pragma once
#include "bytes.h"

typedef struct RcaGunzip RcaGunzip;

/* Gives up to @n compressed bytes; 0 at the end, -1 with @error. */
typedef gssize (*RcaGunzipFeed) (gpointer user, char *buffer, gsize n, GError **error);

RcaGunzip *rca_gunzip_new (RcaGunzipFeed feed, gpointer user);
void rca_gunzip_free (RcaGunzip *gunzip);

/* Up to @n bytes; 0 at the end of the last member (what follows and is no member is
 * ignored, as gzip does); -1 with @error, RCA_INGEST_ERROR_DAMAGED or the feed's. */
gssize rca_gunzip_read (RcaGunzip *gunzip, char *buffer, gsize n, GError **error);

/* Files of the store's folder that belong to no generation: of commits that did not happen,
 * of segments that were replaced. */
#pragma once
#include "local/manifest.h"

/* Removes them. What @manifest, or either of the manifests on disk, names is kept: a reader may
 * be about to open it; while readers are at work, only temporary files go. Only for the one that holds the lock. */
void rca_sweep (const char *dir, const RcaManifest *manifest);

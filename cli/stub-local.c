#include "store.h"
__attribute__((weak)) void rca_store_mark (RcaStore *s, gint64 t, const char *x) {}
__attribute__((weak)) gboolean rca_store_is_local (const char *d) { return FALSE; }
__attribute__((weak)) RcaStore *rca_store_open_local (const char *d, const RcaOpenOptions *o, GError **e) { g_set_error_literal (e, RCA_STORE_ERROR, RCA_STORE_ERROR_OPEN, "not yet"); return NULL; }

/* msgpack, as little of it as the store needs: maps with string keys. */
#pragma once
#include <glib.h>
#include <msgpack.h>

void rca_pack_key (msgpack_packer *p, const char *key);
void rca_pack_str (msgpack_packer *p, const char *key, const char *value); /* NULL is nil */
void rca_pack_u64 (msgpack_packer *p, const char *key, guint64 value);
void rca_pack_i64 (msgpack_packer *p, const char *key, gint64 value);

/* Values of @map; absent or of another type: NULL, 0, an empty array. */
const msgpack_object *rca_unpack_get (const msgpack_object *map, const char *key);
char *rca_unpack_str (const msgpack_object *map, const char *key); /* transfer full */
guint64 rca_unpack_u64 (const msgpack_object *map, const char *key);
gint64 rca_unpack_i64 (const msgpack_object *map, const char *key);
msgpack_object_array rca_unpack_array (const msgpack_object *map, const char *key);

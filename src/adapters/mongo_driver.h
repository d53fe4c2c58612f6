// libmongoc, loaded when MongoDB is first asked for: as Debian builds it, it starts to work when a program is
// loaded that is linked with it, which costs memory and time that most runs have no use for. Used by
// mongo_client.cpp.
#pragma once

#include <mongoc/mongoc.h>

#include "base/result.h"

// What is called of it.
#define SLUICE_MONGO_FUNCTIONS(use)                                                                         \
  use(bson_as_relaxed_extended_json) use(bson_destroy) use(bson_free) use(bson_init)                        \
      use(bson_init_from_json) use(mongoc_client_pool_destroy) use(mongoc_client_pool_max_size)             \
          use(mongoc_client_pool_new_with_error) use(mongoc_client_pool_pop) use(mongoc_client_pool_push)   \
              use(mongoc_client_pool_set_appname) use(mongoc_client_pool_set_error_api)                     \
                  use(mongoc_client_read_command_with_opts) use(mongoc_client_write_command_with_opts)      \
                      use(mongoc_log_set_handler) use(mongoc_read_prefs_destroy) use(mongoc_read_prefs_new) \
                          use(mongoc_uri_destroy) use(mongoc_uri_get_database) use(mongoc_uri_get_hosts)    \
                              use(mongoc_uri_has_option) use(mongoc_uri_new_with_error)                     \
                                  use(mongoc_uri_set_option_as_bool) use(mongoc_uri_set_option_as_int32)

namespace sluice {

struct MongoDriver {
#define SLUICE_MONGO_MEMBER(name) decltype(&::name) name = nullptr;
  SLUICE_MONGO_FUNCTIONS(SLUICE_MONGO_MEMBER)
#undef SLUICE_MONGO_MEMBER

  // Once for the process, which keeps it. usage, where it is not installed.
  static Result<const MongoDriver*> load();
};

}  // namespace sluice

#include "adapters/mongo_driver.h"

#include <dlfcn.h>

#include <cstdlib>
#include <mutex>

#include "base/log.h"

namespace sluice {
namespace {

constexpr const char* kLibrary = "libmongoc-1.0.so.0";

// What comes of a call is its error; beside that the driver talks to whoever looks for a fault.
void log_of_driver(mongoc_log_level_t /*unused*/, const char* part, const char* message, void* /*unused*/) {
  log(LogLevel::debug, "mongodb", {{"part", part}, {"message", message}});
}

std::unexpected<Error> not_there() {
  const char* why = dlerror();
  return fail(ErrorKind::usage, std::string("MongoDB's driver cannot be loaded: ") +
                                    (why == nullptr ? kLibrary : why) +
                                    ". On Debian install libmongoc-1.0-0.");
}

}  // namespace

Result<const MongoDriver*> MongoDriver::load() {
  static std::mutex mutex;
  static MongoDriver driver;
  static bool loaded = false;
  const std::lock_guard lock(mutex);
  if (loaded) return &driver;
  setenv("MONGOC_DISABLE_SHM", "1", 0);  // its counters are nobody's business, and leave files in /dev/shm
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return not_there();
#define SLUICE_MONGO_LOAD(name)                                                 \
  driver.name = reinterpret_cast<decltype(driver.name)>(dlsym(library, #name)); \
  if (driver.name == nullptr) return not_there();
  SLUICE_MONGO_FUNCTIONS(SLUICE_MONGO_LOAD)
#undef SLUICE_MONGO_LOAD
  driver.mongoc_log_set_handler(log_of_driver, nullptr);
  loaded = true;
  return &driver;
}

}  // namespace sluice

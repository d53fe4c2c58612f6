// What the parts of BullmqQueue share.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "adapters/redis_connection.h"

namespace sluice::bullmq {

std::int64_t now_ms();
std::string now_text();
std::string packed(const nlohmann::json& value);  // msgpack

// False where the job or its lock is not what it was; an error where the script answers what it never does.
Result<bool> done_or_moved_on(const RedisValue& answer, const char* script);

}  // namespace sluice::bullmq

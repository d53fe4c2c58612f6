// How a script is run. See bullmq_scripts.h.
#include "adapters/bullmq_scripts.h"

namespace sluice {
namespace {

bool is_forgotten(const RedisValue& answer) {
  return answer.kind == RedisValue::Kind::error && answer.text.starts_with("NOSCRIPT");
}

RedisCommand command_of(const BullmqScript& script, bool whole, const RedisCommand& arguments) {
  RedisCommand command{whole ? "EVAL" : "EVALSHA", std::string(whole ? script.text : script.sha1),
                       std::to_string(script.keys)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

Result<RedisValue> BullmqScript::run(RedisConnection& redis, const RedisCommand& arguments) const {
  auto answers = TRY(run_all(redis, {arguments}));
  return std::move(answers.front());
}

Result<std::vector<RedisValue>> BullmqScript::run_all(RedisConnection& redis,
                                                      const std::vector<RedisCommand>& each) const {
  std::vector<RedisCommand> commands;
  for (const RedisCommand& arguments : each) commands.push_back(command_of(*this, false, arguments));
  auto answers = TRY(redis.call_all(commands));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (is_forgotten(answers[i])) {
      const RedisCommand whole = command_of(*this, true, each[i]);
      answers[i] = std::move(TRY(redis.call_all(std::span(&whole, 1))).front());
    }
    if (answers[i].kind == RedisValue::Kind::error)
      return std::unexpected(redis_error(answers[i].text).during("BullMQ's " + std::string(name)));
  }
  return answers;
}

}  // namespace sluice

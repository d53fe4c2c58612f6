#include "adapters/request_tally_postgres.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "adapters/pg_pool.h"

namespace sluice {
namespace {

using Clock = std::chrono::steady_clock;

// What nobody has asked for in this time is full again, and says nothing.
constexpr std::chrono::minutes kForgottenAfter{1};

// In the order of names, so that two nodes never wait for each other.
constexpr const char* kTell = R"sql(
INSERT INTO request_rates AS r (who, tokens, asked, at)
SELECT who, $1::float8 - taken, asked, clock_timestamp()
FROM json_to_recordset($2) AS told (who text, taken float8, asked bigint) ORDER BY who
ON CONFLICT (who) DO UPDATE SET
  tokens = least($1::float8, r.tokens + $1::float8 * greatest(extract(epoch FROM clock_timestamp() - r.at), 0)::float8)
           - ($1::float8 - excluded.tokens),
  asked = r.asked + excluded.asked,
  at = greatest(r.at, clock_timestamp())
RETURNING who, floor(tokens * 1000)::bigint, asked)sql";

constexpr const char* kForget = R"sql(
DELETE FROM request_rates WHERE who IN (
  SELECT who FROM request_rates WHERE at < clock_timestamp() - interval '1 minute' FOR UPDATE SKIP LOCKED))sql";

class PostgresTally final : public RequestTally {
 public:
  explicit PostgresTally(const std::string& url) : pool_(url, 1, std::chrono::milliseconds(0)) {}

  Result<std::vector<SharedBucket>> tell(std::uint32_t rate, std::span<const RequestCount> counts) override {
    nlohmann::json told = nlohmann::json::array();
    for (const RequestCount& count : counts)
      told.push_back({{"who", count.who}, {"taken", count.taken}, {"asked", count.asked}});
    PgParams params;
    params.text(std::to_string(rate))
        .text(told.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    const auto forgets = Clock::now() - forgot_ > kForgottenAfter;
    if (forgets) forgot_ = Clock::now();
    return pool_.try_once<std::vector<SharedBucket>>(
        [&](PgConnection& connection) -> Result<std::vector<SharedBucket>> {
          if (forgets) TRY(connection.execute(kForget));
          const PgResult rows = TRY(connection.query(kTell, params));
          std::vector<SharedBucket> buckets;
          for (int row = 0; row < rows.rows(); ++row)
            buckets.push_back({.who = std::string(rows.text(row, 0)),
                               .tokens = static_cast<double>(rows.integer(row, 1)) / 1000,
                               .asked = rows.whole(row, 2)});
          return buckets;
        });
  }

 private:
  PgPool pool_;
  Clock::time_point forgot_ = Clock::now();
};

}  // namespace

std::unique_ptr<RequestTally> make_request_tally_postgres(const std::string& url) {
  return std::make_unique<PostgresTally>(url);
}

}  // namespace sluice

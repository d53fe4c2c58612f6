// DeliveryStore on either database.
#pragma once

#include "adapters/sql_database.h"
#include "ports/delivery_store.h"

namespace sluice {

class SqlDeliveryStore final : public DeliveryStore {
 public:
  explicit SqlDeliveryStore(SqlDatabase& database) : database_(database) {}

  Result<std::uint64_t> made_until() override;
  Result<bool> add_from(std::uint64_t from, std::uint64_t until,
                        const std::vector<Delivery>& deliveries) override;
  Result<std::vector<Delivery>> reserve(std::size_t limit, std::chrono::milliseconds hold) override;
  Result<> delivered(std::int64_t id) override;
  Result<> try_again(std::int64_t id, std::chrono::milliseconds delay, const std::string& error) override;
  Result<> give_up(std::int64_t id, const std::string& error) override;
  Result<std::vector<Delivery>> dead(const std::string& tenant, std::size_t limit) override;
  Result<> replay(const std::string& tenant) override;

 private:
  SqlDatabase& database_;
};

}  // namespace sluice

#include "adapters/unique_claims.h"

#include <algorithm>
#include <cstring>

namespace sluice {
namespace {

struct Value {
  HalfDigest digest;
  std::uint32_t constraint, slot;
};

}  // namespace

void UniqueClaims::begin(std::span<const RowEntry> entries) {
  entries_ = entries;
  holders_.clear();
  first_slot_.clear();
  std::vector<Value> values;
  std::uint32_t slot = 0;
  for (const RowEntry& entry : entries) {
    first_slot_.push_back(slot);
    if (!entry.row || entry.outcome != Outcome::none) continue;
    for (const UniqueValue& unique : entry.row->unique) {
      Value value{.digest = {}, .constraint = unique.constraint, .slot = slot++};
      std::memcpy(value.digest.data(), unique.digest.data(), value.digest.size());
      values.push_back(value);
    }
  }
  first_slot_.push_back(slot);
  holder_of_.assign(slot, 0);
  std::ranges::sort(values, [](const Value& a, const Value& b) {
    if (a.constraint != b.constraint) return a.constraint < b.constraint;
    int order = std::memcmp(a.digest.data(), b.digest.data(), a.digest.size());
    return order != 0 ? order < 0 : a.slot < b.slot;
  });
  for (const Value& value : values) {
    if (holders_.empty() || holders_.back().constraint != value.constraint ||
        holders_.back().digest != value.digest)
      holders_.push_back({.constraint = value.constraint, .digest = value.digest});
    holder_of_[value.slot] = static_cast<std::uint32_t>(holders_.size() - 1);
  }
}

std::optional<UniqueClaims::Taken> UniqueClaims::taken(std::uint32_t entry) const {
  const PreparedRow& row = *entries_[entry].row;
  for (std::uint32_t slot = first_slot_[entry]; slot < first_slot_[entry + 1]; ++slot) {
    const Holder& holder = holders_[holder_of_[slot]];
    if (holder.row_number == 0) continue;
    bool own = by_identity_ &&
               std::memcmp(holder.identity.data(), row.identity.bytes.data(), holder.identity.size()) == 0;
    if (!own) return Taken{row.unique[slot - first_slot_[entry]].constraint, holder.row_number};
  }
  return std::nullopt;
}

void UniqueClaims::hold(std::uint32_t entry) {
  const PreparedRow& row = *entries_[entry].row;
  for (std::uint32_t slot = first_slot_[entry]; slot < first_slot_[entry + 1]; ++slot) {
    Holder& holder = holders_[holder_of_[slot]];
    if (holder.row_number != 0) continue;
    holder.row_number = row.row_number;
    holder.fresh = true;
    if (by_identity_) std::memcpy(holder.identity.data(), row.identity.bytes.data(), holder.identity.size());
  }
}

}  // namespace sluice

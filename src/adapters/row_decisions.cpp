#include "adapters/row_decisions.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <tuple>

namespace sluice {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " + ") + name;
  return text;
}

std::uint64_t prefix_of(std::string_view identity) {
  std::uint64_t prefix = 0;
  std::memcpy(&prefix, identity.data(), std::min<std::size_t>(8, identity.size()));
  return __builtin_bswap64(prefix);
}

// The values in the row's JSON of "id", or of "first + last".
std::string values_of(const PreparedRow& row, const std::string& fields) {
  const auto json = nlohmann::json::parse(row.data, nullptr, false);
  auto member = [&](const std::string& name) -> std::optional<std::string> {
    if (!json.is_object() || !json.contains(name)) return std::nullopt;
    const auto& value = json[name];
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  if (auto whole = member(fields)) return shown_value(*whole);
  std::string values;
  for (std::size_t from = 0, to = 0; to != std::string::npos; from = to + 3) {
    to = fields.find(" + ", from);
    if (from != 0) values += " + ";
    values += member(fields.substr(from, to == std::string::npos ? to : to - from)).value_or("");
  }
  return shown_value(values);
}

}  // namespace

void sort_by_identity(std::span<const RowEntry> entries, std::vector<IdentityOrder>& order) {
  order.clear();
  for (std::uint32_t i = 0; i < entries.size(); ++i)
    if (entries[i].row && entries[i].outcome == Outcome::none)
      order.push_back({prefix_of(entries[i].row->identity.view()), i});
  std::ranges::sort(order, [&](const IdentityOrder& a, const IdentityOrder& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    int by_rest = entries[a.entry].row->identity.view().compare(entries[b.entry].row->identity.view());
    return by_rest != 0 ? by_rest < 0 : a.entry < b.entry;
  });
}

void RowDecisions::begin(std::span<RowEntry> entries) {
  entries_ = entries;
  std::vector<IdentityOrder> order;
  order.reserve(entries.size());
  sort_by_identity(entries, order);
  groups_.clear();
  groups_.reserve(order.size());
  group_of_.assign(entries.size(), kNoGroup);
  const PreparedRow* last = nullptr;
  for (const IdentityOrder& at : order) {
    const PreparedRow& row = *entries[at.entry].row;
    if (!last || last->identity.view() != row.identity.view())
      groups_.push_back({.first = at.entry, .data = at.entry});
    last = &row;
    group_of_[at.entry] = static_cast<std::uint32_t>(groups_.size() - 1);
  }
  if (!spec_.unique_constraints.empty()) unique_.begin(entries);
}

Result<> RowDecisions::decide(const RejectRow& reject) {
  for (std::uint32_t i = 0; i < entries_.size(); ++i)
    if (group_of_[i] != kNoGroup) TRY(decide(i, reject));
  return {};
}

void RowDecisions::undo() {
  for (std::uint32_t i = 0; i < entries_.size(); ++i)
    if (group_of_[i] != kNoGroup) entries_[i].outcome = Outcome::none;
}

void RowDecisions::clear() {
  entries_ = {};
  groups_.clear();
  group_of_.clear();
}

Result<> RowDecisions::decide(std::uint32_t at, const RejectRow& reject) {
  RowEntry& entry = entries_[at];
  RowGroup& group = groups_[group_of_[at]];
  const bool constrained = !spec_.unique_constraints.empty();
  if (group.known) {
    Outcome outcome = TRY(decide_known(group, at, reject));
    if (outcome == Outcome::rejected) return {};  // said and done
    entry.outcome = outcome;
    if (constrained) unique_.hold(at);
    return {};
  }
  if (constrained) {
    if (TRY(reject_if_taken(at, reject))) return {};
    unique_.hold(at);
  }
  entry.outcome = Outcome::inserted;
  group = {.known = true,
           .content_hash = entry.row->content_hash,
           .job_sequence = spec_.job_sequence,
           .row_number = entry.row->row_number,
           .fresh = true,
           .first = at,
           .data = at};
  return {};
}

Result<Outcome> RowDecisions::decide_known(RowGroup& group, std::uint32_t at, const RejectRow& reject) {
  if (spec_.identity == IdentityKind::key) return decide_known_key(group, at, reject);
  if (!group.fresh && !group.moved && spec_.on_duplicate != OnDuplicate::skip) {
    group.moved = true;
    group.first = group.data = at;
  }
  return Outcome::duplicate;
}

Result<Outcome> RowDecisions::decide_known_key(RowGroup& group, std::uint32_t at, const RejectRow& reject) {
  const PreparedRow& row = *entries_[at].row;
  const bool equal = group.content_hash == row.content_hash;
  if (spec_.on_duplicate == OnDuplicate::skip) {
    if (equal) return Outcome::duplicate;
    const std::string fields = joined(spec_.key_fields);
    TRY(reject(entries_[at], unique_issue(entries_[at], fields,
                                          "A row with this " + fields +
                                              " is stored already, with other content. It was left "
                                              "as it is, because the pipeline says on_duplicate: skip.")));
    return Outcome::rejected;
  }
  if (std::tie(spec_.job_sequence, row.row_number) <= std::tie(group.job_sequence, group.row_number))
    return Outcome::duplicate;
  if (!equal && !spec_.unique_constraints.empty() && TRY(reject_if_taken(at, reject)))
    return Outcome::rejected;
  // Also where the content is equal the version moves on: what has a lower one must not replace it.
  if (!group.fresh && !group.moved && !group.replaced) group.first = at;
  (equal ? group.moved : group.replaced) = true;
  group.job_sequence = spec_.job_sequence;
  group.row_number = row.row_number;
  if (equal) return Outcome::duplicate;
  group.data = at;
  group.content_hash = row.content_hash;
  return Outcome::updated;
}

Result<bool> RowDecisions::reject_if_taken(std::uint32_t at, const RejectRow& reject) {
  auto taken = unique_.taken(at);
  if (!taken) return false;
  const std::string& fields = taken->constraint < spec_.unique_constraints.size()
                                  ? spec_.unique_constraints[taken->constraint]
                                  : joined(spec_.key_fields);
  TRY(reject(entries_[at],
             unique_issue(entries_[at], fields,
                          "The value of " + fields + " may stand only once, and row " +
                              std::to_string(taken->row_number) + " of the data has it already.")));
  return true;
}

Issue RowDecisions::unique_issue(const RowEntry& entry, const std::string& fields,
                                 std::string message) const {
  Issue issue{.code = RejectCode::unique_error, .field = fields, .message = std::move(message)};
  const auto& columns = entry.batch->batch.columns();
  if (columns)
    if (auto found = std::ranges::find(*columns, fields); found != columns->end())
      issue.field_number = static_cast<std::uint32_t>(found - columns->begin()) + 1;
  issue.value = values_of(*entry.row, fields);
  return issue;
}

}  // namespace sluice

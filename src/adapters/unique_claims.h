// Values that may stand only once in a job (`unique`, `primaryKey`): those of a commit under way, and who
// holds each. The store looks up the holders that it knows (table job_unique_values) and writes the new ones.
// No database here; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "adapters/row_entry.h"
#include "ports/store.h"

namespace sluice {

// Half of a SHA-256 tells values apart as well as the whole: among 10^12 two share it by chance with
// 1.5 : 10^15, and its index is smaller by a third.
using HalfDigest = std::array<std::uint8_t, 16>;

class UniqueClaims {
 public:
  explicit UniqueClaims(const WriteSpec& spec) : by_identity_(spec.identity == IdentityKind::key) {}

  // One per distinct value of the commit, by constraint and digest.
  struct Holder {
    std::uint32_t constraint = 0;
    HalfDigest digest{};
    std::uint64_t row_number = 0;  // of the row that has the value; 0: none has
    HalfDigest identity{};         // where the identity is a key: of that row
    bool fresh = false;            // held by a row of this commit: to be written
  };

  // Takes the values of the rows that are not decided yet; the store then fills in what it knows of
  // holders().
  void begin(std::span<const RowEntry> entries);
  std::span<Holder> holders() { return holders_; }

  struct Taken {
    std::uint32_t constraint;
    std::uint64_t row_number;
  };
  // A value of this entry that a row of another identity holds.
  std::optional<Taken> taken(std::uint32_t entry) const;
  // The entry is in: its values are held from now on, those that are held already stay with their holder.
  void hold(std::uint32_t entry);

  bool by_identity() const { return by_identity_; }

 private:
  std::span<const RowEntry> entries_;
  std::vector<Holder> holders_;
  std::vector<std::uint32_t> first_slot_;  // per entry, into holder_of_; one more at the end
  std::vector<std::uint32_t> holder_of_;
  const bool by_identity_;  // a row may take over the values of its own identity
};

}  // namespace sluice

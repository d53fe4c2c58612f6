// What was counted of a column, and what follows from it: a field of the schema and sentences for people.
// Used by SchemaInference alone; one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "schema/table_schema.h"
#include "schema/value_shape.h"

namespace sluice {

inline constexpr std::uint64_t kNoRow = std::numeric_limits<std::uint64_t>::max();

// The first value of its kind in the file, for messages.
struct Example {
  std::uint64_t row = kNoRow;
  std::array<char, 40> text{};
  std::uint8_t size = 0;

  void offer(std::string_view value, std::uint64_t at_row) {
    if (at_row < row) take(value, at_row);
  }
  void take(std::string_view value, std::uint64_t at_row);
  void merge(const Example& other) {
    if (other.row < row) *this = other;
  }
  std::string_view view() const { return {text.data(), size}; }
};

// How often a value of one shape was met.
struct ShapeCount {
  Shape shape = Shape::blank;
  std::uint64_t count = 0;
  Example example;
};

// A column has few of the shapes, and a table may have thousands of columns: there is an entry for what was
// met.
class ColumnShapes {
 public:
  std::uint64_t ambiguous = 0;              // dates whose day and month could change places
  std::array<std::uint64_t, 3> evidence{};  // by OrderEvidence
  std::uint64_t first_row = kNoRow;         // where the column first stood, and its place there
  std::size_t place = std::numeric_limits<std::size_t>::max();

  void add(const ShapeFound& found, std::string_view text, std::uint64_t row) {
    ShapeCount& one = entry(found.shape);
    ++one.count;
    one.example.offer(text, row);
    if (found.ambiguous || found.evidence != OrderEvidence::none) [[unlikely]]
      add_order(found, text, row);
  }
  void seen_at(std::uint64_t row, std::size_t at_place) {
    if (row < first_row || (row == first_row && at_place < place)) first_row = row, place = at_place;
  }
  void merge(const ColumnShapes& other);
  std::string date_order() const;  // "dmy", "mdy", ""
  std::uint64_t count(Shape shape) const { return met(shape).count; }
  const Example& example(Shape shape) const { return met(shape).example; }
  const Example& evidence_example(OrderEvidence which) const;  // where there is such evidence

 private:
  ShapeCount& entry(Shape shape) {
    std::uint8_t& at = places_[static_cast<std::size_t>(shape)];
    if (at == 0) [[unlikely]] {
      met_.push_back({.shape = shape, .example = {}});
      at = static_cast<std::uint8_t>(met_.size());
    }
    return met_[at - 1];
  }
  const ShapeCount& met(Shape shape) const;
  void add_order(const ShapeFound& found, std::string_view text, std::uint64_t row);

  std::array<std::uint8_t, kShapes> places_{};  // in met_, from 1; 0: not met
  std::vector<ShapeCount> met_;
  std::vector<Example> evidence_examples_;  // by OrderEvidence, once there is any
};

struct Decision {
  Field field;
  std::vector<std::string> findings;
};
Decision decide(const std::string& name, const ColumnShapes& column);

}  // namespace sluice

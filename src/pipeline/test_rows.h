// For tests: a pipeline from YAML text, rows from text, and what became of them as text again.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/pipeline.h"

namespace sluice::test {

inline std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Lines of cells between bars; the first line is the header. "∅" is a null, "#1.50" a JSON number, "{…" JSON
// and
// "-" in an object batch a member that is not there. A line may be short or long.
inline RowBatch rows_of(std::string_view table) {
  auto lines = parts_of(table, '\n');
  auto columns = std::make_shared<Columns>();
  for (std::string_view name : parts_of(lines[0], '|')) columns->emplace_back(name);
  RowBatch batch(columns, columns->size());
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::size_t row = batch.add_row();
    std::string_view line = batch.arena().copy(lines[i]);
    auto cells = parts_of(line, '|');
    RowInfo& info = batch.info(row);
    info.row_number = i;
    info.line = i + 1;
    info.raw = line.data();
    info.raw_size = static_cast<std::uint32_t>(line.size());
    info.cell_count = static_cast<std::uint32_t>(cells.size());
    std::vector<Cell> extra;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      Cell cell = Cell::string(cells[c]);
      if (cells[c] == "∅")
        cell = Cell::null();
      else if (cells[c] == "-")
        cell = Cell{};
      else if (cells[c].starts_with('#'))
        cell = Cell::number(cells[c].substr(1));
      else if (cells[c].starts_with('{'))
        cell = Cell::json(cells[c]);
      if (c < columns->size())
        batch.cells(row)[c] = cell;
      else
        extra.push_back(cell);
    }
    if (!extra.empty()) batch.set_extra_cells(row, std::move(extra));
  }
  return batch;
}

inline std::unique_ptr<Pipeline> pipeline_of(const std::string& yaml, const JobIdentity& job = {}) {
  auto spec = parse_pipeline("name: test\n" + yaml, "test.yaml");
  if (!spec) throw std::runtime_error(spec.error().message);
  auto pipeline = Pipeline::compile(*spec, job);
  if (!pipeline) throw std::runtime_error(pipeline.error().message);
  return std::move(*pipeline);
}

inline PreparedBatch prepare(const std::string& yaml, std::string_view table, bool fixed = true) {
  RowBatch batch = rows_of(table);
  auto bound = pipeline_of(yaml)->bind(batch.columns(), fixed);
  if (!bound) throw std::runtime_error(bound.error().message);
  return (*bound)->prepare(std::move(batch));
}

// One line per row, in the order of the file: the stored JSON (with " + " and the metadata), or
// "!code field#number constraint: message (suggestion)" per issue, joined by "; ".
inline std::string outcome_text(const PreparedBatch& batch) {
  std::vector<std::string> lines;
  std::size_t good = 0, bad = 0;
  while (good < batch.rows.size() || bad < batch.rejects.size()) {
    bool take_good =
        bad == batch.rejects.size() ||
        (good < batch.rows.size() && batch.rows[good].row_number < batch.rejects[bad].row_number);
    if (take_good) {
      const PreparedRow& row = batch.rows[good++];
      lines.emplace_back(row.data);
      if (!row.metadata.empty()) lines.back().append(" + ").append(row.metadata);
      continue;
    }
    std::string line;
    for (const Issue& issue : batch.rejects[bad].issues) {
      line += line.empty() ? "!" : "; !";
      line += name_of(issue.code);
      if (!issue.field.empty()) line += " " + issue.field + "#" + std::to_string(issue.field_number);
      if (!issue.constraint.empty()) line += " " + issue.constraint;
      if (issue.code == RejectCode::transform_error) line += ": " + issue.message;
      if (!issue.suggestion.empty()) line += " (" + issue.suggestion + ")";
    }
    lines.push_back(line);
    ++bad;
  }
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

struct Case {
  const char* name;
  const char* yaml;
  const char* rows;
  const char* outcome;
  bool fixed = true;
};

inline void check(const Case& test) {
  SCOPED_TRACE(test.name);
  try {
    EXPECT_EQ(outcome_text(prepare(test.yaml, test.rows, test.fixed)), test.outcome);
  } catch (const std::exception& error) {
    EXPECT_EQ(std::string("error: ") + error.what(), test.outcome);
  }
}

}  // namespace sluice::test

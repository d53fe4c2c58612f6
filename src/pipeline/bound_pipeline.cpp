// The row loop: normalise, transform, check, write canonical JSON, hash, identify. One pass per row, no
// allocation but from the batch's arena; everything that only rejected rows need is out of line.
#include "pipeline/bound_pipeline.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/decimal_sum.h"
#include "base/sha256_many.h"
#include "pipeline/jcs.h"
#include "pipeline/utf8.h"

namespace sluice {

namespace {

// So many rows are hashed together, while their text is still in the processor's cache.
constexpr std::size_t kHashedTogether = 32;

class RowLoop {
 public:
  RowLoop(const BoundLayout& layout, PreparedBatch& out)
      : layout_(layout),
        spec_(layout.compiled->spec),
        out_(out),
        batch_(out.batch),
        arena_(out.batch.arena()),
        cells_(layout.absent_slot + 1) {}

  void run() {
    out_.rows.reserve(batch_.size());
    for (std::size_t row = 0; row < batch_.size(); ++row) {
      if (batch_.info(row).rejected()) [[unlikely]] {
        reject_as_read(row);
        continue;
      }
      issues_.clear();
      failed_.clear();
      if (!prepare_row(row)) [[unlikely]]
        reject(row);
      if (out_.rows.size() - hashed_ == kHashedTogether) hash_rows();
    }
    hash_rows();
  }

 private:
  // False: issues_ says why.
  bool prepare_row(std::size_t row) {
    copy_cells(row);
    const bool has_value = spec_.normalise ? normalise() : has_text();
    // An object without members is what its sender made it; a line of blank cells is a slip.
    if (!has_value && layout_.fixed && !has_text_beyond(row)) return say_blank();
    if (layout_.fixed && !check_width(row)) [[unlikely]]
      return false;
    StepRow step_row{cells_.data(), arena_, scratch_, issues_, failed_};
    for (const auto& step : layout_.steps) step->apply(step_row);
    if (!layout_.extra.empty() && layout_.compiled->extra_fields == ExtraFields::reject) check_extra();
    check_fields();
    if (!layout_.key.empty()) check_key();
    if (!layout_.summed.empty()) check_summed();
    if (!issues_.empty()) [[unlikely]]
      return false;

    PreparedRow prepared;
    problems_.clear();
    if (!json_.write(layout_.members, cells_.data(), arena_, prepared.data, problems_)) [[unlikely]]
      return say_problems(layout_.members, layout_.member_names);
    if (prepared.data.size() == 2 && layout_.fixed) [[unlikely]]
      return say_blank();  // {}
    const RowInfo& info = batch_.info(row);
    prepared.row_number = info.row_number;
    prepared.line = info.line;
    prepared.batch_row = static_cast<std::uint32_t>(row);
    if (spec_.identity != IdentityKind::content) identify(prepared);
    if (!layout_.unique.empty()) prepared.unique = unique_values();
    if (!spec_.table.empty()) prepared.typed = typed_cells();
    if (layout_.compiled->extra_fields == ExtraFields::keep && !write_metadata(row, prepared.metadata))
      return false;
    out_.rows.push_back(prepared);
    return true;
  }

  // The steps and rules work on a copy, so that a reject can show the row as it was read.
  void copy_cells(std::size_t row) {
    std::memcpy(static_cast<void*>(cells_.data()), batch_.cells(row), layout_.input_width * sizeof(Cell));
    std::fill(cells_.begin() + static_cast<std::ptrdiff_t>(layout_.input_width), cells_.end(), Cell{});
  }

  // Trims, makes missing values null; is there anything but blanks in the row?
  bool normalise() {
    bool any = false;
    for (std::size_t i = 0; i < layout_.input_width; ++i) {
      Cell& cell = cells_[i];
      if (cell.kind != CellKind::string) {
        any |= !cell.is_null();
        continue;
      }
      std::string_view text = trim_white_space(cell.text());
      const MissingValues& missing = *layout_.missing[i];
      any |= !text.empty();
      if (text.empty() ? missing.empty_text : (!missing.others.empty() && missing.contains(text))) {
        cell = Cell::null();
      } else {
        cell.data = text.data();
        cell.size = static_cast<std::uint32_t>(text.size());
      }
    }
    return any;
  }

  static bool is_blank(const Cell& cell) {
    return cell.is_null() || (cell.kind == CellKind::string && trim_white_space(cell.text()).empty());
  }
  bool has_text() const {
    return !std::all_of(cells_.begin(), cells_.begin() + static_cast<std::ptrdiff_t>(layout_.input_width),
                        is_blank);
  }
  bool has_text_beyond(std::size_t row) const {
    auto extra = batch_.extra_cells(row);
    return !std::all_of(extra.begin(), extra.end(), is_blank);
  }

  bool say_blank() {
    Issue issue{RejectCode::blank_row};
    issue.message = "Every cell of this row is empty.";
    issues_.push_back(std::move(issue));
    return false;
  }

  bool check_width(std::size_t row) {
    const std::size_t count = batch_.info(row).cell_count, expected = layout_.input_width;
    if (count == expected) [[likely]]
      return true;
    if (count < expected) return spec_.missing_cells == MissingCells::null || say_short(count);
    return layout_.compiled->extra_fields != ExtraFields::reject || say_long(row, count);
  }

  bool say_short(std::size_t count) {
    constexpr std::size_t kNamed = 5;
    const Columns& columns = *layout_.columns;
    Issue issue{RejectCode::missing_cell};
    issue.field = columns[count];
    issue.field_number = static_cast<std::uint32_t>(count + 1);
    issue.message = "The row has " + std::to_string(count) + (count == 1 ? " cell" : " cells") +
                    " where the header has " + std::to_string(columns.size()) + ": ";
    for (std::size_t i = count; i < columns.size() && i < count + kNamed; ++i)
      issue.message += (i == count ? "'" : ", '") + shown_value(columns[i], 60) + "'";
    if (columns.size() > count + kNamed)
      issue.message += " and " + std::to_string(columns.size() - count - kNamed) + " more";
    issue.message += columns.size() == count + 1 ? " is missing." : " are missing.";
    issues_.push_back(std::move(issue));
    return false;
  }

  bool say_long(std::size_t row, std::size_t count) {
    Issue issue{RejectCode::extra_cell};
    issue.field = extra_cell_name(*layout_.columns, layout_.input_width + 1);
    issue.field_number = static_cast<std::uint32_t>(layout_.input_width + 1);
    if (auto extra = batch_.extra_cells(row); !extra.empty()) issue.value = shown_value(extra[0].text());
    issue.message = "The row has " + std::to_string(count) + " cells where the header has " +
                    std::to_string(layout_.input_width);
    issue.message += kDelimiterHint;
    issues_.push_back(std::move(issue));
    return false;
  }

  void check_extra() {
    for (const ExtraColumn& extra : layout_.extra) {
      const Cell& cell = cells_[extra.slot];
      if (cell.is_null()) continue;
      Issue issue{RejectCode::extra_cell};
      issue.field = extra.name;
      issue.field_number = number_of(extra.slot);
      issue.value = shown_value(cell.text());
      issue.message = extra.message;
      issues_.push_back(std::move(issue));
    }
  }

  std::uint32_t number_of(Slot slot) const { return slot < layout_.input_width ? slot + 1 : 0; }

  void check_fields() {
    for (const BoundField& field : layout_.fields) {
      if (!field.checked) continue;
      Cell& cell = cells_[field.slot];
      if (field.missing != nullptr && cell.kind == CellKind::string &&
          field.missing->contains(trim_white_space(cell.text())))
        cell = Cell::null();
      if (layout_.absent_is_missing_cell && cell.kind == CellKind::missing) [[unlikely]] {
        say_absent(field);
        continue;
      }
      if (!failed_.empty() && std::find(failed_.begin(), failed_.end(), field.slot) != failed_.end())
        continue;
      const std::size_t before = issues_.size();
      if (field.rule->check(cell, arena_, issues_)) [[likely]]
        continue;
      for (std::size_t i = before; i < issues_.size(); ++i) {
        issues_[i].field_number = number_of(field.slot);
        if (issues_[i].field.empty()) issues_[i].field = field.rule->field().name;
      }
    }
  }

  void say_absent(const BoundField& field) {
    Issue issue{RejectCode::missing_cell};
    issue.field = field.rule->field().name;
    issue.field_number = number_of(field.slot);
    issue.message = "The row has no '" + issue.field + "', which the schema asks for (fieldsMatch).";
    issues_.push_back(std::move(issue));
  }

  void check_key() {
    for (std::size_t i = 0; i < layout_.key.size(); ++i) {
      if (!cells_[layout_.key[i]].is_null()) continue;
      const std::string& name = spec_.key_fields[i];
      auto said = [&](const Issue& issue) { return issue.field == name; };
      if (std::any_of(issues_.begin(), issues_.end(), said))
        continue;  // required, or not a value of its type
      Issue issue{RejectCode::constraint_error};
      issue.field = name;
      issue.field_number = number_of(layout_.key[i]);
      issue.constraint = "required";
      issue.message = "'" + name + "' is empty, but rows are known by it (identity); give it a value.";
      issues_.push_back(std::move(issue));
    }
  }

  void check_summed() {
    for (const SummedField& field : layout_.summed) {
      const Cell& cell = cells_[field.slot];
      if (cell.kind != CellKind::number || can_be_summed(cell.text())) [[likely]]
        continue;  // of another kind: said by its rule
      Issue issue{RejectCode::constraint_error};
      issue.field = field.name;
      issue.field_number = number_of(field.slot);
      issue.value = shown_value(cell.text());
      issue.message = "The number in '" + field.name + "' has more than " + std::to_string(kSumDigits) +
                      " digits before or after its point, and cannot be summed up in '" + field.aggregate +
                      "'.";
      issues_.push_back(std::move(issue));
    }
  }

  bool say_problems(std::span<const RowMember> members, std::span<const std::string> names) {
    for (JsonProblem& problem : problems_) {
      const Slot slot = members[problem.member].slot;
      Issue issue{problem.is_nul ? RejectCode::encoding_error : RejectCode::type_error};
      issue.field = names[problem.member];
      issue.field_number = number_of(slot);
      issue.value = shown_value(cells_[slot].text());
      issue.message = "'" + issue.field + "' cannot be stored: " + problem.message;
      issues_.push_back(std::move(issue));
    }
    return false;
  }

  // ---------------------------------------------------------------- identity

  Digest digest_of(std::span<const Slot> slots) {
    scratch_.assign(1, '[');
    for (Slot slot : slots) {
      if (scratch_.size() > 1) scratch_ += ',';
      // The row's own JSON was written from these cells before, so that nothing can fail here.
      if (auto done = append_jcs_cell(scratch_, cells_[slot]); !done) scratch_ += "null";
    }
    scratch_ += ']';
    return sha_.of(scratch_);
  }

  void identify(PreparedRow& row) {
    Identity& identity = row.identity;
    if (spec_.identity == IdentityKind::position) {
      std::copy(layout_.compiled->job.root_job_id.begin(), layout_.compiled->job.root_job_id.end(),
                identity.bytes.begin());
      for (std::size_t i = 0; i < 8; ++i)
        identity.bytes[16 + i] = static_cast<std::uint8_t>(row.row_number >> (56 - 8 * i));
      identity.size = 24;
      return;
    }
    set_identity(row, digest_of(layout_.key));
  }

  static void set_identity(PreparedRow& row, const Digest& digest) {
    row.identity.bytes = digest;
    row.identity.size = digest.size();
  }

  // The rows since the last time.
  void hash_rows() {
    std::array<TextToHash, kHashedTogether> texts;
    std::size_t count = 0;
    const auto rows = std::span(out_.rows).subspan(hashed_);
    for (PreparedRow& row : rows) texts[count++] = {row.data, &row.content_hash};
    hash_many(std::span(texts).first(count));
    if (spec_.identity == IdentityKind::content)
      for (PreparedRow& row : rows) set_identity(row, row.content_hash);
    hashed_ = out_.rows.size();
  }

  std::span<const UniqueValue> unique_values() {
    auto values = arena_.array<UniqueValue>(layout_.unique.size());
    std::size_t count = 0;
    for (std::size_t i = 0; i < layout_.unique.size(); ++i) {
      const auto& slots = layout_.unique[i];
      if (std::any_of(slots.begin(), slots.end(), [&](Slot slot) { return cells_[slot].is_null(); }))
        continue;
      values[count++] = {static_cast<std::uint32_t>(i), digest_of(slots)};
    }
    return values.first(count);
  }

  std::span<const Cell> typed_cells() {
    auto typed = arena_.array<Cell>(layout_.fields.size());
    for (std::size_t i = 0; i < typed.size(); ++i) typed[i] = cells_[layout_.fields[i].slot];
    return typed;
  }

  // What the schema does not know, as a JSON object; "" where there is nothing. False: issues_ says why.
  bool write_metadata(std::size_t row, std::string_view& out) {
    std::string_view json = "{}";
    problems_.clear();
    if (!layout_.metadata.empty() &&
        !metadata_json_.write(layout_.metadata, cells_.data(), arena_, json, problems_))
      return say_problems(layout_.metadata, layout_.metadata_names);
    const auto extra = batch_.extra_cells(row);
    if (!extra.empty()) {
      std::string whole(json.substr(0, json.size() - 1));
      std::size_t number = layout_.input_width;
      for (const Cell& cell : extra) {
        ++number;
        if (is_blank(cell)) continue;
        if (whole.size() > 1) whole += ',';
        append_jcs_string(whole, extra_cell_name(*layout_.columns, number));
        whole += ':';
        append_raw_value(whole, cell);
      }
      json = arena_.copy(whole + "}");
    }
    if (json.size() > 2) out = json;
    return true;
  }

  // ---------------------------------------------------------------- rejects

  void reject(std::size_t row) {
    for (Issue& issue : issues_) {
      if (issue.field_number > layout_.input_width && issue.code != RejectCode::extra_cell)
        issue.field_number = 0;
      if (issue.field_number == 0 || issue.field_number > layout_.input_width) continue;
      if (!layout_.steps.empty()) show_as_read(row, issue);
      if (is_dropped(issue)) hide(issue);
    }
    if (issues_.size() > kIssuesPerRow) issues_.resize(kIssuesPerRow, Issue{RejectCode::blank_row});
    // Just as long as it is, and the buffer is used again: where every row is rejected, this is the memory.
    add_reject(row, {std::make_move_iterator(issues_.begin()), std::make_move_iterator(issues_.end())});
  }

  // Rejected before this loop saw it: by the parser.
  void reject_as_read(std::size_t row) {
    std::vector<Issue> issues = batch_.take_issues(row);
    const bool untold = !batch_.info(row).readable && drops_columns(spec_);
    for (Issue& issue : issues)
      if (untold || is_dropped(issue)) hide(issue);
    add_reject(row, std::move(issues));
  }

  bool is_dropped(const Issue& issue) const {
    return issue.field_number != 0 && issue.field_number <= layout_.dropped.size() &&
           layout_.dropped[issue.field_number - 1];
  }

  static void hide(Issue& issue) {
    issue.value.clear();
    issue.suggestion.clear();
    if (issue.code == RejectCode::transform_error)  // what a step says may quote the value
      issue.message = "A step could not be applied to '" + issue.field +
                      "'; its value is not shown, because the pipeline drops the column.";
  }

  // A sender knows the value that stands in the file, not what the steps made of it; the message names that.
  void show_as_read(std::size_t row, Issue& issue) const {
    const Cell& read = batch_.cells(row)[issue.field_number - 1];
    const std::string_view text = spec_.normalise ? trim_white_space(read.text()) : read.text();
    issue.value = shown_value(text);
  }

  void add_reject(std::size_t row, std::vector<Issue> issues) {
    const RowInfo& info = batch_.info(row);
    std::string raw = raw_row(layout_, batch_, row);
    out_.rejects.push_back({info.row_number, info.line, std::move(raw), std::move(issues)});
  }

  const BoundLayout& layout_;
  const PipelineSpec& spec_;
  PreparedBatch& out_;
  RowBatch& batch_;
  Arena& arena_;
  std::vector<Cell> cells_;  // the working row
  std::vector<Issue> issues_;
  std::vector<Slot> failed_;
  std::vector<JsonProblem> problems_;
  std::string scratch_;
  std::size_t hashed_ = 0;  // of out_.rows
  RowJsonWriter json_, metadata_json_;
  Sha256 sha_;
};

}  // namespace

PreparedBatch BoundRows::prepare(RowBatch batch) const {
  PreparedBatch out(std::move(batch));
  RowLoop(layout_, out).run();
  return out;
}

std::string BoundRows::raw_of(const RowBatch& batch, std::size_t row) const {
  return raw_row(layout_, batch, row);
}

}  // namespace sluice

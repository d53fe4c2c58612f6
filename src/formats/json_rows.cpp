#include "formats/json_rows.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

namespace sluice {
namespace {

// Cells of a batch whose rows have few of its columns: what rows of ever new members can make it grow to.
// Rows that fill at least half of their columns never come near a limit of their own.
constexpr std::size_t kSparseCells = 64 * 1024;

bool is_utf8(std::string_view bytes) { return simdjson::validate_utf8(bytes.data(), bytes.size()); }

std::string row_label(std::uint64_t row_number) { return "Row " + std::to_string(row_number); }

}  // namespace

JsonRows::JsonRows(const ReadPlan& plan, JsonScanner::Space space) : plan_(plan), scanner_(space) {
  if (plan.rows_are_arrays)
    fixed_ = std::make_shared<const Columns>(plan.columns);
  else if (!plan.item_keys.empty())
    fixed_ = std::make_shared<const Columns>(plan.item_keys);
  else
    return;
  for (const std::string& name : *fixed_)  // a key given twice is one column filled and one never
    columns_.emplace(name, static_cast<std::uint32_t>(&name - fixed_->data()));
  names_.assign(fixed_->begin(), fixed_->end());
  last_row_.assign(names_.size(), 0);
}

void JsonRows::begin(Buffer bytes) {
  bytes_ = std::move(bytes);
  bytes_.reserve(1);  // padding stands even behind nothing
  all_text_ = is_utf8(bytes_.view());
  start_batch();
}

bool JsonRows::is_text(std::string_view raw) const { return all_text_ || is_utf8(raw); }

const char* JsonRows::scan(const char* at, const char* end) {
  scanner_.begin(end);
  // The outside of a reported row is an object in any case.
  const bool arrays = plan_.rows_are_arrays && (plan_.row_member.empty() || inside_report_);
  is_object_ = *at == '{' && !arrays;
  is_array_ = *at == '[' && arrays;
  if (is_object_) return scanner_.object(at, members_);
  if (is_array_) return scanner_.array(at, elements_);
  return scanner_.value(at, value_);
}

void JsonRows::add(const Place& place) {
  if (!is_text(place.raw))
    return reject(place, RejectCode::encoding_error,
                  row_label(place.row_number) + " holds bytes that are no text in the file's encoding.");
  if (!plan_.row_member.empty()) return add_reported(place);
  if (scanner_.unstorable() != nullptr)
    return reject(place, RejectCode::encoding_error,
                  row_label(place.row_number) + " holds " + scanner_.unstorable() + "; it cannot be stored.");
  if (scanner_.too_deep())
    return reject(
        place, RejectCode::syntax_error,
        row_label(place.row_number) + " is nested more than " + std::to_string(kJsonDepth) + " levels deep.");
  if (is_object_) return add_object(place);
  if (is_array_) return add_array(place);
  reject(place, RejectCode::type_error,
         row_label(place.row_number) + " is " + json_kind_name(value_) +
             (plan_.rows_are_arrays ? ", not an array." : ", not an object."));
}

std::uint32_t JsonRows::column_of(std::string_view name, std::uint32_t expected) {
  // Rows mostly have their members in the order of the row before.
  if (expected < names_.size() && names_[expected] == name) return expected;
  if (auto found = columns_.find(name); found != columns_.end()) return found->second;
  if (fixed_) return kIgnored;
  const auto column = static_cast<std::uint32_t>(names_.size());
  auto added = columns_.emplace(std::string(name), column).first;
  names_.push_back(added->first);
  last_row_.push_back(0);
  return column;
}

// The column of every member, new ones included. False: the member `twice` stands there twice.
bool JsonRows::find_columns(std::string& twice) {
  const std::size_t known = names_.size();
  ++row_stamp_;
  slots_.clear();
  std::uint32_t expected = 0;
  for (const JsonMember& member : members_) {
    std::string_view name = member.name.text();
    if (member.name.escaped) {
      name_space_ = unescape_json(name);
      name = name_space_;
    }
    const std::uint32_t column = column_of(name, expected);
    slots_.push_back(column);
    if (column == kIgnored) continue;
    if (last_row_[column] == row_stamp_) {
      twice = name;
      forget_columns(known);
      return false;
    }
    last_row_[column] = row_stamp_;
    expected = column + 1;
  }
  return true;
}

void JsonRows::forget_columns(std::size_t from) {
  for (std::size_t i = from; i < names_.size(); ++i) columns_.erase(columns_.find(names_[i]));
  names_.resize(from);
  last_row_.resize(from);
}

// Would one more row make the batch mostly empty cells?
bool JsonRows::too_many(std::size_t columns) const {
  const std::size_t cells = (batch_->size() + 1) * std::max(columns, batch_->stride());
  return batch_->size() != 0 && cells > std::max(kSparseCells, 2 * present_);
}

void JsonRows::add_object(const Place& place) {
  const std::size_t known = names_.size();
  std::string twice;
  if (!find_columns(twice))
    return reject(place, RejectCode::syntax_error,
                  row_label(place.row_number) + " has the member " + shown_value(twice) +
                      " twice; which of the two counts cannot be known.");
  if (too_many(names_.size())) {
    if (!fixed_) forget_columns(known);
    close_batch(false);
    start_batch();
    find_columns(twice);
  }
  if (names_.size() > batch_->stride())  // growing in steps keeps the copying in bounds
    batch_->widen(batch_->size() < 16 ? names_.size() : names_.size() + names_.size() / 4);
  Cell* cells = batch_->cells(new_row(place, names_.size()));
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (slots_[i] != kIgnored) cells[slots_[i]] = cell_of(members_[i].value);
  present_ += members_.size();
}

void JsonRows::add_array(const Place& place) {
  const std::size_t columns = names_.size();
  if (too_many(columns)) {
    close_batch(false);
    start_batch();
  }
  const std::size_t row = new_row(place, elements_.size());
  Cell* cells = batch_->cells(row);
  const std::size_t inside = std::min(columns, elements_.size());
  for (std::size_t i = 0; i < inside; ++i) cells[i] = cell_of(elements_[i]);
  present_ += inside;
  if (elements_.size() == inside) return;
  std::vector<Cell> extra;
  for (std::size_t i = inside; i < elements_.size(); ++i) extra.push_back(cell_of(elements_[i]));
  batch_->set_extra_cells(row, std::move(extra));
}

// A line of a rejects report: the row stands under one member, its number in the first job's input under
// another.
void JsonRows::add_reported(const Place& place) {
  auto complain = [&](const std::string& what) {
    reject(place, RejectCode::syntax_error, "Line " + std::to_string(place.line) + " of the report " + what);
  };
  if (!is_object_) return complain(std::string("is ") + json_kind_name(value_) + ", not an object.");
  reported_members_.swap(members_);
  const JsonValue *row = nullptr, *number = nullptr;
  for (const JsonMember& member : reported_members_) {
    if (!member.name.escaped && member.name.text() == plan_.row_member) row = &member.value;
    if (!member.name.escaped && member.name.text() == plan_.row_number_member) number = &member.value;
  }
  Place original = place;
  if (!plan_.row_number_member.empty()) {
    const std::string_view digits = number == nullptr ? std::string_view() : number->text();
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), original.row_number);
    if (number == nullptr || number->kind != CellKind::number || error != std::errc() ||
        end != digits.data() + digits.size() || original.row_number == 0)
      return complain("does not say under \"" + plan_.row_number_member +
                      "\" which row it is (a whole number from 1).");
  }
  const char open = plan_.rows_are_arrays ? '[' : '{';
  const char* wanted = plan_.rows_are_arrays ? "array" : "object";
  auto complain_of_row = [&](const std::string& what) { reject(original, RejectCode::syntax_error, what); };
  if (row == nullptr || row->kind != CellKind::json || *row->data != open)
    return complain_of_row("The report has under \"" + plan_.row_member + "\" " +
                           (row == nullptr ? "nothing" : json_kind_name(*row)) +
                           "; the corrected row must stand there as an " + wanted + ".");
  original.raw = row->text();
  inside_report_ = true;
  scan(row->data, row->data + row->size);
  inside_report_ = false;
  if (scanner_.unstorable() != nullptr)
    return reject(
        original, RejectCode::encoding_error,
        row_label(original.row_number) + " holds " + scanner_.unstorable() + "; it cannot be stored.");
  if (scanner_.too_deep())
    return complain_of_row(row_label(original.row_number) + " is nested more than " +
                           std::to_string(kJsonDepth) + " levels deep.");
  if (is_object_)
    add_object(original);
  else
    add_array(original);
}

std::size_t JsonRows::new_row(const Place& place, std::size_t cells) {
  if (batch_->size() == 0)  // room for a chunk of rows like the first, within what such rows can fill
    batch_->reserve(
        std::min(bytes_.size() / (place.raw.size() + 1), bytes_.size() / (8 * batch_->stride() + 8)) + 1);
  const std::size_t row = batch_->add_row();
  RowInfo& info = batch_->info(row);
  info.row_number = place.row_number;
  info.line = place.line;
  info.raw = place.raw.data();
  info.raw_size = static_cast<std::uint32_t>(place.raw.size());
  info.cell_count = static_cast<std::uint32_t>(cells);
  return row;
}

void JsonRows::reject(const Place& place, RejectCode code, std::string message) {
  if (too_many(names_.size())) {
    close_batch(false);
    start_batch();
  }
  const std::size_t row = new_row(place, 0);
  batch_->info(row).readable = false;
  Issue issue{.code = code};
  issue.value = shown_value(place.raw);
  issue.message = std::move(message);
  batch_->reject(row, std::move(issue));
}

Cell JsonRows::cell_of(const JsonValue& value) {
  if (value.escaped) {
    Arena& arena = batch_->arena();
    char* text = arena.allocate(value.size);
    const std::size_t size = unescape_json(value.text(), text);
    arena.shrink_last(size);
    return Cell::string({text, size});
  }
  return value.kind == CellKind::null ? Cell::null() : Cell::of(value.kind, value.text());
}

void JsonRows::start_batch() {
  if (!fixed_) forget_columns(0);
  batch_ = std::make_unique<RowBatch>(fixed_, names_.size());
  present_ = 0;
}

SharedColumns JsonRows::shared_columns() {
  if (fixed_) return fixed_;
  // The same columns as last time are the same object: those who prepare something per set of columns see it
  // at once.
  if (!last_found_ || !std::equal(names_.begin(), names_.end(), last_found_->begin(), last_found_->end()))
    last_found_ = std::make_shared<const Columns>(names_.begin(), names_.end());
  return last_found_;
}

// The last batch takes the chunk itself; one before it a copy of its part, as a batch owns what it looks at.
void JsonRows::close_batch(bool last) {
  RowBatch& batch = *batch_;
  if (batch.size() == 0) return;
  batch.set_columns(shared_columns());
  const auto columns = static_cast<std::uint32_t>(names_.size());
  if (!plan_.rows_are_arrays)  // objects are never ragged
    for (std::size_t row = 0; row < batch.size(); ++row)
      if (batch.info(row).readable) batch.info(row).cell_count = columns;
  if (last) {
    batch.own(std::move(bytes_));
  } else {
    const RowInfo& first = batch.info(0);
    const RowInfo& final = batch.info(batch.size() - 1);
    const char* begin = first.raw;
    const char* end = final.raw + final.raw_size;
    Buffer copy(std::string_view(begin, static_cast<std::size_t>(end - begin)));
    const char* to = copy.data();
    auto move = [&](const char*& at) {
      if (std::less_equal<>()(begin, at) && std::less_equal<>()(at, end)) at = to + (at - begin);
    };
    for (std::size_t row = 0; row < batch.size(); ++row) {
      move(batch.info(row).raw);
      Cell* cells = batch.cells(row);
      for (std::size_t i = 0; i < batch.stride(); ++i) move(cells[i].data);
      if (auto extra = batch.extra_cells(row); !extra.empty()) {
        std::vector<Cell> moved(extra.begin(), extra.end());
        for (Cell& cell : moved) move(cell.data);
        batch.set_extra_cells(row, std::move(moved));
      }
    }
    batch.own(std::move(copy));
  }
  done_.push_back(std::move(batch));
}

std::vector<RowBatch> JsonRows::finish() {
  close_batch(true);
  batch_.reset();
  bytes_ = Buffer();
  return std::exchange(done_, {});
}

std::unique_ptr<JsonRows> JsonRowsPool::take() const {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto rows = std::move(idle_.back());
      idle_.pop_back();
      return rows;
    }
  }
  return std::make_unique<JsonRows>(plan_, space_);
}

void JsonRowsPool::give_back(std::unique_ptr<JsonRows> rows) const {
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(rows));
}

ParseResult parse_oversized_json(Chunk chunk, std::uint64_t row_bytes) {
  RowBatch batch(std::make_shared<const Columns>(), 0);
  const std::size_t row = batch.add_row();
  RowInfo& info = batch.info(row);
  info.row_number = chunk.begin.row;
  info.line = chunk.begin.line;
  info.raw = chunk.bytes.data();
  info.raw_size = static_cast<std::uint32_t>(chunk.bytes.size());
  info.readable = false;
  Issue issue{.code = RejectCode::row_too_large};
  issue.value = shown_value(chunk.bytes.view());
  issue.message = row_label(chunk.begin.row) + " is longer than " + std::to_string(row_bytes) +
                  " bytes, the limit set by limits.row_bytes.";
  batch.reject(row, std::move(issue));
  batch.own(std::move(chunk.bytes));
  ParseResult result;
  result.batches.push_back(std::move(batch));
  return result;
}

}  // namespace sluice

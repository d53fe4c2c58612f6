// For tests and the fuzz target of the CSV format: a slow, obvious reading of a text by the definition in
// csv_rules.h and csv_record.h, and a driver that reads the same text with splitter and parser as the engine
// does.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/csv_format.h"
#include "formats/csv_kernel.h"

namespace sluice::csv_twin {

struct FlatRow {
  std::uint64_t number = 0, line = 0;
  std::string raw;
  std::vector<std::string> cells;  // each with n (null), q (quoted) or t (bare) in front
  std::string codes;
  bool operator==(const FlatRow&) const = default;
};

inline std::string show(const std::vector<FlatRow>& rows) {
  std::string text;
  for (const FlatRow& row : rows) {
    text += std::to_string(row.number) + "@" + std::to_string(row.line) + " " + row.codes + " [" +
            shown_value(row.raw) + "]";
    for (const auto& cell : row.cells) text += " <" + shown_value(cell) + ">";
    text += "\n";
  }
  return text;
}

// ---------------------------------------------------------------- the obvious reading

class Twin {
 public:
  Twin(const ReadPlan& plan, std::string_view text)
      : d_(plan.csv), width_(plan.columns.size()), limit_(plan.row_bytes), t_(text) {}

  std::vector<FlatRow> rows() {
    std::vector<FlatRow> rows;
    std::uint64_t line = 1;
    for (std::size_t pos = 0; pos < t_.size();) {
      std::size_t text_end = pos;
      while (text_end < t_.size() && !ends(text_end)) ++text_end;
      std::size_t next = text_end + ending(text_end);
      bool comment_row = false;
      for (auto row : d_.comment_rows) comment_row |= row == line;
      FlatRow row{.number = rows.size() + 1, .line = line};
      if (text_end == pos) {
      } else if (text_end - pos > limit_) {
        row.codes = "row-too-large ";
        rows.push_back(row);
      } else if ((d_.comment && t_[pos] == d_.comment) || comment_row) {
      } else {
        bool many_lines = false;
        std::size_t i = pos;
        bool good = record(i, row.cells, many_lines);
        bool one_more = d_.trailing_delimiter && row.cells.size() == width_ + 1;
        bool right_width = width_ == 0 || row.cells.size() == width_ || one_more;
        if (many_lines && (!right_width || i - pos > limit_)) good = false;
        if (one_more && row.cells.back().find_first_not_of(" \t", 1) == std::string::npos)
          row.cells.pop_back();
        if (good) {
          text_end = i;
          next = i + ending(i);
          row.codes = is_text(t_.substr(pos, i - pos)) ? "" : "encoding-error ";
        } else {
          row.cells.clear();
          row.codes = "syntax-error ";
        }
        row.raw = t_.substr(pos, text_end - pos);
        rows.push_back(row);
      }
      for (std::size_t i = pos; i < next;) {
        std::size_t n = ends(i) ? ending(i) : 0;
        line += n > 0;
        i += n > 0 ? n : 1;
      }
      pos = next;
    }
    return rows;
  }

 private:
  bool ends(std::size_t i) const { return t_[i] == '\n' || t_[i] == '\r'; }
  std::size_t ending(std::size_t i) const {
    if (i >= t_.size()) return 0;
    return t_.substr(i, 2) == "\r\n" ? 2 : 1;
  }
  bool record(std::size_t& i, std::vector<std::string>& cells, bool& many_lines) const {
    for (;;) {
      bool line_end_inside = false;
      auto cell = field(i, line_end_inside);
      many_lines |= line_end_inside;
      if (!cell) return false;
      cells.push_back(*cell);
      if (i >= t_.size() || t_[i] != d_.delimiter) return true;
      ++i;
    }
  }
  std::optional<std::string> field(std::size_t& i, bool& line_end_inside) const {
    if (d_.skip_initial_space)
      while (i < t_.size() && (t_[i] == ' ' || t_[i] == '\t') && t_[i] != d_.delimiter) ++i;
    auto is_escape = [&](std::size_t k) {
      return d_.escape && d_.escape != d_.quote && t_[k] == d_.escape && k + 1 < t_.size();
    };
    if (d_.quote && i < t_.size() && t_[i] == d_.quote) {
      std::string text = "q";
      bool stray = false;
      bool doubles = d_.double_quote || d_.escape == d_.quote;
      for (++i; i < t_.size(); ++i) {
        if (is_escape(i)) {
          ++i;
          line_end_inside |= ends(i);
          text += t_[i];
        } else if (t_[i] != d_.quote) {
          line_end_inside |= ends(i);
          text += t_[i];
        } else if (doubles && i + 1 < t_.size() && t_[i + 1] == d_.quote) {
          text += t_[i++];
        } else if (i + 1 == t_.size() || t_[i + 1] == d_.delimiter || ends(i + 1)) {
          ++i;
          if (stray && line_end_inside) return std::nullopt;
          return text;
        } else {
          stray = true;
          text += t_[i];
        }
      }
      line_end_inside = false;
      return std::nullopt;
    }
    std::string text = "t";
    std::size_t begin = i;
    while (i < t_.size() && t_[i] != d_.delimiter && !ends(i)) {
      if (is_escape(i)) {
        ++i;
        line_end_inside |= ends(i);
        if (t_.substr(i, 2) == "\r\n") text += t_[i++];
      }
      text += t_[i++];
    }
    if (i == t_.size() && i > begin && ends(i - 1)) return line_end_inside = true, std::nullopt;
    if (d_.null_sequence && t_.substr(begin, i - begin) == *d_.null_sequence)
      return "n" + std::string(t_.substr(begin, i - begin));
    return text;
  }
  // UTF-8 without U+0000, by the table of RFC 3629.
  static bool is_text(std::string_view s) {
    for (std::size_t i = 0; i < s.size();) {
      unsigned char c = static_cast<unsigned char>(s[i]);
      if (c == 0) return false;
      std::size_t more = c < 0x80                 ? 0
                         : c >= 0xC2 && c <= 0xDF ? 1
                         : c >= 0xE0 && c <= 0xEF ? 2
                         : c >= 0xF0 && c <= 0xF4 ? 3
                                                  : 9;
      if (more == 9 || i + more >= s.size() + (more == 0)) return false;
      for (std::size_t k = 1; k <= more; ++k) {
        unsigned char x = static_cast<unsigned char>(s[i + k]);
        unsigned char low = k == 1 && c == 0xE0 ? 0xA0 : k == 1 && c == 0xF0 ? 0x90 : 0x80;
        unsigned char high = k == 1 && c == 0xED ? 0x9F : k == 1 && c == 0xF4 ? 0x8F : 0xBF;
        if (x < low || x > high) return false;
      }
      i += more + 1;
    }
    return true;
  }

  const CsvDialect& d_;
  std::size_t width_, limit_;
  std::string_view t_;
};

// ---------------------------------------------------------------- the way of the engine

inline void flatten(const RowBatch& batch, bool oversized, std::vector<FlatRow>& rows) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const RowInfo& info = batch.info(i);
    FlatRow row{.number = info.row_number, .line = info.line};
    if (!oversized) row.raw.assign(info.raw, info.raw_size);
    auto add = [&](const Cell& cell) {
      row.cells.push_back((cell.kind == CellKind::null     ? "n"
                           : cell.kind != CellKind::string ? "?"
                           : cell.quoted                   ? "q"
                                                           : "t") +
                          std::string(cell.text()));
    };
    if (info.readable) {
      std::size_t columns = std::min<std::size_t>(info.cell_count, batch.columns()->size());
      for (std::size_t c = 0; c < columns; ++c) add(batch.cells(i)[c]);
      for (const Cell& cell : batch.extra_cells(i)) add(cell);
      if (row.cells.size() != info.cell_count) row.codes += "cell_count! ";
    }
    std::string last;
    for (const Issue& issue : batch.issues(i)) {
      std::string code = std::string(name_of(issue.code)) + " ";
      if (code != last) row.codes += code;
      last = code;
    }
    rows.push_back(std::move(row));
  }
}

struct Driven {
  std::vector<FlatRow> rows;
  std::vector<Position> borders;  // the beginning of each chunk, and the end
  std::string fault;              // something the contract forbids
};

// Reads text from `at` on in chunks of about `target` bytes. The bytes in sight end as early as the contract
// allows, and what lies behind them is misleading.
inline Driven drive(const ReadPlan& plan, const CsvKernel* kernel, std::string_view text, std::size_t target,
                    Position at, std::uint64_t max_rows = 3) {
  Driven out;
  auto format = make_csv_format(plan, kernel);
  auto splitter = format->splitter(at);
  std::size_t sight = plan.row_bytes + target;
  while (at.offset < text.size()) {
    std::string_view rest = text.substr(at.offset);
    std::string seen(rest.substr(0, sight));
    std::size_t size = seen.size();
    bool at_end = size == rest.size();
    seen.append(Buffer::kPadding, at.offset % 2 ? '\n' : '"');
    auto cut = splitter->cut({seen.data(), size}, target, max_rows, at_end);
    if (!cut) return out.fault = cut.error().message, out;
    if (cut->kind == Cut::Kind::more) {
      if (at_end) return out.fault = "more at the end", out;
      ++sight;
      continue;
    }
    if (cut->rows > max_rows) return out.fault = "more rows than asked for", out;
    if (cut->bytes == 0 || cut->bytes > size) return out.fault = "cut of " + std::to_string(cut->bytes), out;
    Chunk chunk{.bytes = Buffer(rest.substr(0, cut->bytes)), .begin = at, .rows = cut->rows};
    chunk.oversized = cut->kind == Cut::Kind::oversized;
    std::uint64_t lines = cut->lines;
    std::size_t taken = cut->bytes;
    if (chunk.oversized) {
      for (std::size_t piece = 1; taken < rest.size(); piece = piece % 3 + 1) {
        std::string_view next = rest.substr(taken, piece);
        std::size_t skipped = splitter->skip_oversized(next, taken + next.size() == rest.size(), lines);
        taken += skipped;
        if (skipped < next.size()) break;
      }
    }
    out.borders.push_back(at);
    at = {at.offset + taken, at.row + cut->rows, at.line + lines};
    chunk.end = at;
    std::size_t before = out.rows.size();
    bool oversized = chunk.oversized;
    for (const RowBatch& batch : format->parse(std::move(chunk)).batches) flatten(batch, oversized, out.rows);
    if (out.rows.size() - before != cut->rows)
      out.fault = "splitter and parser disagree about the number of rows";
    if (out.rows.size() > before && out.rows.back().number + 1 != at.row) out.fault = "row numbers disagree";
  }
  out.borders.push_back(at);
  return out;
}

// Every way of reading `text` must give what the twin gives; the first difference as text, or "".
inline std::string difference(const ReadPlan& plan, std::string_view text,
                              const std::vector<std::size_t>& targets) {
  std::vector<FlatRow> expected = Twin(plan, text).rows();
  std::vector<const CsvKernel*> kernels = {nullptr, &kPortableCsvKernel};
  if (&best_csv_kernel() != &kPortableCsvKernel) kernels.push_back(&best_csv_kernel());
  for (const CsvKernel* kernel : kernels) {
    std::string name = kernel ? kernel->name : "exact";
    Position whole_end;
    for (std::size_t target : targets) {
      Driven got = drive(plan, kernel, text, target, Position{}, target % 2 ? 3 : 1000);
      if (!got.fault.empty() || got.rows != expected)
        return name + ", target " + std::to_string(target) + ": " + got.fault + "\nexpected\n" +
               show(expected) + "got\n" + show(got.rows);
      if (target == targets.front()) whole_end = got.borders.back();
      if (got.borders.back() != whole_end)
        return name + ": the end is at another position with target " + std::to_string(target);
      if (target != targets.front()) continue;
      for (const Position& border : got.borders) {
        Driven rest = drive(plan, kernel, text, 7, border);
        std::vector<FlatRow> tail(expected.begin() + static_cast<std::ptrdiff_t>(border.row - 1),
                                  expected.end());
        if (!rest.fault.empty() || rest.rows != tail || rest.borders.back() != whole_end)
          return name + ", resumed at " + std::to_string(border.offset) + ": " + rest.fault + "\nexpected\n" +
                 show(tail) + "got\n" + show(rest.rows);
      }
    }
  }
  return "";
}

}  // namespace sluice::csv_twin

// Random workbooks, written by libxlsxwriter, are read back as they were.
#include <gtest/gtest.h>
#include <xlsxwriter.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "formats/xlsx_test_book.h"

namespace sluice {
namespace {

using testing::cells_in;
using testing::CellTexts;

class RandomBook {
 public:
  explicit RandomBook(unsigned seed) : random_(seed) {}

  // Writes it to `path`; what has to be read back is in `expected`.
  void write(const std::string& path) {
    lxw_workbook_options options{};
    options.constant_memory = chance(2) ? LXW_TRUE : LXW_FALSE;  // then texts are inline
    lxw_workbook* book = workbook_new_opt(path.c_str(), &options);
    lxw_worksheet* sheet = workbook_add_worksheet(book, "Random");
    lxw_format* date = format_of(book, "yyyy-mm-dd");
    lxw_format* moment = format_of(book, "yyyy-mm-dd hh:mm:ss");
    lxw_format* zip_code = format_of(book, "00000");
    lxw_format* bold = workbook_add_format(book);
    format_set_bold(bold);
    for (lxw_row_t row = 0; row < 120; row += 1 + below(3)) {
      for (lxw_col_t column = 0; column < 40; column = static_cast<lxw_col_t>(column + 1 + below(6))) {
        std::string text;
        switch (below(8)) {
          case 0:
            text = random_text(), worksheet_write_string(sheet, row, column, text.c_str(), nullptr);
            break;
          case 1: {
            const auto number = static_cast<std::int64_t>(random_()) - (1ll << 31);
            text = std::to_string(number);
            worksheet_write_number(sheet, row, column, static_cast<double>(number), bold);
            break;
          }
          case 2: {  // with so many digits that a binary fraction cannot hold them exactly
            const unsigned whole = below(100000), part = 1 + below(9999);
            std::ostringstream written;
            written << whole << '.' << std::string(4 - std::to_string(part).size(), '0') << part;
            text = written.str();
            text.erase(text.find_last_not_of('0') + 1);
            worksheet_write_number(sheet, row, column, std::stod(text), nullptr);
            break;
          }
          case 3: text = date_text(sheet, row, column, date, false); break;
          case 4: text = date_text(sheet, row, column, moment, true); break;
          case 5: {
            const unsigned number = below(100000);
            text = std::to_string(number);
            text.insert(0, 5 - text.size(), '0');
            worksheet_write_number(sheet, row, column, number, zip_code);
            break;
          }
          case 6: {
            const bool value = chance(2);
            text = value ? "true" : "false";
            worksheet_write_boolean(sheet, row, column, value ? 1 : 0, nullptr);
            break;
          }
          default: {
            const unsigned number = below(1000);
            text = std::to_string(number);
            worksheet_write_formula_num(sheet, row, column, "=1+1", nullptr, number);
          }
        }
        if (!text.empty()) expected[column_letters(column + 1u) + std::to_string(row + 1)] = text;
      }
    }
    ASSERT_EQ(workbook_close(book), LXW_NO_ERROR);
  }

  CellTexts expected;

 private:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  bool chance(unsigned one_in) { return below(one_in) == 0; }

  static lxw_format* format_of(lxw_workbook* book, const char* code) {
    lxw_format* format = workbook_add_format(book);
    format_set_num_format(format, code);
    return format;
  }

  std::string random_text() {
    static constexpr const char* kPieces[] = {"a",  "B", " ",  "<",  "&",    "\"", "é", "日",
                                              "😀", "0", "\n", "_x", "=1+1", "\t", ","};
    std::string text = "t";
    for (unsigned i = below(20); i > 0; --i) text += kPieces[below(std::size(kPieces))];
    return text + "t";
  }

  std::string date_text(lxw_worksheet* sheet, lxw_row_t row, lxw_col_t column, lxw_format* format,
                        bool with_time) {
    lxw_datetime moment{};
    moment.year = static_cast<int>(1901 + below(300));
    moment.month = static_cast<int>(1 + below(12));
    moment.day = static_cast<int>(1 + below(28));
    if (with_time) {
      moment.hour = static_cast<int>(below(24));
      moment.min = static_cast<int>(below(60));
      moment.sec = below(60);
    }
    worksheet_write_datetime(sheet, row, column, &moment, format);
    char text[40];
    std::snprintf(text, sizeof text, with_time ? "%04d-%02d-%02dT%02d:%02d:%02d" : "%04d-%02d-%02d",
                  moment.year, moment.month, moment.day, moment.hour, moment.min,
                  static_cast<int>(moment.sec));
    return text;
  }

  std::minstd_rand random_;
};

TEST(XlsxProperty, ReadsBackWhatWasWritten) {
  const auto path =
      std::filesystem::temp_directory_path() / ("sluice-random-" + std::to_string(::getpid()) + ".xlsx");
  for (unsigned seed = 1; seed <= 40; ++seed) {
    RandomBook book(seed);
    book.write(path);
    std::ifstream file(path, std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    auto found = cells_in(bytes.str(), "Random");
    ASSERT_FALSE(found.error) << seed << ": " << found.error->message;
    ASSERT_EQ(found.cells, book.expected) << seed;
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace sluice

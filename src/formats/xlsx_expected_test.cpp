// Workbooks that other projects made, against what openpyxl 3.0.9 finds in their cells (tests/data/xlsx), or
// the refusal that they deserve. Where ours is another answer, same() has the reason.
// SLUICE_WORKBOOKS=FOLDER: of a larger collection, too.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "formats/xlsx_test_book.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using testing::cells_in;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::string without(std::string text, std::string_view part) {
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at))
    text.erase(at, part.size());
  return text;
}

std::string stripped(const std::string& text) {
  const std::size_t from = text.find_first_not_of(" \t\r\n");
  return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

// Is `text` what openpyxl says?
bool same(const Json& expected, const std::string& text) {
  const std::string kind = expected.at(0).get<std::string>();
  const Json& value = expected.at(1);
  if (kind == "s") {
    // Excel takes outer space off unless xml:space says otherwise, and _x000D_ is a carriage return to it;
    // openpyxl leaves both.
    const std::string meant = without(value.get<std::string>(), "_x000D_");
    return stripped(without(text, "\r")) == stripped(without(meant, "\r"));
  }
  if (kind == "b") return text == (value.get<bool>() ? "true" : "false");
  if (kind == "e") return text == sheet_record::kErrorValue + value.get<std::string>();
  if (kind == "n") {
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    const double wanted = value.get<double>();
    return *end == '\0' && !text.empty() && std::abs(number - wanted) <= 1e-14 * std::abs(wanted);
  }
  if (kind == "d" || kind == "t") {
    const std::string wanted = value.get<std::string>();
    return text == wanted || text + "T00:00:00" == wanted;
  }
  if (kind == "dur") {  // "10 days, 15:10:10" is PT255H10M10S
    int days = 0, hours = 0, minutes = 0, seconds = 0;
    if (std::sscanf(value.get<std::string>().c_str(), "%d days, %d:%d:%d", &days, &hours, &minutes,
                    &seconds) != 4)
      return false;
    return text == "PT" + std::to_string(days * 24 + hours) + "H" + std::to_string(minutes) + "M" +
                       std::to_string(seconds) + "S";
  }
  return false;
}

void compare(const fs::path& folder, const fs::path& list) {
  const Json expected = Json::parse(content_of(list)).at("cells");
  std::size_t compared = 0;
  for (const auto& [file, sheets] : expected.items()) {
    const std::string bytes = content_of(folder / file);
    if (bytes.empty()) continue;
    for (const auto& [name, cells] : sheets.items()) {
      auto found = cells_in(bytes, name);
      if (found.error && found.error->message.find("missing in it") != std::string::npos && cells.empty())
        continue;
      ASSERT_FALSE(found.error) << file << " " << name << ": " << found.error->message;
      for (const auto& [place, cell] : cells.items()) {
        ++compared;
        EXPECT_TRUE(same(cell, found.cells[place])) << file << " " << name << " " << place << " is '"
                                                    << found.cells[place] << "', not " << cell.dump();
        found.cells.erase(place);
      }
      for (const auto& [place, text] : found.cells)
        EXPECT_TRUE(text.empty()) << file << " " << name << " " << place << " has '" << text << "'";
    }
  }
  EXPECT_GT(compared, 1000u);
}

TEST(XlsxExpected, CellsAreWhatTheirSpreadsheetsMean) {
  compare("tests/data/xlsx", "tests/data/xlsx/EXPECTED.json");
  // A larger collection, with the list of its cells in it.
  if (const char* folder = std::getenv("SLUICE_WORKBOOKS"))
    compare(folder, fs::path(folder) / "EXPECTED_xlsx_cells.json");
}

}  // namespace
}  // namespace sluice

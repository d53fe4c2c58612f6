// Fuzz target: any bytes under any dialect are read the same by every kernel, in every chunking and from
// every border, and as the slow twin reads them.
#include <cstdio>
#include <cstdlib>

#include "formats/csv_twin.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  sluice::ReadPlan plan;
  plan.columns.resize(data[0] % 5, "c");
  plan.row_bytes = data[1] % 4 == 0 ? 1000 : 4 + data[1];
  if (data[2] & 1) plan.csv.double_quote = false;
  if (data[2] & 2) plan.csv.escape = '\\';
  if (data[2] & 4) plan.csv.skip_initial_space = true;
  if (data[2] & 8) plan.csv.comment = '#';
  if (data[2] & 16) plan.csv.quote = data[2] & 32 ? '\0' : '\'';
  if (data[2] & 64) plan.csv.null_sequence = "NA";
  if (data[2] & 128) plan.csv.comment_rows = {2};
  std::string_view text(reinterpret_cast<const char*>(data + 4), std::min<std::size_t>(size - 4, 600));
  std::string found = sluice::csv_twin::difference(plan, text, {1, data[3] + std::size_t{1}, 100000});
  if (!found.empty()) {
    std::fprintf(stderr, "%s\n", found.c_str());
    std::abort();
  }
  return 0;
}

// limit_cpu: what one thread of this machine needs for a row of people, step by step, with nothing around it:
// the limit that `sluice validate` is measured by.
//
//   limit_cpu people.csv [REPETITIONS]
// Prints one JSON object: nanoseconds a row (medians) for file to fields, to canonical JSON, to SHA-256.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "people_rows.h"

namespace {

enum class Upto { fields, canonical, hash };

volatile unsigned sink = 0;  // keeps the work from being optimised away

std::size_t pass(const char* path, Upto upto) {
  CsvReader reader(path);
  Sha256 sha;
  Hash hash{};
  std::vector<std::string_view> fields;
  std::string json, email;
  std::size_t rows = 0;
  unsigned sum = 0;
  reader.next(fields);
  while (reader.next(fields)) {
    ++rows;
    sum += static_cast<unsigned>(fields.size());
    if (upto == Upto::fields || canonicalise(fields, json, email)) continue;
    if (upto == Upto::hash) sha(json, hash);
    sum += static_cast<unsigned>(json.size()) + hash[0];
  }
  sink = sink + sum;
  return rows;
}

double median_nanoseconds(const char* path, Upto upto, int repetitions) {
  std::vector<double> nanoseconds;
  for (int i = 0; i < repetitions; ++i) {
    const double begin = now_s();
    const std::size_t rows = pass(path, upto);
    nanoseconds.push_back((now_s() - begin) / static_cast<double>(rows) * 1e9);
  }
  std::ranges::sort(nanoseconds);
  return nanoseconds[nanoseconds.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: limit_cpu people.csv [REPETITIONS]\n");
    return 2;
  }
  const int repetitions = argc > 2 ? std::max(1, std::atoi(argv[2])) : 3;
  std::printf("{\"fields_ns\":%.1f,\"canonical_ns\":%.1f,\"hash_ns\":%.1f}\n",
              median_nanoseconds(argv[1], Upto::fields, repetitions),
              median_nanoseconds(argv[1], Upto::canonical, repetitions),
              median_nanoseconds(argv[1], Upto::hash, repetitions));
}

// What every number, text and row costs on its way to its hash: decimals, RFC 8785 strings, SHA-256.
#include <benchmark/benchmark.h>

#include <array>
#include <string>

#include "base/decimal.h"
#include "base/sha256.h"
#include "pipeline/jcs.h"

namespace sluice {
namespace {

void canonical_of(benchmark::State& state, std::string_view text) {
  std::string scratch;
  for (auto _ : state) {
    benchmark::DoNotOptimize(text);
    benchmark::DoNotOptimize(canonical_decimal(text, scratch));
  }
}
BENCHMARK_CAPTURE(canonical_of, canonical_integer, "48205");
BENCHMARK_CAPTURE(canonical_of, canonical_fraction, "1234.56");
BENCHMARK_CAPTURE(canonical_of, trailing_zeros, "1234.50");
BENCHMARK_CAPTURE(canonical_of, exponent, "1.5e-9");

void exact_number(benchmark::State& state, std::string_view text) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(text);
    benchmark::DoNotOptimize(is_exact_json_number(text));
  }
}
BENCHMARK_CAPTURE(exact_number, short_one, "1234.56");
BENCHMARK_CAPTURE(exact_number, seventeen_digits, "0.30000000000000004");

void jcs_string(benchmark::State& state, std::string_view text) {
  std::array<char, 4096> out;
  for (auto _ : state) {
    benchmark::DoNotOptimize(text);
    benchmark::DoNotOptimize(append_jcs_string(out.data(), text));
    benchmark::ClobberMemory();
  }
}
BENCHMARK_CAPTURE(jcs_string, ascii_20_bytes, "Springfield, Ohio US");
BENCHMARK_CAPTURE(jcs_string, ascii_5_bytes, "Texas");
BENCHMARK_CAPTURE(jcs_string, two_escapes, "He said \"yes\" and left");

void jcs_number(benchmark::State& state) {
  std::string out;
  std::string_view text = "1234.56";
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(text);
    append_jcs_number(out, text);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(jcs_number);

void sha256_of_a_row(benchmark::State& state) {
  std::string row(static_cast<std::size_t>(state.range(0)), 'x');
  Sha256 sha256;
  for (auto _ : state) benchmark::DoNotOptimize(sha256.of(row));
}
BENCHMARK(sha256_of_a_row)->Arg(101)->Arg(200)->Arg(1000);

}  // namespace
}  // namespace sluice

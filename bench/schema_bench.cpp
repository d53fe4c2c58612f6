// What one cell costs: FieldRule::check by type, and SchemaInference. `items_per_second` counts cells.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "schema/field_rule.h"
#include "schema/inference.h"

namespace sluice {
namespace {

constexpr std::size_t kCells = 4096;

std::string cell_text(const std::string& kind, std::size_t i) {
  if (kind == "integer") return std::to_string(100'000 + i * 7);
  if (kind == "number") return std::to_string(i * 13) + "." + std::to_string(10 + i % 89);
  if (kind == "date") return "20" + std::to_string(10 + i % 14) + "-07-" + std::to_string(10 + i % 18);
  if (kind == "email") return "some.person" + std::to_string(i) + "@example.com";
  return "Some Person Number " + std::to_string(i);
}

RowBatch column_of(const std::string& kind) {
  auto columns = std::make_shared<const Columns>(Columns{"f"});
  RowBatch batch(columns, 1);
  for (std::size_t i = 0; i < kCells; ++i) {
    std::size_t row = batch.add_row();
    batch.cells(row)[0] = Cell::string(batch.arena().copy(cell_text(kind, i)));
    batch.info(row).cell_count = 1;
  }
  return batch;
}

void check(benchmark::State& state, const std::string& kind, const nlohmann::json& field) {
  auto schema = parse_table_schema({{"fields", nlohmann::json::array({field})}});
  auto rule = FieldRule::compile(schema.value().fields[0], *schema, Normalise::yes);
  RowBatch batch = column_of(kind);
  Arena arena;
  std::vector<Issue> issues;
  for (auto _ : state) {
    for (std::size_t row = 0; row < kCells; ++row) {
      Cell cell = batch.cells(row)[0];
      benchmark::DoNotOptimize((*rule)->check(cell, arena, issues));
      benchmark::DoNotOptimize(cell);
    }
  }
  if (!issues.empty()) state.SkipWithError(issues[0].message.c_str());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kCells));
}

void infer(benchmark::State& state, const std::string& kind) {
  RowBatch batch = column_of(kind);
  SchemaInference inference;
  for (auto _ : state) inference.observe(batch);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kCells));
}

BENCHMARK_CAPTURE(check, string, "string", {{"name", "f"}, {"type", "string"}});
BENCHMARK_CAPTURE(check, string_with_lengths, "string",
                  {{"name", "f"}, {"type", "string"}, {"constraints", {{"maxLength", 40}}}});
BENCHMARK_CAPTURE(check, integer, "integer", {{"name", "f"}, {"type", "integer"}});
BENCHMARK_CAPTURE(check, number, "number", {{"name", "f"}, {"type", "number"}});
BENCHMARK_CAPTURE(check, date, "date", {{"name", "f"}, {"type", "date"}});
BENCHMARK_CAPTURE(check, email, "email", {{"name", "f"}, {"type", "string"}, {"format", "email"}});
BENCHMARK_CAPTURE(infer, string, "string");
BENCHMARK_CAPTURE(infer, integer, "integer");
BENCHMARK_CAPTURE(infer, number, "number");
BENCHMARK_CAPTURE(infer, date, "date");
BENCHMARK_CAPTURE(infer, email, "email");

}  // namespace
}  // namespace sluice

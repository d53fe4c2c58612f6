// From parsed cells to hashed rows: what BoundPipeline::prepare costs per row of the people file, and how
// much of it is the hash. `items_per_second` counts rows; the parser is not in it.
#include <benchmark/benchmark.h>

#include <string>

#include "pipeline/pipeline.h"

namespace sluice {
namespace {

constexpr const char* kPeople = R"(name: people
transform:
  - date: {fields: [signup_date], formats: ["%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y"]}
schema:
  fields:
    - {name: id, type: integer, constraints: {required: true, minimum: 0}}
    - {name: name, type: string, constraints: {required: true}}
    - {name: email, type: string, format: email, constraints: {required: true}}
    - {name: phone, type: string}
    - {name: state, type: string, constraints: {minLength: 2, maxLength: 2}}
    - {name: signup_date, type: date, constraints: {required: true}}
    - {name: amount, type: number, constraints: {required: true}}
    - {name: notes, type: string}
)";

constexpr std::size_t kRows = 4096;

// Rows as bench/people_gen.cpp makes them, near enough: one in four with an e-mail in mixed case, three date
// forms.
RowBatch people_rows() {
  auto columns = std::make_shared<const Columns>(
      Columns{"id", "name", "email", "phone", "state", "signup_date", "amount", "notes"});
  RowBatch batch(columns, columns->size());
  batch.reserve(kRows);
  for (std::size_t i = 0; i < kRows; ++i) {
    const bool mixed = i % 4 == 0;
    const std::string day = std::to_string(10 + i % 18);
    std::string date = i % 10 < 2 ? "07/" + day + "/2019" : i % 10 == 2 ? day + ".07.2019" : "2019-07-" + day;
    const std::string cells[] = {std::to_string(100'000 + i),
                                 i % 8 == 0 ? " Jürgen Müller" : "Alice Johnson",
                                 std::string(mixed ? "Alice.JOHNSON" : "alice.johnson") +
                                     std::to_string(i % 9999) + "@mail.example.org",
                                 "+1-300-555-" + std::to_string(1000 + i % 9000),
                                 i % 16 == 0 ? "TX " : "TX",
                                 std::move(date),
                                 std::to_string(i % 99999) + "." + std::to_string(10 + i % 89),
                                 i % 100 < 55 ? "" : "renewal due, see file"};
    std::size_t row = batch.add_row();
    batch.info(row).row_number = i + 1;
    batch.info(row).cell_count = 8;
    for (std::size_t c = 0; c < 8; ++c) batch.cells(row)[c] = Cell::string(batch.arena().copy(cells[c]));
  }
  return batch;
}

void prepare_people(benchmark::State& state) {
  auto spec = parse_pipeline(kPeople, "people.yaml");
  auto pipeline = Pipeline::compile(*spec, {});
  for (auto _ : state) {
    state.PauseTiming();
    RowBatch rows = people_rows();
    auto bound = (*pipeline)->bind(rows.columns(), true);
    state.ResumeTiming();
    PreparedBatch batch = (*bound)->prepare(std::move(rows));
    if (batch.rows.size() != kRows) state.SkipWithError("rows were rejected");
    benchmark::DoNotOptimize(batch.rows.data());
    state.PauseTiming();
    {
      PreparedBatch gone = std::move(batch);
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRows));
}
BENCHMARK(prepare_people);

void hash_alone(benchmark::State& state) {
  const std::string row(180, 'x');
  Sha256 sha;
  for (auto _ : state) benchmark::DoNotOptimize(sha.of(row));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hash_alone);

}  // namespace
}  // namespace sluice

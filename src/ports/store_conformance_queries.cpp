// Conformance: what people and programs ask of jobs that ran: outcomes, rejects, pipelines, stored rows.
#include <algorithm>
#include <random>

#include "ports/store_conformance.h"

namespace sluice {
namespace {

using Cells = std::vector<std::pair<std::string, std::string>>;

// "1 inserted, 2 rejected"
std::string told(const std::vector<RowOutcome>& outcomes) {
  std::string text;
  for (const RowOutcome& row : outcomes)
    text +=
        (text.empty() ? "" : ", ") + std::to_string(row.row_number) + " " + std::string(name_of(row.outcome));
  return text;
}

// JSON without the blanks that PostgreSQL puts behind colons and commas.
std::string compact(std::string json) {
  for (const char* before : {"\": ", ", \""})
    for (std::size_t at = 0; (at = json.find(before, at)) != std::string::npos;)
      json.erase(json.find(' ', at), 1);
  return json;
}

std::string data_of(const std::vector<DataRow>& rows) {
  std::string text;
  for (const DataRow& row : rows) text += compact(row.data) + "\n";
  return text;
}

// ---------------------------------------------------------------- pipelines

TEST_P(StoreConformance, PipelinesAreKeptChangedListedAndRemoved) {
  for (const char* name : {"people", "animals"})
    ASSERT_TRUE(queries().keep_pipeline("default", {name, std::string("name: ") + name + "\n", true, ""}));
  ASSERT_TRUE(queries().keep_pipeline("acme", {"people", "name: people\n# acme's\n", false, ""}));
  auto kept = queries().pipelines("default").value();
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].name, "animals") << "by name";
  EXPECT_EQ(kept[1].text, "name: people\n");
  EXPECT_TRUE(kept[1].inferred);
  EXPECT_TRUE(kept[1].updated_at.starts_with("20") && kept[1].updated_at.ends_with("Z"))
      << kept[1].updated_at;

  ASSERT_TRUE(queries().keep_pipeline("default", {"people", "name: people\nbatch_rows: 5\n", false, ""}));
  auto changed = queries().pipeline("default", "people").value();
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->text, "name: people\nbatch_rows: 5\n");
  EXPECT_FALSE(changed->inferred);
  EXPECT_GE(changed->updated_at, kept[1].updated_at);

  ASSERT_TRUE(queries().remove_pipeline("default", "people"));
  EXPECT_FALSE(queries().pipeline("default", "people").value());
  EXPECT_EQ(queries().pipeline("acme", "people").value()->text, "name: people\n# acme's\n");
  auto again = queries().remove_pipeline("default", "people");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::not_found);
}

// ---------------------------------------------------------------- outcomes

TEST_P(StoreConformance, OutcomesAreReadInPages) {
  Job job = create();
  run(job, spec(job), {good(1, "a"), good(2, "b"), bad(3), good(4, "a"), good(5, "c"), bad(7), good(8, "d")});
  auto page = [&](std::uint64_t from, std::optional<Outcome> only, std::size_t limit) {
    return told(queries().outcomes(job.id, from, only, limit).value());
  };
  EXPECT_EQ(page(1, {}, 100),
            "1 inserted, 2 inserted, 3 rejected, 4 duplicate, 5 inserted, 7 rejected, 8 inserted");
  EXPECT_EQ(page(2, {}, 3), "2 inserted, 3 rejected, 4 duplicate");
  EXPECT_EQ(page(6, {}, 100), "7 rejected, 8 inserted") << "there is no row 6";
  EXPECT_EQ(page(1, Outcome::rejected, 100), "3 rejected, 7 rejected");
  EXPECT_EQ(page(4, Outcome::rejected, 100), "7 rejected");
  EXPECT_EQ(page(1, Outcome::inserted, 2), "1 inserted, 2 inserted");
  EXPECT_EQ(page(1, Outcome::updated, 100), "");
  EXPECT_EQ(page(9, {}, 100), "");
  EXPECT_EQ(page(1, {}, 0), "");
  EXPECT_TRUE(queries().outcomes(test_job_id(99), 1, {}, 10)->empty());
  EXPECT_TRUE(queries().outcomes("no id", 1, {}, 10)->empty());
}

// Commits of many splits in any order, and of a resubmission, whose batches lie around each other.
TEST_P(StoreConformance, OutcomesComeInRowOrderHoweverTheyWereCommitted) {
  Job job = create(3);
  WriteSpec wanted = spec(job);
  std::mt19937 random(7);
  std::map<std::uint64_t, Outcome> expected;
  std::vector<Lease> held = {lease(job, 1), lease(job, 2), lease(job, 3)};
  auto writing = writer(wanted);
  for (int at = 0; at < 230; ++at) {  // more commits than one page of batches
    const std::uint64_t split = random() % 3,
                        first = split * 1000 + 1 + static_cast<std::uint64_t>(at / 3) * 9;
    std::vector<TestRow> rows;
    for (std::uint64_t row = first; row < first + 9; ++row) {
      if (expected.contains(row) || random() % 5 == 0) continue;
      const bool is_bad = random() % 4 == 0;
      rows.push_back(is_bad ? bad(row) : good(row, std::to_string(row)));
      expected[row] = is_bad ? kRej : kIn;
    }
    if (!rows.empty()) commit(*writing, wanted, held[split], rows);
  }
  std::string all, rejected;
  for (const auto& [row, outcome] : expected) {
    const std::string one = std::to_string(row) + " " + std::string(name_of(outcome));
    all += (all.empty() ? "" : ", ") + one;
    if (outcome == kRej) rejected += (rejected.empty() ? "" : ", ") + one;
  }
  EXPECT_EQ(told(queries().outcomes(job.id, 1, {}, 10'000).value()), all);
  EXPECT_EQ(told(queries().outcomes(job.id, 1, kRej, 10'000).value()), rejected);
  // In pages, as a client reads them.
  std::vector<RowOutcome> paged;
  for (std::uint64_t from = 1;;) {
    auto page = queries().outcomes(job.id, from, {}, 17).value();
    paged.insert(paged.end(), page.begin(), page.end());
    if (page.size() < 17) break;
    from = page.back().row_number + 1;
  }
  EXPECT_EQ(told(paged), all);

  Job child = create_child(job.id);
  WriteSpec again = spec(child);
  again.resolves_job_id = job.id;
  std::vector<std::uint64_t> rows;
  for (const auto& [row, outcome] : expected)
    if (outcome == kRej) rows.push_back(row);
  ASSERT_GT(rows.size(), 20u);
  auto correcting = writer(again);
  const Lease held_again = lease(child);
  std::string corrected;
  for (std::uint64_t row : rows)
    corrected += (corrected.empty() ? "" : ", ") + std::to_string(row) + " inserted";
  // Each commit takes every fifth row: the batches reach over one another.
  for (std::size_t begin = 0; begin < 5; ++begin) {
    std::vector<TestRow> part;
    for (std::size_t i = begin; i < rows.size(); i += 5)
      part.push_back(good(rows[i], "corrected " + std::to_string(rows[i])));
    commit(*correcting, again, held_again, part, begin == 4);
  }
  EXPECT_EQ(told(queries().outcomes(child.id, 1, {}, 10'000).value()), corrected);
  EXPECT_EQ(told(queries().outcomes(child.id, rows[7], {}, 2).value()),
            std::to_string(rows[7]) + " inserted, " + std::to_string(rows[8]) + " inserted");
}

// ---------------------------------------------------------------- rejects

Issue issue(RejectCode code, const std::string& field, const std::string& constraint,
            const std::string& message) {
  return {.code = code,
          .field = field,
          .field_number = 2,
          .constraint = constraint,
          .value = "x",
          .message = message};
}

// Rows 2, 4, 5 and 6 of a job are bad.
const std::map<std::uint64_t, std::vector<Issue>>& some_rejects() {
  static const std::map<std::uint64_t, std::vector<Issue>> rejects = {
      {2,
       {issue(RejectCode::type_error, "age", "", "x is no number"),
        issue(RejectCode::constraint_error, "name", "required", "name is missing")}},
      {4, {issue(RejectCode::type_error, "age", "", "y is no number")}},
      {5, {issue(RejectCode::constraint_error, "name", "required", "name is missing")}},
      {6,
       {issue(RejectCode::type_error, "age", "", "z is no number"),
        issue(RejectCode::blank_row, "", "", "the row is blank")}}};
  return rejects;
}

// Rows and how many issues each has: "2x2 4x1 ".
std::string page(QueryStore& queries, const Job& job, const RejectFilter& filter, std::uint64_t after,
                 std::size_t limit) {
  std::string text;
  const auto rejects = queries.rejects(job.id, filter, after, limit).value();
  for (const StoredReject& reject : rejects)
    text += std::to_string(reject.row.row_number) + "x" + std::to_string(reject.row.issues.size()) + " ";
  return text;
}

TEST_P(StoreConformance, RejectsAreCountedByCodeFieldAndConstraint) {
  const Job job = create_rejects(some_rejects());
  auto groups = queries().reject_groups(job.id, {}).value();
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].code, "type-error");
  EXPECT_EQ(groups[0].field, "age");
  EXPECT_EQ(groups[0].constraint, "");
  EXPECT_EQ(groups[0].count, 3u);
  EXPECT_NE(groups[0].example.find("is no number"), std::string::npos);
  EXPECT_EQ(groups[1].constraint, "required");
  EXPECT_EQ(groups[1].count, 2u);
  EXPECT_EQ(groups[2].code, "blank-row");
  EXPECT_EQ(groups[2].field, "");
  EXPECT_EQ(groups[2].count, 1u);
  EXPECT_TRUE(queries().reject_groups(test_job_id(99), {})->empty());
}

TEST_P(StoreConformance, RejectsAreReadInPagesOfWholeRows) {
  const Job job = create_rejects(some_rejects());
  EXPECT_EQ(page(queries(), job, {}, 0, 100), "2x2 4x1 5x1 6x2 ");
  EXPECT_EQ(page(queries(), job, {}, 0, 1), "2x2 ");
  EXPECT_EQ(page(queries(), job, {}, 2, 2), "4x1 5x1 ");
  EXPECT_EQ(page(queries(), job, {}, 6, 100), "");
  auto first = queries().rejects(job.id, {}, 0, 1)->at(0);
  EXPECT_EQ(first.row.line, 3u);
  EXPECT_EQ(first.row.raw, "{\"value\":\"\"}");
  EXPECT_EQ(first.resolved_by, "");
  EXPECT_EQ(first.row.issues[1].field, "name");
  EXPECT_EQ(first.row.issues[1].field_number, 2u);
  EXPECT_EQ(first.row.issues[1].constraint, "required");
  EXPECT_EQ(first.row.issues[1].value, "x");
  EXPECT_EQ(first.row.issues[1].message, "name is missing");
}

TEST_P(StoreConformance, RejectsAreFilteredByCodeAndField) {
  const Job job = create_rejects(some_rejects());
  EXPECT_EQ(page(queries(), job, {.code = "type-error"}, 0, 100), "2x2 4x1 6x2 ")
      << "rows that have it, whole";
  EXPECT_EQ(page(queries(), job, {.code = "type-error"}, 2, 1), "4x1 ");
  EXPECT_EQ(page(queries(), job, {.field = "name"}, 0, 100), "2x2 5x1 ");
  EXPECT_EQ(page(queries(), job, {.code = "blank-row", .field = "name"}, 0, 100), "")
      << "of one and the same reason";
}

TEST_P(StoreConformance, RejectsThatWereCorrectedAreLeftOut) {
  const Job job = create_rejects(some_rejects());
  Job child = create_child(job.id);
  WriteSpec again = spec(child);
  again.resolves_job_id = job.id;
  run(child, again, {good(4, "corrected")});
  EXPECT_EQ(page(queries(), job, {.only_open = true}, 0, 100), "2x2 5x1 6x2 ");
  EXPECT_EQ(page(queries(), job, {.code = "type-error", .only_open = true}, 0, 100), "2x2 6x2 ");
  EXPECT_EQ(queries().rejects(job.id, {}, 2, 1)->at(0).resolved_by, child.id);
  const auto groups = queries().reject_groups(job.id, {.only_open = true}).value();
  ASSERT_EQ(groups.size(), 3u);
  for (const RejectGroup& group : groups)
    EXPECT_EQ(group.count, group.code == "blank-row" ? 1u : 2u) << group.code;
}

// ---------------------------------------------------------------- rows

TestRow person(std::uint64_t number, const std::string& json) { return {.number = number, .data = json}; }

TEST_P(StoreConformance, StoredRowsAreReadInPages) {
  Job job = create();
  std::vector<TestRow> rows;
  for (std::uint64_t row = 1; row <= 50; ++row) rows.push_back(good(row, "content " + std::to_string(row)));
  run(job, spec(job), rows);
  NewJob made = new_job();
  made.pipeline = "animals";
  Job other = jobs().create(made).value();
  run(other, spec(other), {good(1, "a cat")});

  std::set<std::uint64_t> numbers;
  std::string after, last_id;
  for (std::size_t pages = 0; pages < 9; ++pages) {
    auto page = queries().rows("default", "people", {}, after, 7).value();
    for (const DataRow& row : page) {
      EXPECT_EQ(compact(row.data), "{\"value\":\"content " + std::to_string(row.row_number) + "\"}");
      EXPECT_EQ(row.content_hash,
                to_hex(Sha256().of("{\"value\":\"content " + std::to_string(row.row_number) + "\"}")));
      EXPECT_EQ(row.job_id, job.id);
      EXPECT_TRUE(row.created_at.starts_with("20") && row.created_at.ends_with("Z")) << row.created_at;
      EXPECT_EQ(row.updated_at, row.created_at);
      EXPECT_TRUE(numbers.insert(row.row_number).second) << "row " << row.row_number << " came twice";
    }
    if (page.size() < 7) break;
    after = page.back().id;
  }
  EXPECT_EQ(numbers.size(), 50u);
  EXPECT_EQ(data_of(queries().rows("default", "animals", {}, "", 10).value()), "{\"value\":\"a cat\"}\n");
  EXPECT_TRUE(queries().rows("acme", "people", {}, "", 10)->empty()) << "another tenant's";
  EXPECT_TRUE(queries().rows("default", "nothing", {}, "", 10)->empty());
  auto nonsense = queries().rows("default", "people", {}, "not an id", 10);
  ASSERT_FALSE(nonsense);
  EXPECT_EQ(nonsense.error().kind, ErrorKind::usage);
}

TEST_P(StoreConformance, StoredRowsAreFilteredByTheirFields) {
  Job job = create();
  run(job, spec(job),
      {person(1, R"({"a \"b\".c":"x","age":41,"name":"Ann","rich":true})"),
       person(2, R"({"age":7.5,"name":"Ben","rich":false})"),
       person(3, R"({"age":"41","name":"41","rich":null})"), person(4, R"({"$":"money","name":"true"})")});
  auto found = [&](const Cells& equal) {
    std::string numbers;
    auto rows = queries().rows("default", "people", equal, "", 10).value();
    std::ranges::sort(rows, {}, &DataRow::row_number);
    for (const DataRow& row : rows) numbers += std::to_string(row.row_number);
    return numbers;
  };
  EXPECT_EQ(found({}), "1234");
  EXPECT_EQ(found({{"name", "Ann"}}), "1");
  EXPECT_EQ(found({{"age", "41"}}), "13") << "as it is written, whether number or text";
  EXPECT_EQ(found({{"age", "7.5"}}), "2");
  EXPECT_EQ(found({{"rich", "true"}}), "1");
  EXPECT_EQ(found({{"rich", "false"}}), "2");
  EXPECT_EQ(found({{"rich", "null"}}), "") << "null is not the text";
  EXPECT_EQ(found({{"age", "41"}, {"name", "41"}}), "3");
  EXPECT_EQ(found({{"a \"b\".c", "x"}}), "1");
  EXPECT_EQ(found({{"$", "money"}}), "4");
  EXPECT_EQ(found({{"none", ""}}), "");
  EXPECT_EQ(found({{"name", "' OR 1=1 --"}}), "");
  EXPECT_EQ(found({{"' OR 1=1 --", "x"}}), "");
}

TEST_P(StoreConformance, RowsOfATableAreItsColumnsAsJson) {
  Job before = create();
  run(before, spec(before), {good(1, "a document of before")});
  Job job = create();
  WriteSpec wanted = spec(job);
  wanted.target = {"people \"2024\"",
                   {{"full name", ColumnType::text},
                    {"it's", ColumnType::integer},
                    {"yes", ColumnType::boolean},
                    {"amount", ColumnType::number},
                    {"day", ColumnType::date}}};
  auto row = [](std::uint64_t number, std::vector<Cell> typed) {
    return TestRow{
        .number = number, .data = "{\"n\":" + std::to_string(number) + "}", .typed = std::move(typed)};
  };
  run(job, wanted,
      {row(2, {Cell::string("Ann \"A\""), Cell::number("41"), Cell::boolean(true),
               Cell::number("0.1234567890123456789"), Cell::string("2024-02-29")}),
       row(3, {Cell::string("Ben"), Cell::null(), Cell::boolean(false), Cell::number("2"), Cell::null()})});
  // A pipeline of the same tenant without a table is not looked for in it.
  NewJob made = new_job();
  made.pipeline = "animals";
  Job animals = jobs().create(made).value();
  run(animals, spec(animals), {good(1, "a cat")});

  auto rows = queries().rows("default", "people", {}, "", 10).value();
  ASSERT_EQ(rows.size(), 3u);
  std::ranges::sort(rows, {}, &DataRow::row_number);
  EXPECT_EQ(compact(rows[0].data), "{\"value\":\"a document of before\"}");
  // As JSON, whatever the order and the blanks.
  for (const char* part : {R"("full name":"Ann \"A\"")", R"("it's":41)", R"("yes":true)",
                           R"("amount":0.1234567890123456789)", R"("day":"2024-02-29")"}) {
    EXPECT_NE(compact(rows[1].data).find(part), std::string::npos) << rows[1].data << " has no " << part;
  }
  EXPECT_NE(rows[2].data.find("null"), std::string::npos) << rows[2].data;
  EXPECT_EQ(rows[2].data.find("sluice_id"), std::string::npos) << rows[2].data;
  auto found = [&](const Cells& equal) {
    std::string numbers;
    const auto rows_found = queries().rows("default", "people", equal, "", 10).value();
    for (const DataRow& one : rows_found) numbers += std::to_string(one.row_number);
    return numbers;
  };
  EXPECT_EQ(found({{"full name", "Ben"}}), "3");
  EXPECT_EQ(found({{"it's", "41"}}), "2");
  EXPECT_EQ(found({{"yes", "false"}}), "3");
  EXPECT_EQ(found({{"day", "2024-02-29"}, {"yes", "true"}}), "2");
  EXPECT_EQ(found({{"value", "a document of before"}}), "1");
  EXPECT_EQ(data_of(queries().rows("default", "animals", {}, "", 10).value()), "{\"value\":\"a cat\"}\n");
}

}  // namespace

Job StoreConformance::create_rejects(const std::map<std::uint64_t, std::vector<Issue>>& rejects) {
  const Job job = create();
  const WriteSpec wanted = spec(job);
  std::vector<TestRow> rows;
  for (std::uint64_t row = 1; row <= rejects.rbegin()->first; ++row)
    rows.push_back(rejects.contains(row) ? bad(row) : good(row, std::to_string(row)));
  PreparedBatch prepared = batch(wanted, rows);
  for (RejectedRow& reject : prepared.rejects) reject.issues = rejects.at(reject.row_number);
  const PreparedBatch* batches[] = {&prepared};
  const Position end{100, rows.size() + 1, rows.size() + 2};
  Commit commit{
      .batches = batches, .checkpoint = {end, "digest", {}}, .last = true, .end = end, .raw_of = {}};
  auto done = writer(wanted)->commit(commit, lease(job));
  EXPECT_TRUE(done) << done.error().message;
  return job;
}

}  // namespace sluice

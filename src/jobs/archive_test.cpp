// Archives on a real store: their files become jobs, and they end when those have.
#include "jobs/archive.h"

#include <algorithm>
#include <map>

#include "formats/xlsx_test_book.h"
#include "jobs/control_job.h"
#include "jobs/dispatcher.h"
#include "jobs/job_request.h"
#include "jobs/node_test_support.h"
#include "jobs/submit_job.h"
#include "jobs/unpack_archive.h"
#include "jobs/worker.h"
#include "pipeline/utf8.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using testing::ZipPart;

constexpr auto kPatience = 60s;
constexpr const char* kPeople = "id,name\n1,Ada\n2,Grace\n";

class Archives : public NodeTest {
 protected:
  Archives() {
    service_->work_came = [this] {
      if (dispatcher_) dispatcher_->wake();
    };
  }
  ~Archives() override { stop(); }

  void start() {
    dispatcher_.emplace(*service_);
    worker_.emplace(*service_, pool_, WorkerOptions{2, plan_memory(kDefaultMemoryBytes, 2, 1 << 20).value()});
  }
  void stop() {
    worker_.reset();
    dispatcher_.reset();
  }

  Job submit(const std::string& bytes, const std::string& name = "delivery.zip",
             const std::string& pipeline = "") {
    Submission submission;
    submission.file_name = name;
    submission.pipeline = pipeline;
    submission.blob_key = "test/" + new_uuid();
    submission.size = bytes.size();
    submission.metadata = R"({"customer":7})";
    submission.content_type = content_type_;
    put_blob(submission.blob_key, bytes);
    auto job = submit_job(*service_, submission);
    EXPECT_TRUE(job) << job.error().message;
    return job ? *job : Job{};
  }

  Job end_of(const Job& job) { return end_of_job(*store_, job.id); }

  std::map<std::string, Job> members_of(const Job& archive) {
    std::map<std::string, Job> members;
    const JobFilter filter{.tenant = archive.tenant, .parent_job_id = archive.id};
    const std::vector<Job> jobs = store_->jobs().list(filter, {}, 2000).value();
    for (const Job& job : jobs) members[job.file_name] = job;
    return members;
  }
  std::size_t rows_of(const std::string& pipeline) {
    return store_->queries().rows("default", pipeline, {}, "", 1000).value().size();
  }
  std::string refusal(const std::string& bytes) {
    const Job ended = end_of(submit(bytes));
    EXPECT_EQ(ended.status, JobStatus::failed);
    EXPECT_TRUE(members_of(ended).empty());
    EXPECT_TRUE(blobs_->list("uploads/").value().empty()) << "of " << ended.error;
    return ended.error;
  }

  std::string content_type_ = "application/zip";
  ComputePool pool_{2};
  std::optional<Dispatcher> dispatcher_;
  std::optional<Worker> worker_;
};

std::string archive(const std::vector<std::pair<std::string, std::string>>& files) {
  std::vector<ZipPart> parts;
  for (const auto& [name, content] : files) parts.push_back({name, content});
  return testing::zip_of(parts);
}

TEST_F(Archives, EachFileIsAJobUnderOneParent) {
  start();
  const Job job = submit(archive({{"people.csv", kPeople},
                                  {"2024/orders.ndjson", "{\"no\":1}\n{\"no\":2}\n{\"no\":3}\n"},
                                  {"2025/orders.ndjson", "{\"no\":1}\n"},
                                  {"2024/", ""},
                                  {"__MACOSX/._people.csv", "finder"},
                                  {".git/config", "finder"},
                                  {"~$people.xlsx", "excel"},
                                  {".DS_Store", "finder"}}));
  const Job ended = end_of(job);
  EXPECT_EQ(ended.status, JobStatus::completed) << ended.error;
  EXPECT_TRUE(is_archive(ended));
  auto members = members_of(ended);
  ASSERT_EQ(members.size(), 3u);
  const Job& people = members["people.csv"];
  EXPECT_EQ(people.pipeline, "people");
  EXPECT_EQ(people.counts.inserted, 2u);
  EXPECT_EQ(people.file_size, std::string(kPeople).size());
  EXPECT_EQ(people.file_sha256, to_hex(Sha256().of(kPeople)));
  EXPECT_EQ(people.metadata, R"({"customer":7})");
  EXPECT_EQ(people.root_job_id, people.id);
  EXPECT_EQ(members["2024/orders.ndjson"].pipeline, "orders");
  EXPECT_EQ(members["2025/orders.ndjson"].pipeline, "orders");
  EXPECT_EQ(rows_of("people"), 2u);
  EXPECT_EQ(rows_of("orders"), 3u) << "equal rows are stored once";
  const Members all = store_->jobs().members(job.id).value();
  EXPECT_EQ(all.completed, 3u);
  EXPECT_EQ(all.counts.read, 6u);
}

TEST_F(Archives, AllFilesGoThroughThePipelineThatIsNamed) {
  std::ofstream(folder_ / "pipelines" / "people.yaml")
      << "name: people\nschema: {fields: [{name: id, type: integer}, {name: name, type: string}]}\n"
         "identity: position\n";
  start();
  const Job ended = end_of(submit(archive({{"a.csv", kPeople}, {"b.csv", kPeople}}), "x.zip", "people"));
  EXPECT_EQ(ended.status, JobStatus::completed) << ended.error;
  EXPECT_EQ(rows_of("people"), 4u) << "positions are each file's own";
}

TEST_F(Archives, WhatCannotBeLoadedIsNamedAndTheRestIsLoaded) {
  start();
  const Job job = submit(archive({{"people.csv", kPeople},
                                  {"terms.pdf", "%PDF-1.7\n1 0 obj\n"},
                                  {"more.zip", archive({{"x.csv", kPeople}})}}));
  const Job ended = end_of(job);
  EXPECT_EQ(ended.status, JobStatus::failed);
  for (const char* part : {"2 of the 3 files in it were not loaded", "'terms.pdf'", "is a PDF document",
                           "'more.zip'", "is a zip archive; unpack it"})
    EXPECT_NE(ended.error.find(part), std::string::npos) << part << " in " << ended.error;
  EXPECT_EQ(rows_of("people"), 2u);

  // Without those two the archive is complete when it is tried again.
  for (const auto& [name, member] : members_of(ended)) {
    if (member.status == JobStatus::completed) continue;
    ASSERT_TRUE(remove_job(*service_, member, KeepRows::no, DespiteDuplicates::no));
  }
  ASSERT_TRUE(retry_job(*service_, ended));
  EXPECT_EQ(end_of(job).status, JobStatus::completed);
  EXPECT_EQ(members_of(ended).size(), 1u) << "what was removed is not unpacked again";
  EXPECT_EQ(rows_of("people"), 2u);
}

TEST_F(Archives, ADamagedOrHostileOneLoadsNothing) {
  start();
  std::string damaged = archive({{"a.csv", kPeople}, {"b.csv", std::string(5000, 'x')}});
  damaged[damaged.find("a.csv") + 7] ^= 1;  // in the bytes of the first file
  EXPECT_NE(refusal(damaged).find("damaged"), std::string::npos);
  EXPECT_NE(refusal(archive({{"../a.csv", kPeople}})).find("leads out of the archive"), std::string::npos);
  EXPECT_NE(refusal(archive({{".DS_Store", "x"}})).find("without a file to load"), std::string::npos);
  EXPECT_NE(refusal(archive({{"a.csv", std::string(65 << 20, 'x')}})).find("times its size"),
            std::string::npos);
  std::vector<std::pair<std::string, std::string>> many;
  for (std::size_t i = 0; i <= kMostArchiveFiles; ++i) many.push_back({std::to_string(i) + ".csv", "a\n1\n"});
  EXPECT_NE(refusal(archive(many)).find("1001 files"), std::string::npos);
  service_->archive_bytes = 1000;
  EXPECT_NE(refusal(archive({{"a.csv", std::string(600, 'x')}, {"b.csv", std::string(600, 'x')}}))
                .find("limits.upload_bytes"),
            std::string::npos);
}

TEST_F(Archives, WhatBreaksOffIsDoneAgainAndMakesNoSecondJob) {
  const Job job = submit(archive({{"people.csv", kPeople}, {"towns.csv", "id\n5\n"}}));
  const JobRequest request = job_request_from_json(job.plan).value();
  const Input input = open_blob_input(*blobs_, job, "").value();
  const auto unpacked = [&](const Lease& lease) {
    return unpack_archive(*service_, job, lease, request, archive_of(job, request, input, {}).value().value(),
                          {});
  };
  const Lease lost = store_->jobs().lease(job.id, kPlanningSplit, "dead", 0ms, nullptr).value();
  ASSERT_TRUE(store_->jobs().lease(job.id, kPlanningSplit, "other", 0ms, nullptr));
  EXPECT_EQ(unpacked(lost).error().kind, ErrorKind::conflict) << "it was overtaken at its last step";
  EXPECT_EQ(members_of(job).size(), 2u);
  start();
  EXPECT_EQ(end_of(job).status, JobStatus::completed);
  EXPECT_EQ(members_of(job).size(), 2u);
  EXPECT_EQ(rows_of("people"), 2u);
}

TEST_F(Archives, ToCancelRetryOrRemoveOneIsToDoItToItsFiles) {
  const Job job = submit(archive({{"people.csv", kPeople}, {"towns.csv", "id\n5\n"}}));
  const JobRequest request = job_request_from_json(job.plan).value();
  const Input input = open_blob_input(*blobs_, job, "").value();
  const Lease lease = store_->jobs().lease(job.id, kPlanningSplit, "me", kPatience, nullptr).value();
  ASSERT_TRUE(unpack_archive(*service_, job, lease, request,
                             archive_of(job, request, input, {}).value().value(), {}));
  ASSERT_TRUE(cancel_job(*service_, job));
  for (const auto& [name, member] : members_of(job)) EXPECT_EQ(member.status, JobStatus::cancelled) << name;

  ASSERT_TRUE(retry_job(*service_, store_->jobs().get(job.id).value()));
  start();
  const Job ended = end_of(job);
  EXPECT_EQ(ended.status, JobStatus::completed) << ended.error;
  EXPECT_EQ(rows_of("people"), 2u);
  ASSERT_TRUE(remove_job(*service_, ended, KeepRows::no, DespiteDuplicates::no));
  EXPECT_TRUE(members_of(job).empty());
  EXPECT_EQ(rows_of("people"), 0u);
  EXPECT_TRUE(blobs_->list("uploads/").value().empty());
}

TEST_F(Archives, ANameThatIsNoTextEndsTheJobWithItsReason) {
  start();
  const std::string name = "gr\x81n.csv";  // as code page 437 has it
  std::string damaged = archive({{"green.csv", kPeople}});
  for (std::size_t at = damaged.find("green.csv"); at != std::string::npos;
       at = damaged.find("green.csv", at))
    damaged.replace(at, 5, name, 0, 4), damaged[at + 4] = '.';
  damaged[damaged.find(".csv") + 10] ^= 1;
  const std::string said = refusal(damaged);
  EXPECT_NE(said.find("damaged"), std::string::npos);
  EXPECT_TRUE(is_valid_utf8(said)) << said;
}

TEST_F(Archives, ANameOfItsOwnSendsNoOtherFilesThroughThePipelineOfIt) {
  std::ofstream(folder_ / "pipelines" / "delivery.yaml") << "name: delivery\n";
  start();
  ASSERT_EQ(end_of(submit(archive({{"towns.csv", "id\n5\n"}}))).status, JobStatus::completed);
  EXPECT_EQ(rows_of("towns"), 1u);
  EXPECT_EQ(rows_of("delivery"), 0u);
}

TEST_F(Archives, WhatIsNotSentAsOneIsNotUnpacked) {
  start();
  content_type_ = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  EXPECT_NE(refusal(archive({{"towns.csv", "id\n5\n"}})).find("unpack it"), std::string::npos);
}

TEST_F(Archives, ManyAtOnceDoNotHoldUpTheirFiles) {
  start();
  std::vector<Job> jobs;
  for (int i = 0; i < 150; ++i)
    jobs.push_back(submit(archive({{"towns.csv", "id\n" + std::to_string(i) + "\n"}})));
  const auto begin = std::chrono::steady_clock::now();
  for (const Job& job : jobs) ASSERT_EQ(end_of(job).status, JobStatus::completed);
  EXPECT_EQ(rows_of("towns"), 150u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kPatience);
}

TEST_F(Archives, ARetryBeforeAllWasUnpackedOpensWhatWasMade) {
  const Job job = submit(archive({{"people.csv", kPeople}, {"towns.csv", "id\n5\n"}}));
  const JobRequest request = job_request_from_json(job.plan).value();
  const Input input = open_blob_input(*blobs_, job, "").value();
  const Lease lost = store_->jobs().lease(job.id, kPlanningSplit, "dead", 0ms, nullptr).value();
  ASSERT_TRUE(store_->jobs().lease(job.id, kPlanningSplit, "other", 0ms, nullptr));
  (void)unpack_archive(*service_, job, lost, request, archive_of(job, request, input, {}).value().value(),
                       {});
  ASSERT_EQ(members_of(job).size(), 2u);
  ASSERT_TRUE(cancel_job(*service_, job));
  ASSERT_TRUE(retry_job(*service_, store_->jobs().get(job.id).value()));
  start();
  EXPECT_EQ(end_of(job).status, JobStatus::completed);
  EXPECT_EQ(rows_of("people"), 2u);
}

TEST_F(Archives, AWorkbookIsAFileWhateverPartComesFirst) {
  start();
  const Job ended = end_of(submit(archive({{"people.csv", kPeople}, {"_rels/.rels", "<x/>"}}), "book.xlsx"));
  EXPECT_EQ(ended.status, JobStatus::failed);
  EXPECT_FALSE(is_archive(ended));
}

}  // namespace
}  // namespace sluice

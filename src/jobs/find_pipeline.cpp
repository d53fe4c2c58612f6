#include "jobs/find_pipeline.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/nearest.h"
#include "jobs/parsed_pipelines.h"
#include "pipeline/utf8.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostNameBytes = 200;  // as pipelines take them

bool is_pipeline_file(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

// A character of a pipeline's name.
bool is_plain(unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c >= 0x80; }

bool looks_like_path(const std::string& wanted) {
  return wanted.find('/') != std::string::npos || is_pipeline_file(wanted) ||
         fs::path(wanted).extension() == ".json";
}

Result<std::optional<PipelineSpec>> kept_pipeline(const PipelineQuestion& question, const std::string& name) {
  if (!question.store) return std::optional<PipelineSpec>();
  auto kept = TRY(question.store->pipeline(question.tenant, name));
  if (!kept) return std::optional<PipelineSpec>();
  const std::string source = "kept pipeline " + name;
  if (question.overrides.empty())
    return std::optional<PipelineSpec>(TRY(parsed_pipeline(kept->text, source)));
  return std::optional<PipelineSpec>(TRY(parse_kept_pipeline(kept->text, source, question.overrides)));
}

}  // namespace

std::string pipeline_name_of(const std::string& file_name) {
  std::string stem = fs::path(file_name).filename();
  for (const char* ending : {".gz", ".zst", ".zstd"})
    if (stem.ends_with(ending)) stem.resize(stem.size() - std::string_view(ending).size());
  stem = fs::path(stem).stem();
  std::string name;
  for (unsigned char c : stem) {
    if (is_plain(c))
      name += static_cast<char>(c);
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  name.resize(cut_utf8(name, kMostNameBytes).size());
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "rows" : name;
}

std::vector<std::string> pipelines_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
    if (is_pipeline_file(entry.path())) names.push_back(entry.path().stem());
  std::ranges::sort(names);
  return names;
}

std::optional<std::string> pipeline_file(const std::string& folder, const std::string& name) {
  for (const char* ending : {".yaml", ".yml"}) {
    fs::path path = fs::path(folder) / (name + ending);
    if (fs::exists(path)) return path.string();
  }
  return std::nullopt;
}

Result<PipelineSpec> keep_inferred(Store& store, const std::string& tenant, const PipelineSpec& spec) {
  KeptPipeline kept{.name = spec.name, .text = to_yaml(spec), .inferred = true};
  PipelineSpec as_kept = TRY(parse_kept_pipeline(kept.text, "kept pipeline " + spec.name));
  TRY(store.queries().keep_pipeline(tenant, kept));
  return as_kept;
}

Result<> check_pipeline_word(const std::string& name) {
  constexpr std::size_t kLongest = 100;
  if (!name.empty() && name.size() <= kLongest && std::ranges::all_of(name, is_plain)) return {};
  return fail(ErrorKind::usage, "a pipeline's name is made of letters, digits, _ and -, at most " +
                                    std::to_string(kLongest) + " bytes of them.");
}

Result<FoundPipeline> find_pipeline(const PipelineQuestion& question) {
  const std::string &wanted = question.wanted, &folder = question.folder;
  const bool paths = question.paths == PipelinePaths::allowed;
  if (!paths && !wanted.empty()) TRY(check_pipeline_word(wanted));
  FoundPipeline found;
  std::error_code ignored;
  if (wanted == "." || wanted == ".." || (looks_like_path(wanted) && fs::is_directory(wanted, ignored)))
    return fail(ErrorKind::usage, "-p " + wanted + " is a folder; name the pipeline file in it, as in -p " +
                                      (fs::path(wanted) / "people.yaml").string() + ".");
  if (!wanted.empty() && looks_like_path(wanted)) {
    found.spec = TRY(load_pipeline(wanted, question.overrides));
    return found;
  }
  std::string name = wanted.empty() ? pipeline_name_of(question.file_name) : wanted;
  if (auto path = pipeline_file(folder, name); path && !wanted.empty()) {
    found.spec = TRY(load_pipeline(*path, question.overrides));
    return found;
  }
  if (auto kept = TRY(kept_pipeline(question, name))) {
    found.spec = std::move(*kept);
    found.kept = true;
    return found;
  }
  if (!wanted.empty()) {
    std::vector<std::string> known = pipelines_in(folder);
    std::string meant = nearest(wanted, known);
    std::string message = "there is no pipeline '" + wanted + "': no file " + wanted + ".yaml in " + folder +
                          " and none kept in the store.";
    if (!meant.empty()) message += " Did you mean '" + meant + "'?";
    if (paths) message += " A file is given as a path: -p ./" + wanted + ".yaml";
    return fail(paths ? ErrorKind::usage : ErrorKind::not_found, message);
  }
  found.spec = TRY(parse_pipeline("name: \"" + name + "\"\n", "inferred pipeline", question.overrides));
  found.infer = !found.spec.schema;
  return found;
}

}  // namespace sluice

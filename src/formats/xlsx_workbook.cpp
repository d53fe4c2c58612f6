#include "formats/xlsx_workbook.h"

#include <algorithm>
#include <optional>

#include "formats/xlsx_xml.h"

namespace sluice {
namespace {

// More than a program that shows them could; each is kept in memory.
constexpr std::size_t kMostSheets = 10'000;
constexpr std::size_t kMostNameBytes = 4096;

struct Relationship {
  std::string id, type, target;
};

std::unexpected<Error> damaged_workbook(const std::string& what) {
  return fail(ErrorKind::input, "is a damaged Excel workbook: " + what +
                                    ". Open it in a spreadsheet program and save it again");
}

class RelationshipHandler : public XmlHandler {
 public:
  void start(std::string_view name, const XmlAttributes& attributes) override {
    if (name != "Relationship" || relationships.size() >= kMostSheets) return;
    if (attributes.get("TargetMode") == "External") return;
    auto id = attributes.get("Id"), type = attributes.get("Type"), target = attributes.get("Target");
    if (!id || !type || !target || id->size() + type->size() + target->size() > kMostNameBytes) return;
    relationships.push_back({std::string(*id), std::string(*type), std::string(*target)});
  }
  void end(std::string_view) override {}
  void text(std::string_view) override {}

  std::vector<Relationship> relationships;
};

Result<std::vector<Relationship>> read_relationships(const ZipArchive& archive, const ZipMember& part,
                                                     const std::stop_token& stop) {
  RelationshipHandler handler;
  XmlReader reader(TRY(archive.open(part, stop)), part.name, handler);
  TRY(reader.run(stop));
  return std::move(handler.relationships);
}

std::string folder_of(std::string_view part) {
  std::size_t slash = part.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(part.substr(0, slash + 1));
}

// The name of a part by a relationship's target: from the archive's root, or from the folder of who names it.
std::string resolved(std::string_view folder, std::string_view target) {
  std::string whole(target.starts_with('/') ? target.substr(1) : std::string(folder).append(target));
  std::ranges::replace(whole, '\\', '/');
  std::vector<std::string_view> segments;
  std::string_view rest = whole;
  while (!rest.empty()) {
    std::size_t end = std::min(rest.find('/'), rest.size());
    std::string_view segment = rest.substr(0, end);
    if (segment == ".." && !segments.empty())
      segments.pop_back();
    else if (!segment.empty() && segment != "." && segment != "..")
      segments.push_back(segment);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::string name;
  for (std::string_view segment : segments) name.append(name.empty() ? "" : "/").append(segment);
  return name;
}

bool is_of_type(const Relationship& relationship, std::string_view type) {
  return relationship.type.ends_with(std::string("/") + std::string(type));
}

const Relationship* find_type(const std::vector<Relationship>& relationships, std::string_view type) {
  auto found = std::ranges::find_if(relationships, [&](const auto& each) { return is_of_type(each, type); });
  return found == relationships.end() ? nullptr : &*found;
}

class WorkbookHandler : public XmlHandler {
 public:
  explicit WorkbookHandler(Workbook& workbook) : workbook_(workbook) {}
  void start(std::string_view name, const XmlAttributes& attributes) override {
    if (name == "workbookPr") {
      auto date1904 = attributes.get("date1904");
      if (date1904 == "1" || date1904 == "true") workbook_.dates = DateSystem::from_1904;
    }
    if (name != "sheet" || workbook_.sheets.size() >= kMostSheets) return;
    WorkbookSheet sheet;
    sheet.name = std::string(attributes.get("name").value_or("")).substr(0, kMostNameBytes);
    auto state = attributes.get("state").value_or("visible");
    if (state == "hidden") sheet.state = SheetState::hidden;
    if (state == "veryHidden") sheet.state = SheetState::very_hidden;
    sheet.part = std::string(attributes.relationship("id").value_or(""));  // its id, until it is looked up
    workbook_.sheets.push_back(std::move(sheet));
  }
  void end(std::string_view) override {}
  void text(std::string_view) override {}

 private:
  Workbook& workbook_;
};

std::string part_with(const ZipArchive& archive, const std::string& folder,
                      const Relationship* relationship) {
  if (relationship == nullptr) return "";
  std::string name = resolved(folder, relationship->target);
  return archive.find(name) != nullptr ? name : "";
}

// The part that everything begins with.
Result<std::string> workbook_part(const ZipArchive& archive, const std::stop_token& stop) {
  const ZipMember* root = archive.find("_rels/.rels");
  if (root == nullptr) return fail(ErrorKind::input, what_archive_is(archive));
  const auto relationships = TRY(read_relationships(archive, *root, stop));
  const Relationship* document = find_type(relationships, "officeDocument");
  if (document == nullptr) return fail(ErrorKind::input, what_archive_is(archive));
  std::string name = resolved("", document->target);
  const std::string folded = folded_name(name);
  if (folded.ends_with(".bin") || !folded.ends_with(".xml") || folded.find("word/") != std::string::npos ||
      folded.find("ppt/") != std::string::npos)
    return fail(ErrorKind::input, what_archive_is(archive));
  if (archive.find(name) == nullptr) return damaged_workbook("the part '" + name + "' is missing in it");
  return name;
}

}  // namespace

bool holds_files(const ZipArchive& archive) {
  return archive.find("[Content_Types].xml") == nullptr && archive.find("_rels/.rels") == nullptr &&
         (archive.find("mimetype") == nullptr || archive.find("content.xml") == nullptr);
}

std::string what_archive_is(const ZipArchive& archive) {
  auto any = [&](auto test) {
    return std::ranges::any_of(archive.members(),
                               [&](const ZipMember& member) { return test(folded_name(member.name)); });
  };
  auto in = [&](std::string_view folder) {
    return any([&](const std::string& name) { return name.starts_with(folder); });
  };
  constexpr const char* kSave = "; open it, save it as XLSX or CSV (UTF-8), and give that file";
  if (any([](const std::string& name) { return name.ends_with("workbook.bin"); }))
    return std::string("is an Excel workbook in the binary format (XLSB)") + kSave;
  if (archive.find("mimetype") != nullptr && archive.find("content.xml") != nullptr)
    return std::string("is an OpenDocument file, most likely a spreadsheet (ODS)") + kSave;
  if (in("word/")) return "is a Word document; give a CSV, TSV, JSON, NDJSON or XLSX file";
  if (in("ppt/")) return "is a PowerPoint presentation; give a CSV, TSV, JSON, NDJSON or XLSX file";
  if (in("xl/") || in("[content_types].xml"))
    return "is a damaged Excel workbook: nothing in it says where the workbook is. Open it in a spreadsheet "
           "program and "
           "save it again";
  return "is a zip archive; unpack it and give the files that are in it";
}

Result<Workbook> read_workbook(const ZipArchive& archive, std::stop_token stop) {
  const std::string name = TRY(workbook_part(archive, stop));
  const std::string folder = folder_of(name);
  Workbook workbook;
  WorkbookHandler handler(workbook);
  XmlReader reader(TRY(archive.open(*archive.find(name), stop)), name, handler);
  TRY(reader.run(stop));
  std::vector<Relationship> relationships;
  if (const ZipMember* part = archive.find(folder + "_rels/" + name.substr(folder.size()) + ".rels"))
    relationships = TRY(read_relationships(archive, *part, stop));
  workbook.strings_part = part_with(archive, folder, find_type(relationships, "sharedStrings"));
  workbook.styles_part = part_with(archive, folder, find_type(relationships, "styles"));
  for (WorkbookSheet& sheet : workbook.sheets) {
    auto found = std::ranges::find(relationships, sheet.part, &Relationship::id);
    const bool known = found != relationships.end();
    sheet.has_cells = !known || is_of_type(*found, "worksheet");
    sheet.part = known ? part_with(archive, folder, &*found) : "";
  }
  if (workbook.sheets.empty()) return damaged_workbook("it has no sheets");
  return workbook;
}

}  // namespace sluice

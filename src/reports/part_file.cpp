#include "reports/part_file.h"

#include <cerrno>
#include <cstring>

namespace sluice {

std::string part_name(const std::string& path) { return path + ".part"; }

std::unexpected<Error> report_error(const std::string& path, std::string_view what) {
  return fail(ErrorKind::io, "Cannot write the report '" + path + "': " + std::string(what) +
                                 ". Give another place with --rejects, or make this one writable.");
}

Result<> publish(const std::string& path) {
  if (std::rename(part_name(path).c_str(), path.c_str()) != 0)
    return report_error(path, std::strerror(errno));
  return {};
}

Result<std::unique_ptr<ReportSink>> PartFile::create(const std::string& path) {
  std::FILE* file = std::fopen(part_name(path).c_str(), "wb");
  if (file == nullptr) return report_error(path, std::strerror(errno));
  return std::unique_ptr<ReportSink>(new PartFile(path, file));
}

Result<> PartFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size())
    return report_error(path_, std::strerror(errno));
  return {};
}

Result<> PartFile::finish() {
  if (std::fclose(file_.release()) != 0) return report_error(path_, std::strerror(errno));
  return publish(path_);
}

}  // namespace sluice

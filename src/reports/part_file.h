// PartFile: a file that appears under its name only when it is complete. Written to PATH.part beside it.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "reports/report.h"

namespace sluice {

std::string part_name(const std::string& path);
// Renames PATH.part to PATH.
Result<> publish(const std::string& path);
// "Cannot write the report 'x.csv': No space left on device (…)." with what to do.
std::unexpected<Error> report_error(const std::string& path, std::string_view what);

class PartFile final : public ReportSink {
 public:
  static Result<std::unique_ptr<ReportSink>> create(const std::string& path);
  Result<> write(std::string_view bytes) override;
  Result<> finish() override;  // closes and renames

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  PartFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace sluice

// What the styles of a workbook make of its numbers. One thread to read them, any to ask.
#pragma once

#include <cstddef>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "formats/xlsx_number_format.h"
#include "formats/zip_archive.h"

namespace sluice {

class XlsxStyles {
 public:
  // No styles: every number is just a number.
  XlsxStyles() = default;
  static Result<XlsxStyles> read(const ZipArchive& archive, const ZipMember& part, std::stop_token stop);

  // Of the style with this number, from 0; a number for one that there is not.
  NumberForm form(std::size_t style) const { return style < forms_.size() ? forms_[style] : NumberForm(); }

 private:
  std::vector<NumberForm> forms_;
};

}  // namespace sluice

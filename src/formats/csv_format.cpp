#include "formats/csv_format.h"

#include "formats/csv_parser.h"
#include "formats/csv_splitter.h"

namespace sluice {
namespace {

class CsvFormat final : public RowFormat {
 public:
  CsvFormat(const ReadPlan& plan, const CsvKernel* kernel)
      : rules_(plan), kernel_(kernel), columns_(std::make_shared<const Columns>(plan.columns)) {}

  std::unique_ptr<RecordSplitter> splitter(Position at) const override {
    return std::make_unique<CsvSplitter>(rules_, kernel_, at);
  }

  ParseResult parse(Chunk chunk) const override {
    ParseResult result;
    CsvParser parser(rules_, kernel_, columns_, columns_->size());
    result.batches.push_back(parser.parse(std::move(chunk)));
    return result;
  }

 private:
  CsvRules rules_;
  const CsvKernel* kernel_;
  SharedColumns columns_;
};

}  // namespace

std::unique_ptr<RowFormat> make_csv_format(const ReadPlan& plan, const CsvKernel* kernel) {
  return std::make_unique<CsvFormat>(plan, kernel);
}

std::unique_ptr<RowFormat> make_csv_format(const ReadPlan& plan) {
  return make_csv_format(plan, &best_csv_kernel());
}

}  // namespace sluice

#include "jobs/intake_request.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

Result<IntakeOrder> with_priority(const std::string& priority) {
  return intake_order(R"({"pipeline": "people", "rows": [{"id": 1}], "priority": )" + priority + "}");
}

TEST(IntakeRequest, PriorityHasTheBoundsOfTheApi) {
  for (const char* good : {"-1000", "0", "1000"}) {
    const auto order = with_priority(good);
    ASSERT_TRUE(order) << good << ": " << order.error().message;
    EXPECT_EQ(std::to_string(order->priority), good);
  }
  for (const char* wrong :
       {"1001", "-1001", "1000000", "1.5", "\"5\"", "null", "18446744073709551615", "-9223372036854775808"}) {
    const auto order = with_priority(wrong);
    ASSERT_FALSE(order) << wrong;
    EXPECT_EQ(order.error().kind, ErrorKind::usage);
    EXPECT_NE(order.error().message.find("from -1000 to 1000"), std::string::npos) << order.error().message;
  }
}

}  // namespace
}  // namespace sluice

// PagedBody: a body that is made page by page while it is sent, so that it is never whole in memory. One
// thread.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "server/http_message.h"

namespace sluice {

class PagedBody : public ResponseBody {
 public:
  Result<std::size_t> read(std::span<char> into) final {
    while (sent_ == text_.size() && !ended_) {
      text_.clear();
      sent_ = 0;
      ended_ = TRY(add_page()) == Page::last;
    }
    const std::size_t size = std::min(into.size(), text_.size() - sent_);
    std::memcpy(into.data(), text_.data() + sent_, size);
    sent_ += size;
    return size;
  }

 protected:
  enum class Page : bool { more, last };
  virtual Result<Page> add_page() = 0;  // to text_

  std::string text_;  // made and not sent yet; what it holds at first comes before the first page

 private:
  std::size_t sent_ = 0;
  bool ended_ = false;
};

}  // namespace sluice

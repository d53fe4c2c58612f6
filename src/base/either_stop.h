// EitherStop: one stop token for two: whichever stop is asked for first. For what is called with a token and
// belongs to something that may be ended as well.
#pragma once

#include <stop_token>
#include <utility>

namespace sluice {

class EitherStop {
 public:
  EitherStop(std::stop_token one, std::stop_token other)
      : of_one_(std::move(one), Ask{source_}), of_other_(std::move(other), Ask{source_}) {}
  EitherStop(const EitherStop&) = delete;
  EitherStop& operator=(const EitherStop&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  struct Ask {
    std::stop_source source;
    void operator()() { source.request_stop(); }
  };
  std::stop_source source_;
  std::stop_callback<Ask> of_one_, of_other_;
};

}  // namespace sluice

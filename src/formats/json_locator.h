// JsonLocator: finds the array that an RFC 6901 pointer names in a document of any size, byte by byte, in
// memory that does not grow with it. Checks what it reads on the way. Used by json_detect; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rows/position.h"

namespace sluice {

class JsonLocator {
 public:
  // `pointer` as checked by tokens_of. `at`: where the bytes begin that are pushed first (behind a BOM).
  JsonLocator(std::vector<std::string> tokens, Position at) : tokens_(std::move(tokens)), at_(at) {}

  // Reads on. True: the array's [ is the byte before position(). Error: the document is broken, or something
  // else than an array stands at the pointer.
  Result<bool> push(std::string_view bytes);
  // The document has ended, or what there is of it is all that is looked at: why there is no array at the
  // pointer.
  Error not_found(bool document_ended) const;

  const Position& position() const { return at_; }
  // Pointers to the arrays of objects or arrays that it has come by, some.
  const std::vector<std::string>& candidates() const { return candidates_; }

  // The tokens of an RFC 6901 pointer; usage error where it is none.
  static Result<std::vector<std::string>> tokens_of(const std::string& pointer);
  static std::string escaped_token(std::string_view name);

 private:
  enum class State : std::uint8_t { value, first_element, first_name, name, colon, behind_value, done };
  enum class In : std::uint8_t { nothing, text, scalar };
  struct Frame {
    bool is_object = false;
    bool on_path = false;     // the pointer leads through this container
    std::uint64_t index = 0;  // array: of the current element
    std::string name;         // object: of the current member
  };

  Result<bool> structure(char c);
  Result<bool> begin_value(char c);
  Result<> text(char c);
  Result<> end_scalar();
  Result<> end_value(char c);
  bool value_on_path() const;
  std::string pointer_here() const;
  std::unexpected<Error> broken(const std::string& what) const;

  std::vector<std::string> tokens_;
  Position at_;
  bool after_cr_ = false;
  State state_ = State::value;
  In in_ = In::nothing;
  std::vector<Frame> frames_;
  bool text_is_name_ = false, escape_ = false;
  int hex_left_ = 0;
  std::string token_;  // the name or scalar being read
  char root_ = '\0';   // first byte of the document's value
  std::vector<std::string> candidates_;
};

}  // namespace sluice

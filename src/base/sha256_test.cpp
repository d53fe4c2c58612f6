#include "base/sha256.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice {
namespace {

std::string hex_of(std::string_view bytes) { return to_hex(Sha256().of(bytes)); }

// FIPS 180-4's examples as NIST publishes them, and the long one of a million letters.
TEST(Sha256, vectors_of_the_standard) {
  EXPECT_EQ(hex_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex_of("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrl"
                   "mnopqrsmnopqrstnopqrstu"),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(hex_of(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, pieces_equal_one_shot_and_peeking_changes_nothing) {
  std::mt19937_64 random(3);
  Sha256 running, peeked;
  for (int round = 0; round < 200; ++round) {
    std::string all;
    while (random() % 20 != 0) {
      std::string piece(random() % 150, static_cast<char>(random()));
      all += piece;
      running.update(piece);
      peeked.update(piece);
      ASSERT_EQ(to_hex(peeked.peek()), hex_of(all)) << round;
    }
    ASSERT_EQ(running.finish(), Sha256().of(all)) << round;  // finish resets: the next round begins anew
    ASSERT_EQ(peeked.finish(), Sha256().of(all)) << round;
  }
  Sha256 started;
  started.update("forgotten");
  EXPECT_EQ(started.of("abc"), Sha256().of("abc"));
  started.update("forgotten");
  started.reset();
  EXPECT_EQ(started.finish(), Sha256().of(""));
}

TEST(Sha256, another_process_goes_on_at_any_byte) {
  std::mt19937_64 random(5);
  std::string all(300, '\0');
  for (char& c : all) c = static_cast<char>(random());
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    Sha256 before, after;
    before.update(std::string_view(all).substr(0, cut));
    after.update("forgotten");
    ASSERT_TRUE(after.go_on(before.state())) << cut;
    EXPECT_EQ(after.state(), before.state());
    after.update(std::string_view(all).substr(cut));
    ASSERT_EQ(after.finish(), Sha256().of(all)) << cut;
  }
  Sha256 large;
  std::string far = "5000000000064" + large.state().substr(1);  // more bits than a word counts
  ASSERT_TRUE(large.go_on(far));
  EXPECT_EQ(large.state(), far);
  Sha256 untouched;
  untouched.update("abc");
  std::string state = untouched.state();
  for (std::string wrong : {std::string(), state.substr(1), state + "0", "4" + state.substr(1), "x" + state,
                            state.substr(0, state.size() - 1) + "g"}) {
    EXPECT_FALSE(untouched.go_on(wrong)) << wrong;
  }
  EXPECT_EQ(untouched.finish(), Sha256().of("abc")) << "what is refused changes nothing";
}

TEST(Sha256, hex) {
  EXPECT_EQ(to_hex(std::string_view("\x00\x7f\xff\xa5", 4)), "007fffa5");
  Digest digest = Sha256().of("abc");
  EXPECT_EQ(digest_from_hex(to_hex(digest)), digest);
  std::string hex = to_hex(digest);
  EXPECT_FALSE(digest_from_hex(hex.substr(1)));
  EXPECT_FALSE(digest_from_hex(hex + "00"));
  EXPECT_FALSE(digest_from_hex(""));
  hex[63] = 'g';
  EXPECT_FALSE(digest_from_hex(hex));
}

}  // namespace
}  // namespace sluice

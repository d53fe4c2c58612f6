#include "jobs/owner.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice {
namespace {

TEST(Owner, AProcessThatLivesIsNotDead) { EXPECT_FALSE(is_dead(this_process())); }

TEST(Owner, AProcessThatEndedIsDead) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  pid_t child = fork();
  if (child == 0) {
    std::string owner = this_process();
    ssize_t written = write(ends[1], owner.data(), owner.size());
    _exit(written == static_cast<ssize_t>(owner.size()) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  char text[512];
  ssize_t size = read(ends[0], text, sizeof text);
  ASSERT_GT(size, 0);
  EXPECT_TRUE(is_dead(std::string(text, static_cast<std::size_t>(size))));
  close(ends[0]);
  close(ends[1]);
}

TEST(Owner, APidThatWasUsedAgainIsDead) {
  std::string owner = this_process();
  EXPECT_TRUE(is_dead(owner.substr(0, owner.rfind('/')) + "/1"));
}

TEST(Owner, NothingIsKnownOfOtherHosts) {
  EXPECT_FALSE(is_dead("other-host/1/1"));
  EXPECT_FALSE(is_dead(""));
  EXPECT_FALSE(is_dead("nonsense"));
}

}  // namespace
}  // namespace sluice

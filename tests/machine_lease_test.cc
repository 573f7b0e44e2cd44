// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/machine_lease.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

namespace actbench {
namespace {

class MachineLeaseTest : public testing::Test {
 protected:
  ~MachineLeaseTest() override { std::remove(file_.c_str()); }

  const std::string file_ = testing::TempDir() + "machine_lease_test." + std::to_string(getpid());
};

TEST_F(MachineLeaseTest, OneHasItAtATime) {
  absl::StatusOr<std::unique_ptr<MachineLease>> first = MachineLease::Try(file_);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_NE(*first, nullptr);
  EXPECT_EQ(*MachineLease::Try(file_), nullptr);
  first->reset();
  EXPECT_NE(*MachineLease::Try(file_), nullptr);
}

TEST_F(MachineLeaseTest, AnotherProcessHasToWaitToo) {
  const absl::StatusOr<std::unique_ptr<MachineLease>> lease = MachineLease::Try(file_);
  ASSERT_NE(*lease, nullptr);
  const pid_t child = fork();
  if (child == 0) _exit(*MachineLease::Try(file_) == nullptr ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(MachineLeaseTest, WhoWasKilledHasItNoMore) {
  const pid_t child = fork();
  if (child == 0) {
    const absl::StatusOr<std::unique_ptr<MachineLease>> lease = MachineLease::Try(file_);
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_NE(*MachineLease::Try(file_), nullptr);
}

TEST_F(MachineLeaseTest, EveryUserMayLockTheFile) {
  ASSERT_TRUE(MachineLease::Try(file_).ok());
  struct stat info = {};
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0666u);
}

TEST_F(MachineLeaseTest, AFileThatCannotBeIsNamed) {
  const absl::Status status = MachineLease::Try("/no/such/directory/lease").status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_NE(status.message().find("/no/such/directory/lease"), std::string::npos) << status;
}

}  // namespace
}  // namespace actbench

// SPDX-License-Identifier: Apache-2.0
// A directory that goes away at the end of a test.
#ifndef ACTBENCH_TESTS_TEMPORARY_DIRECTORY_H_
#define ACTBENCH_TESTS_TEMPORARY_DIRECTORY_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace actbench {

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(testing::TempDir() + "actbench_test.XXXXXX") {
    EXPECT_NE(::mkdtemp(path_.data()), nullptr) << path_;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace actbench

#endif  // ACTBENCH_TESTS_TEMPORARY_DIRECTORY_H_

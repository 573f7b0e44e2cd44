// SPDX-License-Identifier: Apache-2.0
// A directory with a /proc and a /sys of its own.
#ifndef ACTBENCH_TESTS_FAKE_ROOT_H_
#define ACTBENCH_TESTS_FAKE_ROOT_H_

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/temporary_directory.h"

namespace actbench {

class FakeRoot {
 public:
  const std::string& path() const { return directory_.path(); }
  void Write(const std::string& file, const std::string& contents) const {
    const std::filesystem::path path = directory_.path() + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << contents;
  }

 private:
  TemporaryDirectory directory_;
};

}  // namespace actbench

#endif  // ACTBENCH_TESTS_FAKE_ROOT_H_

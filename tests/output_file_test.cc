// SPDX-License-Identifier: Apache-2.0
#include "client/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace actbench::client {
namespace {

using testing::HasSubstr;

class OutputFileTest : public testing::Test {
 protected:
  OutputFileTest() {
    std::string pattern = testing::TempDir() + "/output_file_test.XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~OutputFileTest() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  static std::string Read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  int FileCount() const {
    const std::filesystem::directory_iterator files(directory_);
    return static_cast<int>(std::distance(begin(files), end(files)));
  }

  std::string directory_;
};

TEST_F(OutputFileTest, ANewFileIsMadeAtTheEndAlone) {
  const absl::StatusOr<OutputFile> file = OutputFile::Open(Path("x.json"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(FileCount(), 0);
  ASSERT_TRUE(file->Write("text").ok());
  EXPECT_EQ(Read(Path("x.json")), "text");
  EXPECT_EQ(FileCount(), 1);
}

TEST_F(OutputFileTest, AFileIsReplacedAndKeepsItsMode) {
  std::ofstream(Path("x.json")) << "former, and longer";
  ASSERT_EQ(::chmod(Path("x.json").c_str(), 0640), 0);
  std::filesystem::create_symlink(Path("x.json"), Path("link"));
  std::ifstream reader(Path("x.json"));
  const absl::StatusOr<OutputFile> file = OutputFile::Open(Path("link"));
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->Write("text").ok());
  EXPECT_EQ(Read(Path("x.json")), "text");
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
  struct stat status {};
  ASSERT_EQ(::stat(Path("x.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
  std::ostringstream former;  // who has opened it still reads what it was
  former << reader.rdbuf();
  EXPECT_EQ(former.str(), "former, and longer");
}

TEST_F(OutputFileTest, DevicesAreWrittenTo) {
  const absl::StatusOr<OutputFile> null = OutputFile::Open("/dev/null");
  ASSERT_TRUE(null.ok()) << null.status();
  EXPECT_TRUE(null->Write("text").ok());
  const absl::StatusOr<OutputFile> full = OutputFile::Open("/dev/full");
  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_THAT(std::string(full->Write("text").message()), HasSubstr("cannot write /dev/full: No space left"));
}

TEST_F(OutputFileTest, WhatCannotBeWrittenIsToldBefore) {
  for (const auto& [path, reason] : {std::pair{Path("none/x.json"), "No such file"},
                                     {directory_, "Is a directory"},
                                     {Path("new/"), "No such file"},
                                     {std::string(), "No such file"}}) {
    const absl::Status status = OutputFile::Open(path).status();
    EXPECT_THAT(std::string(status.message()), HasSubstr("cannot write " + path + ": " + reason));
  }
  std::ofstream(Path("x")) << "";
  EXPECT_THAT(std::string(OutputFile::Open(Path("x/y")).status().message()), HasSubstr("Not a directory"));
  if (::geteuid() == 0) return;  // root may write everything
  ASSERT_EQ(::chmod(directory_.c_str(), 0500), 0);
  EXPECT_THAT(std::string(OutputFile::Open(Path("y")).status().message()), HasSubstr("Permission denied"));
  ASSERT_EQ(::chmod(directory_.c_str(), 0700), 0);
}

}  // namespace
}  // namespace actbench::client

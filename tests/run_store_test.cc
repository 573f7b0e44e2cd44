// SPDX-License-Identifier: Apache-2.0
#include "server/run_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/temporary_directory.h"

namespace actbench {
namespace {

v1::BenchmarkRun MakeStoredRun(const std::string& name, int64_t seconds, int results = 2) {
  v1::BenchmarkRun run;
  run.set_name(name);
  run.mutable_time()->set_seconds(seconds);
  run.set_fingerprint_hash("0123456789abcdef");
  run.set_build_id("fedcba9876543210");
  v1::FingerprintField& field = *run.add_fingerprint();
  field.set_name("processor");
  field.set_value("a processor");
  for (int i = 0; i < results; ++i) {
    v1::BenchmarkResult& result = *run.add_results();
    result.set_name("case " + std::to_string(i));
    result.set_outcome(v1::OUTCOME_MEASURED);
    result.mutable_time()->set_median_ns(i + 1);
  }
  return run;
}

int64_t Count(const std::string& directory, const std::string& table) {
  const std::unique_ptr<StateDb> db = *StateDb::OpenForReading(directory);
  StateDb::Statement count = db->Prepare("SELECT count(*) FROM " + table);
  EXPECT_TRUE(*count.Step());
  return count.Integer(0);
}

class RunStoreTest : public testing::Test {
 protected:
  const TemporaryDirectory directory_;
};

TEST_F(RunStoreTest, ARunIsThereAfterARestart) {
  v1::BenchmarkRun run = MakeStoredRun("a", 1000);
  ASSERT_TRUE(RunStore(directory_.path(), 10).Add(run).ok());
  EXPECT_FALSE(run.id().empty());
  EXPECT_FALSE(run.unsaved());
  const absl::StatusOr<v1::BenchmarkRun> got = RunStore(directory_.path(), 10).Get(run.id());
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->SerializeAsString(), run.SerializeAsString());
}

TEST_F(RunStoreTest, WithoutADirectoryItIsKeptInMemoryAndUnsaved) {
  RunStore store("", 10);
  v1::BenchmarkRun run = MakeStoredRun("a", 1000);
  ASSERT_TRUE(store.Add(run).ok());
  EXPECT_TRUE(run.unsaved());
  EXPECT_TRUE(store.Get("a")->unsaved());
  EXPECT_EQ(store.List({}, 0, "")->runs_size(), 1);
  EXPECT_EQ(store.warning(), "") << "nobody wanted it saved";
  EXPECT_EQ(*store.Delete("a"), run.id());
  EXPECT_TRUE(absl::IsNotFound(store.Get("a").status()));
}

TEST_F(RunStoreTest, TheNewestAreKept) {
  RunStore store(directory_.path(), 2);
  std::vector<v1::BenchmarkRun> runs;
  for (const int64_t seconds : {3000, 1000, 2000}) {
    runs.push_back(MakeStoredRun("a", seconds));
    ASSERT_TRUE(store.Add(runs.back()).ok());
  }
  EXPECT_EQ(store.List({}, 0, "")->runs_size(), 2);
  EXPECT_TRUE(absl::IsNotFound(store.Get(runs[1].id()).status()));
  EXPECT_EQ(Count(directory_.path(), "measurements"), 4);
}

TEST_F(RunStoreTest, ADeletedRunLeavesNothing) {
  RunStore store(directory_.path(), 10);
  v1::BenchmarkRun run = MakeStoredRun("a", 1000);
  ASSERT_TRUE(store.Add(run).ok());
  ASSERT_TRUE(store.Delete(run.id()).ok());
  for (const char* table : {"runs", "measurements", "bench_cases", "testbeds"}) {
    EXPECT_EQ(Count(directory_.path(), table), 0) << table;
  }
}

TEST_F(RunStoreTest, PagesGoThroughAllRunsNewestFirst) {
  RunStore store(directory_.path(), 100);
  for (int i = 0; i < 7; ++i) {
    v1::BenchmarkRun run = MakeStoredRun(i % 2 == 0 ? "even" : "odd", 1000 + i / 2);
    ASSERT_TRUE(store.Add(run).ok());
  }
  std::vector<int64_t> seconds;
  std::string token;
  do {
    const absl::StatusOr<v1::ListRunsResponse> page = store.List({.name = "even"}, 2, token);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::BenchmarkRun& run : page->runs()) seconds.push_back(run.time().seconds());
    token = page->next_page_token();
  } while (!token.empty());
  EXPECT_EQ(seconds, (std::vector<int64_t>{1003, 1002, 1001, 1000}));
  EXPECT_TRUE(absl::IsInvalidArgument(store.List({}, -1, "").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(store.List({}, 0, "nonsense").status()));
  EXPECT_EQ(store.List({.name = {}, .fingerprint_hash = "another"}, 0, "")->runs_size(), 0);
}

TEST_F(RunStoreTest, WhatIsDamagedIsToldAndCanBeDeleted) {
  v1::BenchmarkRun run = MakeStoredRun("a", 1000);
  ASSERT_TRUE(RunStore(directory_.path(), 10).Add(run).ok());
  ASSERT_TRUE(
      (*StateDb::Open(directory_.path()))->Execute("UPDATE measurements SET result = x'ff' WHERE place = 1").ok());
  RunStore store(directory_.path(), 10);
  EXPECT_TRUE(absl::IsDataLoss(store.Get("a").status()));
  EXPECT_EQ(store.List({}, 0, "")->runs_size(), 1);
  EXPECT_EQ(*store.Delete("a"), run.id());
}

TEST_F(RunStoreTest, AProcessThatIsKilledWhileItWritesLeavesWholeRuns) {
  for (int round = 0; round < 5; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      RunStore store(directory_.path(), 1000);
      for (int i = 0;; ++i) {
        v1::BenchmarkRun run = MakeStoredRun("round " + std::to_string(round), i, 50);
        if (!store.Add(run).ok()) _exit(1);
      }
    }
    usleep(100000 + 7000 * round);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
    RunStore store(directory_.path(), 1000);
    const absl::StatusOr<v1::ListRunsResponse> list = store.List({}, 1000, "");
    ASSERT_TRUE(list.ok()) << list.status();
    for (const v1::BenchmarkRun& run : list->runs()) EXPECT_EQ(store.Get(run.id())->results_size(), 50);
    v1::BenchmarkRun next = MakeStoredRun("next", round, 50);
    EXPECT_TRUE(store.Add(next).ok());
    EXPECT_FALSE(next.unsaved());
  }
  EXPECT_GT(Count(directory_.path(), "runs"), 5);
}

}  // namespace
}  // namespace actbench

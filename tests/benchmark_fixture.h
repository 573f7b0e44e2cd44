// SPDX-License-Identifier: Apache-2.0
// Requests for benchmark runs and their streams, for tests.
#ifndef ACTBENCH_TESTS_BENCHMARK_FIXTURE_H_
#define ACTBENCH_TESTS_BENCHMARK_FIXTURE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "actbench/v1/benchmark.grpc.pb.h"
#include "tests/server_fixture.h"

namespace actbench {

inline v1::BenchmarkCase MakeCase(const std::string& activation, int64_t elements = 1000) {
  v1::BenchmarkCase benchmark;
  benchmark.set_activation(activation);
  benchmark.set_direction(v1::DIRECTION_FORWARD);
  benchmark.set_dtype(v1::DTYPE_F32);
  benchmark.mutable_selector()->set_isa("scalar");
  benchmark.set_elements(elements);
  return benchmark;
}

// Of short cases: their times mean nothing.
inline v1::RunBenchmarkRequest MakeRun(const std::vector<v1::BenchmarkCase>& cases) {
  v1::RunBenchmarkRequest request;
  for (const v1::BenchmarkCase& one : cases) *request.add_cases() = one;
  request.mutable_plan()->set_min_processes(2);
  request.mutable_plan()->set_max_processes(2);
  request.mutable_plan()->set_process_ms(5);
  return request;
}

// Kernels of two tiers, the first the fast one.
inline v1::PairedCase MakePair(const std::string& activation, const std::string& head_tier) {
  v1::PairedCase pair;
  *pair.mutable_base() = MakeCase(activation);
  pair.mutable_head()->set_tier(head_tier);
  pair.mutable_head()->set_isa("scalar");
  return pair;
}

// Takes many minutes.
inline v1::RunBenchmarkRequest MakeLongRun() {
  v1::RunBenchmarkRequest request = MakeRun({MakeCase("sigmoid")});
  request.mutable_plan()->set_min_processes(1000);
  request.mutable_plan()->set_max_processes(1000);
  request.mutable_plan()->set_process_ms(1000);
  return request;
}

// A lease of the test's own, so that tests do not wait for one another.
class OwnLease {
 public:
  OwnLease() { setenv("ACTBENCH_LEASE_FILE", file_.c_str(), 1); }
  ~OwnLease() { std::remove(file_.c_str()); }
  const std::string& file() const { return file_; }

 private:
  const std::string file_ = testing::TempDir() + "lease." + std::to_string(getpid());
};

// One call of RunBenchmark.
class RunStream {
 public:
  RunStream(TestServer& server, const v1::RunBenchmarkRequest& request, absl::Duration timeout = 10 * kPatience) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    reader_ = v1::BenchmarkService::NewStub(server.channel)->RunBenchmark(&context_, request);
  }
  // Ends the call if it has not.
  ~RunStream() {
    if (reader_ == nullptr) return;
    Cancel();
    Finish();
  }

  // Waits until progress of which `is_it` holds; false if the stream ends first.
  template <class Predicate>
  bool WaitForProgress(const Predicate& is_it) {
    v1::RunBenchmarkResponse response;
    while (reader_->Read(&response)) {
      if (response.has_progress() && is_it(response.progress())) return true;
    }
    return false;
  }
  void Cancel() { context_.TryCancel(); }
  // Reads all that is left.
  grpc::Status Finish() {
    v1::RunBenchmarkResponse response;
    while (reader_->Read(&response)) {
      EXPECT_TRUE(run.id().empty()) << "nothing comes after the run";
      if (response.has_progress()) progress.push_back(response.progress());
      if (response.has_result()) results.push_back(response.result());
      if (response.has_run()) run = response.run();
    }
    const grpc::Status status = reader_->Finish();
    reader_ = nullptr;
    return status;
  }

  std::vector<v1::BenchmarkProgress> progress;
  std::vector<v1::BenchmarkResult> results;
  v1::BenchmarkRun run;

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::RunBenchmarkResponse>> reader_;
};

}  // namespace actbench

#endif  // ACTBENCH_TESTS_BENCHMARK_FIXTURE_H_

// SPDX-License-Identifier: Apache-2.0
// The progress of what a server works at on a terminal. Tested by progress_bar_test.cc.
#ifndef ACTBENCH_CLIENT_PROGRESS_BAR_H_
#define ACTBENCH_CLIENT_PROGRESS_BAR_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "actbench/v1/accuracy.pb.h"
#include "actbench/v1/benchmark.pb.h"

namespace actbench::client {

struct ProgressState {
  double share = 0;           // that is done, of 1
  std::string rate = {};      // such as "1.6 G inputs/s"; empty: not known
  int64_t remaining_ms = -1;  // -1: not known
  std::string waits = {};     // for what; empty: it runs
};
// `running` is for how long it has.
ProgressState StateOf(const v1::AccuracyProgress& progress, absl::Duration running);
ProgressState StateOf(const v1::BenchmarkProgress& progress);

// One line of at most `width` characters: what is measured, a bar, percent, rate and time left.
std::string ProgressText(const std::string& title, const ProgressState& state, size_t width);

// Writes to stderr, and only where that is a terminal.
class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar() { Clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // A measurement begins.
  void Start(std::string title);
  void Show(const v1::AccuracyProgress& progress);
  void Show(const v1::BenchmarkProgress& progress);
  // Of what has a title of its own at each moment.
  void Show(const std::string& title, const ProgressState& state);
  // Gives the line back to other output.
  void Clear();

 private:
  const bool terminal_;
  bool shown_ = false;
  std::string title_;
  absl::Time start_ = absl::InfiniteFuture();  // of the run, after the wait
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_PROGRESS_BAR_H_

// SPDX-License-Identifier: Apache-2.0
// The progress of a measurement on a terminal. Tested by progress_bar_test.cc.
#ifndef ACTBENCH_CLIENT_PROGRESS_BAR_H_
#define ACTBENCH_CLIENT_PROGRESS_BAR_H_

#include <cstddef>
#include <string>

#include "absl/time/time.h"
#include "actbench/v1/accuracy.pb.h"

namespace actbench::client {

// One line of at most `width` characters: what is measured, a bar, percent, rate and time left. `running` is for how
// long it has.
std::string ProgressText(const std::string& title, const v1::AccuracyProgress& progress, absl::Duration running,
                         size_t width);

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

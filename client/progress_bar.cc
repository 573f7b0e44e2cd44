// SPDX-License-Identifier: Apache-2.0
#include "client/progress_bar.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "client/format.h"

namespace actbench::client {
namespace {

constexpr size_t kBarWidth = 20;
constexpr size_t kUsualWidth = 80;
// Of a title, so that "12/345" and the beginning of a name are seen.
constexpr size_t kLeastTitle = 12;

size_t TerminalWidth() {
  struct winsize size {};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kUsualWidth;
}

std::string TimeLeftText(int64_t milliseconds) {
  if (milliseconds < 0) return "";
  const int64_t seconds = (milliseconds + 999) / 1000;
  if (seconds < 60) return absl::StrFormat(", %d s left", seconds);
  if (seconds < 3600) return absl::StrFormat(", %d min %02d s left", seconds / 60, seconds % 60);
  return absl::StrFormat(", %d h %02d min left", seconds / 3600, seconds / 60 % 60);
}

// "2/3 gelu_erf/forwa...".
std::string Shortened(const std::string& title, size_t width) {
  constexpr absl::string_view kCut = "...";
  return title.size() <= width ? title : absl::StrCat(title.substr(0, width - kCut.size()), kCut);
}

// The bar, how far it is and how fast.
std::string BarText(const ProgressState& state) {
  const double share = std::clamp(state.share, 0.0, 1.0);
  const auto filled = static_cast<size_t>(share * kBarWidth);
  const std::string bar = absl::StrFormat("[%s%s] %3d %%", std::string(filled, '#'),
                                          std::string(kBarWidth - filled, '.'), static_cast<int>(share * 100));
  return state.rate.empty() ? bar : absl::StrCat(bar, ", ", state.rate);
}

std::string PlaceText(int queue_place) { return absl::StrCat(queue_place, " before it"); }

}  // namespace

ProgressState StateOf(const v1::AccuracyProgress& progress, absl::Duration running) {
  ProgressState state;
  if (progress.queue_place() > 0) {
    state.waits = PlaceText(progress.queue_place());
    return state;
  }
  const double total = static_cast<double>(std::max<int64_t>(progress.inputs_total(), 1));
  state.share = static_cast<double>(progress.inputs_done()) / total;
  if (progress.inputs_done() <= 0 || running <= absl::ZeroDuration()) return state;
  const double per_second = static_cast<double>(progress.inputs_done()) / absl::ToDoubleSeconds(running);
  state.rate = absl::StrCat(PrefixedDecimal(per_second), " inputs/s");
  state.remaining_ms = progress.remaining_ms();
  return state;
}

ProgressState StateOf(const v1::BenchmarkProgress& progress) {
  ProgressState state;
  if (progress.queue_place() > 0) {
    state.waits = PlaceText(progress.queue_place());
  } else if (progress.waits_for_machine()) {
    state.waits = "another process of this machine measures";
  } else {
    state.share = progress.share();
    state.remaining_ms = progress.remaining_ms();
  }
  return state;
}

std::string ProgressText(const std::string& title, const ProgressState& state, size_t width) {
  std::string text = state.waits.empty() ? BarText(state) : absl::StrCat("waits; ", state.waits);
  // The end of the title is what one can do without first, then the time left.
  const size_t least = std::min(title.size(), kLeastTitle) + 1;
  if (state.waits.empty()) {
    const std::string left = TimeLeftText(state.remaining_ms);
    if (least + text.size() + left.size() <= width) text += left;
  }
  if (least + text.size() > width) return text.substr(0, width);
  return absl::StrCat(Shortened(title, width - text.size() - 1), " ", text);
}

ProgressBar::ProgressBar() : terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressBar::Start(std::string title) {
  title_ = std::move(title);
  start_ = absl::InfiniteFuture();
}

void ProgressBar::Show(const v1::AccuracyProgress& progress) {
  const absl::Time now = absl::Now();
  if (progress.queue_place() == 0) start_ = std::min(start_, now);
  Show(title_, StateOf(progress, now - std::min(start_, now)));
}

void ProgressBar::Show(const v1::BenchmarkProgress& progress) {
  const int current = std::min(progress.cases_done() + 1, progress.cases_total());
  Show(absl::StrCat(current, "/", progress.cases_total(), " ", progress.current_case()), StateOf(progress));
}

void ProgressBar::Show(const std::string& title, const ProgressState& state) {
  if (!terminal_) return;
  // The last column is left free: some terminals wrap when it is filled.
  std::cerr << "\r" << ProgressText(title, state, TerminalWidth() - 1) << "\x1b[K" << std::flush;
  shown_ = true;
}

void ProgressBar::Clear() {
  if (shown_) std::cerr << "\r\x1b[K" << std::flush;
  shown_ = false;
}

}  // namespace actbench::client

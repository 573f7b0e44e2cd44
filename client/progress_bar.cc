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
std::string BarText(const v1::AccuracyProgress& progress, absl::Duration running) {
  const double total = static_cast<double>(std::max<int64_t>(progress.inputs_total(), 1));
  const double share = std::clamp(static_cast<double>(progress.inputs_done()) / total, 0.0, 1.0);
  const auto filled = static_cast<size_t>(share * kBarWidth);
  std::string bar = absl::StrFormat("[%s%s] %3d %%", std::string(filled, '#'), std::string(kBarWidth - filled, '.'),
                                    static_cast<int>(share * 100));
  if (progress.inputs_done() <= 0 || running <= absl::ZeroDuration()) return bar;
  const double per_second = static_cast<double>(progress.inputs_done()) / absl::ToDoubleSeconds(running);
  return absl::StrCat(bar, ", ", PrefixedDecimal(per_second), " inputs/s");
}

}  // namespace

std::string ProgressText(const std::string& title, const v1::AccuracyProgress& progress, absl::Duration running,
                         size_t width) {
  const bool waits = progress.queue_place() > 0;
  std::string state =
      waits ? absl::StrCat("waits; ", progress.queue_place(), " before it") : BarText(progress, running);
  // The end of the kernel's name is what one can do without first, then the time left.
  const size_t least = std::min(title.size(), kLeastTitle) + 1;
  if (!waits && progress.inputs_done() > 0 && running > absl::ZeroDuration()) {
    const std::string left = TimeLeftText(progress.remaining_ms());
    if (least + state.size() + left.size() <= width) state += left;
  }
  if (least + state.size() > width) return state.substr(0, width);
  return absl::StrCat(Shortened(title, width - state.size() - 1), " ", state);
}

ProgressBar::ProgressBar() : terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressBar::Start(std::string title) {
  title_ = std::move(title);
  start_ = absl::InfiniteFuture();
}

void ProgressBar::Show(const v1::AccuracyProgress& progress) {
  if (!terminal_) return;
  const absl::Time now = absl::Now();
  if (progress.queue_place() == 0) start_ = std::min(start_, now);
  // The last column is left free: some terminals wrap when it is filled.
  std::cerr << "\r" << ProgressText(title_, progress, now - std::min(start_, now), TerminalWidth() - 1) << "\x1b[K"
            << std::flush;
  shown_ = true;
}

void ProgressBar::Clear() {
  if (shown_) std::cerr << "\r\x1b[K" << std::flush;
  shown_ = false;
}

}  // namespace actbench::client

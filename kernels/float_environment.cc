// SPDX-License-Identifier: Apache-2.0
#include "kernels/float_environment.h"

#include "absl/strings/str_format.h"

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace actbench {
namespace {

#if defined(__SSE__)
constexpr char kRegister[] = "MXCSR";
uint64_t Control() {
  constexpr unsigned kFlags = 0x3f;  // the exceptions that there have been
  return _mm_getcsr() & ~kFlags;
}
#elif defined(__aarch64__)
constexpr char kRegister[] = "FPCR";
uint64_t Control() {
  uint64_t control;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  return control;
}
#else
constexpr char kRegister[] = "the rounding direction";
uint64_t Control() { return static_cast<uint64_t>(std::fegetround()); }
#endif

}  // namespace

FloatEnvironment::FloatEnvironment() : control_(Control()) { std::fegetenv(&environment_); }

std::string FloatEnvironment::Restore() const {
  const uint64_t now = Control();
  std::fesetenv(&environment_);
  return now == control_ ? "" : absl::StrFormat("%s is 0x%x instead of 0x%x", kRegister, now, control_);
}

}  // namespace actbench

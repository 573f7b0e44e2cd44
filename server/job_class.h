// SPDX-License-Identifier: Apache-2.0
// The classes of work that the scheduler knows.
#ifndef ACTBENCH_SERVER_JOB_CLASS_H_
#define ACTBENCH_SERVER_JOB_CLASS_H_

#include <array>
#include <string_view>

namespace actbench {

// From the most to the least urgent.
enum class JobClass {
  kInteractive,  // Evaluate
  kExclusive,    // benchmarks: a chunk starts only when no other runs, and none starts while it runs
  kLong,         // accuracy
  kBackground,   // self-checks
};

// Values of the label "class", in the order of JobClass.
inline constexpr std::array<std::string_view, 4> kJobClassNames = {"interactive", "exclusive", "long", "background"};

// One T for each class.
template <class T>
class PerClass {
 public:
  T& operator[](JobClass job_class) { return values_[static_cast<size_t>(job_class)]; }
  const T& operator[](JobClass job_class) const { return values_[static_cast<size_t>(job_class)]; }
  auto begin() { return values_.begin(); }
  auto end() { return values_.end(); }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

 private:
  std::array<T, kJobClassNames.size()> values_ = {};
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_JOB_CLASS_H_

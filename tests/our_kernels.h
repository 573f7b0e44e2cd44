// SPDX-License-Identifier: Apache-2.0
// The kernels of ours on this machine's CPU, as parameters of tests.
#ifndef ACTBENCH_TESTS_OUR_KERNELS_H_
#define ACTBENCH_TESTS_OUR_KERNELS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/catalog.h"
#include "tests/kernel_run.h"
#include "tests/samples.h"

namespace actbench {

inline std::string TestName(const testing::TestParamInfo<const Kernel*>& info) {
  std::string name = info.param->Name();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}

inline std::vector<const Kernel*> OurKernels() {
  std::vector<const Kernel*> kernels;
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    if (kernel.provider == kOwnProvider && kernel.on_device == nullptr) kernels.push_back(&kernel);
  }
  return kernels;
}

// Whether it computes in f64 lanes and rounds once.
inline bool HasWideLanes(const Kernel& kernel) {
  const ActivationInfo& activation = **Catalog::FindActivation(kernel.activation);
  const bool wide = kernel.direction == Direction::kGradient ? activation.wide_gradient : activation.wide_forward;
  return kernel.tier == "exact" || wide;
}

class KernelsTest : public testing::TestWithParam<const Kernel*> {
 protected:
  const TestedKernel& kernel() const { return kernel_; }
  const ActivationInfo& activation() const { return kernel_.activation(); }
  Dtype dtype() const { return kernel_.dtype(); }
  size_t bytes() const { return SizeBytes(dtype()); }

  std::vector<Point> SamplePoints(size_t count) const {
    std::vector<double> values = Samples(dtype(), activation(), count);
    // In order, so that those that are taken at a time may all lie where a kernel has a shorter path.
    const auto numbers = std::partition(values.begin(), values.end(), [](double value) { return !std::isnan(value); });
    std::sort(values.begin(), numbers);
    return Points(dtype(), activation(), values);
  }

 private:
  const TestedKernel kernel_{*GetParam()};
};

}  // namespace actbench

#endif  // ACTBENCH_TESTS_OUR_KERNELS_H_

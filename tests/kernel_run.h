// SPDX-License-Identifier: Apache-2.0
// Runs of a kernel in a test, and their errors: the same for any number of inputs and outputs, for kernels of the
// catalog and for those that a test makes itself.
#ifndef ACTBENCH_TESTS_KERNEL_RUN_H_
#define ACTBENCH_TESTS_KERNEL_RUN_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kernels/accuracy/error.h"
#include "kernels/accuracy/reference.h"
#include "kernels/catalog.h"
#include "tests/samples.h"

namespace actbench {

// The inputs or the outputs of a run, packed.
using Buffers = std::vector<std::vector<char>>;

// One element's inputs: x [, gate] [, dy].
using Point = std::vector<double>;

inline Buffers Pack(Dtype dtype, const std::vector<Point>& points) {
  Buffers buffers(points.empty() ? 0 : points[0].size());
  for (size_t k = 0; k < buffers.size(); ++k) {
    std::vector<double> values;
    for (const Point& point : points) values.push_back(point[k]);
    buffers[k] = Pack(dtype, values);
  }
  return buffers;
}

inline std::vector<const void*> Pointers(const Buffers& buffers) {
  std::vector<const void*> pointers;
  for (const std::vector<char>& buffer : buffers) pointers.push_back(buffer.data());
  return pointers;
}

// A kernel with its parameters.
class TestedKernel {
 public:
  TestedKernel(const ActivationInfo& activation, const Definitions& definitions, Direction direction, Dtype dtype,
               const KernelFunctions& functions, const std::vector<double>& parameters)
      : TestedKernel(activation, definitions, direction, dtype, PreparedKernel(functions, parameters.data(), nullptr),
                     parameters) {}
  // A kernel of the catalog; parameters that are not given have their defaults.
  explicit TestedKernel(const Kernel& kernel, const std::map<std::string, double>& given = {})
      : TestedKernel(**Catalog::FindActivation(kernel.activation), kernel, given) {}

  const ActivationInfo& activation() const { return activation_; }
  Dtype dtype() const { return dtype_; }
  bool gradient() const { return direction_ == Direction::kGradient; }
  size_t input_count() const { return InputCount(activation_, direction_); }
  size_t output_count() const { return OutputCount(activation_, direction_); }

  void RunInto(const std::vector<const void*>& inputs, const std::vector<void*>& outputs, size_t n) const {
    const absl::Status status = prepared_.Run(inputs, outputs, n);
    EXPECT_TRUE(status.ok()) << status.message();
  }
  Buffers Run(const Buffers& inputs) const {
    Buffers outputs(output_count(), std::vector<char>(inputs[0].size()));
    std::vector<void*> pointers;
    for (std::vector<char>& output : outputs) pointers.push_back(output.data());
    RunInto(Pointers(inputs), pointers, inputs[0].size() / SizeBytes(dtype_));
    return outputs;
  }
  // The outputs for one element.
  std::vector<double> RunOne(const Point& point) const {
    std::vector<double> results;
    for (const std::vector<char>& output : Run(Pack(dtype_, std::vector<Point>{point}))) {
      results.push_back(LoadElement(dtype_, output.data()));
    }
    return results;
  }

  // The error of element i of output number k.
  double UlpError(const Buffers& inputs, const Buffers& outputs, size_t k, size_t i) const {
    return meter_.Measure(Pointers(inputs), outputs[k].data(), i, i + 1, k).max_ulp;
  }

  // The derivative by input number `by`, rounded to a double.
  double Derivative(const Point& point, size_t by) const { return Evaluate(point, by).derivative.value().ToDouble(); }
  // What output number k is for dy = 1.
  BigFloat ExactOutput(const Point& point, size_t k) const {
    const BigResult exact = Evaluate(point, k);
    return (gradient() ? exact.derivative : exact.value).value();
  }

 private:
  TestedKernel(const ActivationInfo& activation, const Kernel& kernel, const std::map<std::string, double>& given)
      : TestedKernel(activation, kernel, *ResolveParameters(activation, given)) {}
  TestedKernel(const ActivationInfo& activation, const Kernel& kernel, const std::vector<double>& parameters)
      : TestedKernel(activation, DefinitionsOf(activation), kernel.direction, kernel.dtype,
                     PreparedKernel(kernel, parameters.data()), parameters) {}
  TestedKernel(const ActivationInfo& activation, const Definitions& definitions, Direction direction, Dtype dtype,
               PreparedKernel prepared, const std::vector<double>& parameters)
      : activation_(activation),
        definitions_(definitions),
        direction_(direction),
        dtype_(dtype),
        parameters_(parameters),
        prepared_(std::move(prepared)),
        meter_(definitions, activation.inputs, direction, dtype, parameters) {
    EXPECT_TRUE(prepared_.ok());
  }

  BigResult Evaluate(const Point& point, size_t by) const {
    std::vector<BigBall> inputs;
    for (size_t i = 0; i < activation_.inputs; ++i) inputs.push_back(ReferenceInput(point[i]));
    return definitions_.big(parameters_.data(), inputs.data(), by);
  }

  const ActivationInfo& activation_;
  Definitions definitions_;
  Direction direction_;
  Dtype dtype_;
  std::vector<double> parameters_;
  PreparedKernel prepared_;
  ErrorMeter meter_;
};

// Each of `values` as x, and as each other input of the activation, beside numbers of its domain for the rest.
inline std::vector<Point> Points(Dtype dtype, const ActivationInfo& activation, const std::vector<double>& values) {
  std::mt19937_64 random(kSeed);
  std::uniform_real_distribution<double> domain(activation.domain_min, activation.domain_max);
  std::vector<Point> points;
  for (size_t input = 0; input < activation.inputs; ++input) {
    for (double value : values) {
      Point point;
      for (size_t i = 0; i < activation.inputs; ++i)
        point.push_back(i == input ? value : Rounded(dtype, domain(random)));
      points.push_back(point);
    }
  }
  return points;
}

// The points for a kernel: with `dy` too if it is a gradient.
inline std::vector<Point> WithUpstream(const TestedKernel& kernel, std::vector<Point> points, double dy) {
  if (kernel.gradient()) {
    for (Point& point : points) point.push_back(dy);
  }
  return points;
}

// Calls function(k, i, ulp, got) with the error of output number k at each of `points`, which have dy if need be.
template <class Function>
void ForEachError(const TestedKernel& kernel, const std::vector<Point>& points, const Function& function) {
  if (points.empty()) return;
  const Buffers inputs = Pack(kernel.dtype(), points);
  const Buffers outputs = kernel.Run(inputs);
  for (size_t k = 0; k < outputs.size(); ++k) {
    const std::vector<double> got = Unpack(kernel.dtype(), outputs[k]);
    for (size_t i = 0; i < points.size(); ++i) function(k, i, kernel.UlpError(inputs, outputs, k, i), got[i]);
  }
}

// The largest error over all outputs and all of `points`, which have dy if need be.
inline double WorstError(const TestedKernel& kernel, const std::vector<Point>& points) {
  double worst = 0;
  ForEachError(kernel, points, [&](size_t, size_t, double ulp, double) { worst = std::max(worst, ulp); });
  return worst;
}

}  // namespace actbench

#endif  // ACTBENCH_TESTS_KERNEL_RUN_H_

// SPDX-License-Identifier: Apache-2.0
// Checks requests for accuracy measurements and finds everything that is needed to run them. Tested by
// accuracy_plan_test.cc.
#ifndef ACTBENCH_SERVER_ACCURACY_PLAN_H_
#define ACTBENCH_SERVER_ACCURACY_PLAN_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "actbench/v1/accuracy.pb.h"
#include "kernels/accuracy/measurement.h"
#include "kernels/catalog.h"
#include "server/accuracy_convert.h"
#include "server/limits.h"

namespace actbench {

// A measurement that is ready to be made. Borrows the tensors of the request.
struct AccuracyPlan {
  const ActivationInfo* activation;
  std::vector<const Kernel*> kernels;  // one, or the two to compare
  std::vector<double> parameters;      // all of the activation's, in order
  InputPlan inputs;
  std::string_view mode;  // as in Certificate
  uint64_t input_total;   // how many inputs there are

  ReportFormat format() const {
    const size_t upstream = kernels[0]->direction == Direction::kGradient ? 1 : 0;
    return {.dtype = kernels[0]->dtype, .inputs = activation->inputs + upstream};
  }
  bool exhaustive() const { return std::holds_alternative<ExhaustiveInputs>(inputs); }
};

// There are 2^ as many inputs of an exhaustive measurement, and of at most so many all can be measured: a matter of
// seconds to minutes.
size_t ExhaustiveBits(const ActivationInfo& activation, Direction direction, Dtype dtype, bool unit_upstream);
inline constexpr size_t kMaxExhaustiveBits = 32;

// The status is the call's, with the codes that AccuracyService lists.
absl::StatusOr<AccuracyPlan> PlanMeasurement(const v1::MeasureAccuracyRequest& request, const Catalog& catalog,
                                             const Limits& limits);
absl::StatusOr<AccuracyPlan> PlanComparison(const v1::CompareKernelsRequest& request, const Catalog& catalog,
                                            const Limits& limits);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_ACCURACY_PLAN_H_

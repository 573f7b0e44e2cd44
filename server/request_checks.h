// SPDX-License-Identifier: Apache-2.0
// Checks what several kinds of request have in common: inputs, parameters, filters. Errors name the field, with the
// codes that the services' proto files list. Tested by evaluate_test.cc, accuracy_plan_test.cc and
// catalog_service_test.cc.
#ifndef ACTBENCH_SERVER_REQUEST_CHECKS_H_
#define ACTBENCH_SERVER_REQUEST_CHECKS_H_

#include <google/protobuf/map.h>
#include <google/protobuf/repeated_ptr_field.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actbench/v1/types.pb.h"
#include "kernels/accuracy/inputs.h"
#include "kernels/activation_info.h"
#include "kernels/kernel.h"
#include "proto/tensor.h"
#include "server/limits.h"

namespace actbench {

// Checks that `inputs` are what a kernel takes, x [, gate] [, dy] of one dtype and shape, which the result describes.
// `field` is theirs, "inputs" for example.
absl::StatusOr<TensorInfo> CheckInputs(const google::protobuf::RepeatedPtrField<v1::Tensor>& inputs,
                                       const std::string& field, const ActivationInfo& activation, Direction direction,
                                       const Limits& limits);

// All parameters of the activation in order: those given, else the defaults.
absl::StatusOr<std::vector<double>> CheckParameters(const google::protobuf::Map<std::string, double>& given,
                                                    const ActivationInfo& activation);

// What a kernel is asked for, but for which.
struct CheckedCase {
  const ActivationInfo* activation;
  Direction direction;
  Dtype dtype;
  std::vector<double> parameters;  // all of them, in order
};
absl::StatusOr<CheckedCase> CheckCase(const std::string& activation, v1::Direction direction, v1::Dtype dtype,
                                      const google::protobuf::Map<std::string, double>& parameters);

// Nothing if it is empty. INVALID_ARGUMENT if it is not the name of a distribution.
absl::StatusOr<std::optional<Distribution>> CheckDistribution(const std::string& field, const std::string& name);

// UNIMPLEMENTED if the kernel cannot serve these values.
absl::StatusOr<PreparedKernel> Prepare(const Kernel& kernel, const std::vector<double>& parameters);

// What lists of kernels and of certificates filter by, where each may be left out: whether these can be values at all.
absl::Status CheckFilters(const std::string& activation, v1::Direction direction, v1::Dtype dtype,
                          const v1::KernelSelector& selector);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_REQUEST_CHECKS_H_

// SPDX-License-Identifier: Apache-2.0
// What `actbench eval` prints.
#ifndef ACTBENCH_CLIENT_EVAL_OUTPUT_H_
#define ACTBENCH_CLIENT_EVAL_OUTPUT_H_

#include <string>

#include "actbench/v1/evaluation.pb.h"
#include "client/tensor.h"

namespace actbench::client {

// {"activation","direction","kernel","device","parameters","dtype","shape","queue_ns","compute_ns","copy_ns",
// "to_device_ns","from_device_ns"}; up to 1,000 elements also "values" and, of a second output, "gate_values"; where
// the error was measured also "error".
// REQUIRES: at least one output, and views of all.
std::string EvalJson(const v1::EvaluateResult& result, absl::Span<const TensorView> outputs);

// The elements, a line for each row, or for a large tensor a summary. Ends with a newline.
std::string TensorText(const v1::Tensor& tensor, const TensorView& view);

// The measured error in one line. `dtype` is the kernel's.
std::string ErrorText(const v1::ErrorReport& error, Dtype dtype);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_EVAL_OUTPUT_H_

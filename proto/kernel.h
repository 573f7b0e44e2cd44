// SPDX-License-Identifier: Apache-2.0
// What the server and the client print of kernels: the names of their inputs, and their parameters. Tested by
// kernel_text_test.cc.
#ifndef ACTBENCH_PROTO_KERNEL_H_
#define ACTBENCH_PROTO_KERNEL_H_

#include <google/protobuf/map.h>

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "actbench/v1/types.pb.h"

namespace actbench {

// What `count` inputs are called, in order: x [, gate], of gradients also dy.
std::vector<std::string> InputNames(v1::Direction direction, int count);

// "alpha=1,beta=0.5" with this separator: sorted by name, the numbers as `number` writes them.
std::string ParametersText(const google::protobuf::Map<std::string, double>& parameters, absl::string_view separator,
                           absl::FunctionRef<std::string(double)> number);

}  // namespace actbench

#endif  // ACTBENCH_PROTO_KERNEL_H_

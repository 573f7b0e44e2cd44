// SPDX-License-Identifier: Apache-2.0
// What there is for each instruction set, made when first asked for. Not in the sources that have it: these are
// compiled without ThreadSanitizer (kernels/CMakeLists.txt), which then does not see that others wait until it is made.
#include <vector>

#include "kernels/accuracy/compare_lanes.h"
#include "kernels/accuracy/reference_lanes.h"

namespace actbench {

const std::vector<LaneReference>& LaneReferences() {
  static const auto& references = *new std::vector<LaneReference>(MakeLaneReferences());
  return references;
}

const std::vector<CompareFunctions>& AllCompareFunctions() {
  static const auto& functions = *new std::vector<CompareFunctions>(MakeCompareFunctions());
  return functions;
}

}  // namespace actbench

// SPDX-License-Identifier: Apache-2.0
#include "client/study/chart.h"

#include <utility>

#include "client/svg.h"

namespace actbench::client {

size_t ColorOf(absl::string_view activation) {
  constexpr std::pair<absl::string_view, size_t> kColorOf[] = {{"relu", 0},
                                                               {"sigmoid", 1},
                                                               {"swish", 2},
                                                               {"hard_swish", 3},
                                                               {"tanh", 4},
                                                               {"hard_sigmoid", 5},
                                                               {"gelu_erf", 5},
                                                               {"relu6", 3},
                                                               {"hard_sigmoid_as_printed", 7},
                                                               {"hard_swish_as_printed", 7}};
  for (const auto& [name, color] : kColorOf) {
    if (name == activation) return color;
  }
  return kColors - 1;
}

}  // namespace actbench::client

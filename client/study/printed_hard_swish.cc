// SPDX-License-Identifier: Apache-2.0
// The misprint of hard swish. Tested by study_statements_test.cc.
#include "client/study/printed.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

// The limit is chosen: far below what the misprint leads to, and above what the standard one has.
constexpr Printed kPrinted = {"swish", "hard_swish", "hard_swish_as_printed", "x ReLU6(x + 3) / 6", 0.2, {4, 16}};

}  // namespace

const Statement& PrintedHardSwish() {
  static constexpr Statement kStatement = {
      "printed_hard_swish", "Hard swish is x (ReLU6(x) + 3) / 6.",
      "The printed formula and the standard one, each as a kernel: the range, the limits at both ends, the distance "
      "from swish at a million places from -10 to 10, and the accuracy of networks that are trained with each, as for "
      "relu_trains_better. Confirmed if the printed formula stays within 0.2 of swish, a limit that was chosen, "
      "corrected if only the standard one does, refuted if neither does.",
      [](Lab& lab) { return MeasurePrinted(lab, kPrinted); },
      [](const Measurements& measurements) { return JudgePrinted(measurements, kPrinted); }};
  return kStatement;
}

}  // namespace actbench::client

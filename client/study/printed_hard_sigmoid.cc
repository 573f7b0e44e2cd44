// SPDX-License-Identifier: Apache-2.0
// The misprint of hard sigmoid. Tested by study_statements_test.cc.
#include "client/study/printed.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

// The limit, a tenth of sigmoid's range, is chosen: far below what the misprint leads to.
constexpr Printed kPrinted = {"sigmoid", "hard_sigmoid", "hard_sigmoid_as_printed", "ReLU6(x + 3) / 6", 0.1, {2, 4}};

}  // namespace

const Statement& PrintedHardSigmoid() {
  static constexpr Statement kStatement = {
      "printed_hard_sigmoid", "Hard sigmoid is (ReLU(x) + 3) / 6.",
      "The printed formula and the standard one, each as a kernel: the range, the limits at both ends, the distance "
      "from sigmoid at a million places from -10 to 10, and the accuracy of networks of depth 2 and 4 that are trained "
      "with each, as for relu_trains_better. Confirmed if the printed formula stays within 0.1 of sigmoid, a limit "
      "that "
      "was chosen, corrected if only the standard one does, refuted if neither does.",
      [](Lab& lab) { return MeasurePrinted(lab, kPrinted); },
      [](const Measurements& measurements) { return JudgePrinted(measurements, kPrinted); }};
  return kStatement;
}

}  // namespace actbench::client

// SPDX-License-Identifier: Apache-2.0
// What activations cost: times of the server's kernels by instruction set and size. Tested by study_statements_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_SPEED_H_
#define ACTBENCH_CLIENT_STUDY_SPEED_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/study/chart.h"
#include "client/study/findings.h"
#include "client/study/lab.h"

namespace actbench::client {

struct Timing {
  std::string activation;
  std::string isa;          // "avx2"; of a GPU with its device, "cuda:0"
  std::string working_set;  // "l1", "l2", "l3" or "dram"
  double ns;                // per element
};

// The fast f32 kernels of these activations, forward, on all instruction sets and devices that all of them have, in
// memory of each kind. If it is quick, on the first and the last instruction set, in two kinds. The error says why
// nothing could be timed.
absl::StatusOr<std::vector<Timing>> TimeKernels(Lab& lab, const std::vector<std::string>& activations);

// Their instruction sets and kinds of memory, each in the order in which they come.
std::vector<std::string> IsasOf(const std::vector<Timing>& timings);
std::vector<std::string> WorkingSetsOf(const std::vector<Timing>& timings);

// "ns.sigmoid.avx2.l1" of each, and of each instruction set and kind of memory "ratio.avx2.l1", the time of `costly` by
// that of `cheap`.
void AddTimes(const std::vector<Timing>& timings, const std::string& costly, const std::string& cheap,
              Measurements& measurements);

// A chart for each instruction set: ns by kind of memory.
Figure CostFigure(const std::vector<Timing>& timings);

// What there is about the ratios.
struct Ratios {
  size_t count = 0;
  size_t cheaper = 0;  // those at or above kCheaper
  double least = 0;
  double greatest = 0;
  std::string least_at;  // "avx2, dram"
  std::string greatest_at;
  std::vector<std::string> not_cheaper_at;  // those below kCheaper
};
// A difference that is no accident of one build: times of the same kernel are within some percent of one another.
inline constexpr double kCheaper = 1.25;
Ratios RatiosOf(const Measurements& measurements);

// "In 14 of 16 cases it takes 1.25 times as long or longer; not so with avx512, dram; scalar, l2."
std::string RatiosText(const Ratios& ratios);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_SPEED_H_

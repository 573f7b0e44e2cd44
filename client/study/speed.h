// SPDX-License-Identifier: Apache-2.0
// What activations cost: times of the server's kernels by instruction set and size. Tested by study_statements_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_SPEED_H_
#define ACTBENCH_CLIENT_STUDY_SPEED_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/study/chart.h"
#include "client/study/findings.h"
#include "client/study/lab.h"

namespace actbench::client {

// A round: all kernels of a kind of memory are timed once, one after the other, and then again.
struct RoundTime {
  double ns;           // per element
  bool noisy = false;  // whether the benchmark lab says so
};

struct Timing {
  std::string activation;
  std::string isa;                // "avx2"; of a GPU its device, "cuda:0"
  std::string working_set;        // "l1", "l2", "l3" or "dram"
  std::vector<RoundTime> rounds;  // at least one

  double ns() const;  // their median
};

struct Timings {
  std::vector<Timing> all;
  std::vector<std::string> left_out;  // instruction sets and devices that lack a kernel of one of the activations
};

// The fast f32 kernels of these activations, forward, on all instruction sets and devices that all of them have, in
// memory of each kind. If it is quick, on the first and the last instruction set of the CPU, in two kinds. The error
// says why nothing could be timed.
absl::StatusOr<Timings> TimeKernels(Lab& lab, const std::vector<std::string>& activations);

// Their instruction sets and kinds of memory, each in the order in which they come.
std::vector<std::string> IsasOf(const std::vector<Timing>& timings);
std::vector<std::string> WorkingSetsOf(const std::vector<Timing>& timings);

// "ns.sigmoid.avx2.l1" of each, and of each instruction set and kind of memory the time of `costly` by that of `cheap`:
// "ratio.avx2.l1", the median of the rounds, and "ratio_least.avx2.l1" and "ratio_greatest.avx2.l1", of those rounds
// that were not noisy, if there are two, or one of one. "of_fastest.avx2.l1" is the time of `cheap` by that of the
// fastest of all in that memory. And how many times there are, and how many are noisy.
void AddTimes(const Timings& timings, const std::string& costly, const std::string& cheap, Measurements& measurements);

// A chart for each instruction set: ns by kind of memory.
Figure CostFigure(const std::vector<Timing>& timings);

// A difference that is no accident of one build.
inline constexpr double kDearer = 1.25;

// What there is about the ratios. A case is an instruction set with a kind of memory.
struct Ratios {
  double least = 0;
  double greatest = 0;
  std::string least_at;  // "avx2, dram"
  std::string greatest_at;
  // The cases in L1 and L2, which decide: there it is computation that takes the time. Those where all rounds are at or
  // above kDearer, where all are below, and all of them; others are undecided.
  size_t dearer = 0;
  size_t not_dearer = 0;
  size_t count = 0;
  // Of all kinds of memory.
  std::vector<std::string> by_memory;  // not dearer, and `cheap` is nearly as fast as anything in that memory
  // Not dearer otherwise. Scalar code of hard_sigmoid branches at both corners: at 131,072 inputs from -6 to 6 it took
  // 7.6 ns an element, at the same ones sorted 1.1 ns. In L1 there are so few that the branches are foreseen.
  std::vector<std::string> not_dearer_at;
  std::vector<std::string> undecided_at;
};
Ratios RatiosOf(const Measurements& measurements);

// Confirmed if all cases that decide are dearer, refuted if none is and none is undecided.
Verdict JudgeRatios(const Ratios& ratios);

// "1.04 (scalar, l3) to 7.03 (sse4, l2)"
std::string RangeText(const Ratios& ratios);

// How much longer it takes, how often it is dearer and why it is not elsewhere, in a few sentences.
std::string RatiosText(const Measurements& measurements, const std::string& costly, const std::string& cheap);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_SPEED_H_

// SPDX-License-Identifier: Apache-2.0
// A comparison made by hand, for tests of what the client makes of it.
#ifndef ACTBENCH_TESTS_HANDMADE_COMPARISON_H_
#define ACTBENCH_TESTS_HANDMADE_COMPARISON_H_

#include <string>

#include "actbench/v1/benchmark.pb.h"
#include "client/comparison.h"
#include "tests/handmade_run.h"

namespace actbench::client {

inline void SetEstimate(v1::RatioEstimate& estimate, double ratio, double half_width) {
  estimate.set_ratio(ratio);
  estimate.set_low(ratio - half_width);
  estimate.set_high(ratio + half_width);
}

// Of `base` and `head` in one tier and ISA, 8192 ns against `ratio` times that for 65536 elements.
inline ComparisonRow MakeRow(v1::Verdict verdict, double ratio, const std::string& tier = "fast",
                             const std::string& isa = "avx2") {
  ComparisonRow row;
  v1::SpeedComparison& speed = row.speed;
  SetKernel(*speed.mutable_base(), "base", tier, isa);
  SetKernel(*speed.mutable_head(), "head", tier, isa);
  speed.set_name(speed.base().name() + "/n:65536/dist:normal/cache:hot");
  speed.set_outcome(v1::OUTCOME_MEASURED);
  speed.set_elements(65536);
  speed.set_base_ns(8192);
  speed.set_head_ns(8192 * ratio);
  SetEstimate(*speed.mutable_ratio(), ratio, 0.0078125);
  speed.set_p_value(0.03125);
  speed.set_q_value(0.0625);
  speed.set_threshold(0.03);
  speed.set_detectable(0.041);
  speed.set_processes(16);
  speed.set_verdict(verdict);
  SetEstimate(*speed.mutable_control(), 1.0009765625, 0.001953125);
  SetEstimate(*speed.mutable_injected(), 1.046875, 0.00390625);
  speed.set_injected_work(1.05);
  for (const double factor : {0.9921875, 1.0, 1.0078125}) {
    speed.add_process_ratios(ratio * factor);
    speed.add_process_control_ratios(factor);
    speed.add_process_injected_ratios(1.046875 * factor);
  }
  return row;
}

// As a server measures it at all inputs of f32.
inline void SetError(v1::BenchmarkAccuracy& accuracy, double max_ulp, int64_t misrounded, const std::string& hash) {
  accuracy.set_max_ulp(max_ulp);
  accuracy.set_mode("exhaustive");
  accuracy.set_checked(int64_t{1} << 32);
  accuracy.set_misrounded(misrounded);
  accuracy.set_output_hash(hash);
}

inline void SetErrors(ComparisonRow& row, double base_ulp, double head_ulp, int64_t base_misrounded = 100,
                      int64_t head_misrounded = 100, const std::string& head_hash = "00000000000000bb") {
  SetError(*row.speed.mutable_base_accuracy(), base_ulp, base_misrounded, "00000000000000aa");
  SetError(*row.speed.mutable_head_accuracy(), head_ulp, head_misrounded, head_hash);
}

inline ComparisonRow MakeSkippedRow() {
  ComparisonRow row;
  SetKernel(*row.speed.mutable_base(), "base", "fast", "sse4");
  row.speed.set_name(row.speed.base().name());
  row.speed.set_outcome(v1::OUTCOME_SKIPPED);
  row.speed.set_message("only BASE has <it> & | no other");
  return row;
}

inline ComparisonRow MakeFailedRow() {
  ComparisonRow row = MakeRow(v1::VERDICT_UNSPECIFIED, 1, "fast", "scalar");
  v1::SpeedComparison failed;
  *failed.mutable_base() = row.speed.base();
  *failed.mutable_head() = row.speed.head();
  failed.set_name(row.speed.name());
  failed.set_outcome(v1::OUTCOME_ERROR);
  failed.set_message("the worker ended by signal 11");
  row.speed = failed;
  return row;
}

// All that can happen, but for what cannot be trusted: the same, faster, slower and accepted, slower, ambiguous, less
// accurate, of another tier, skipped, failed.
inline Comparison MakeHandmadeComparison() {
  Comparison comparison;
  comparison.base = "base.so";
  comparison.head = "a|b/head.so";
  v1::ComparisonSummary& summary = comparison.summary;
  summary.mutable_time()->set_seconds(1764079391);  // 2025-11-25T14:03:11Z
  summary.set_seconds(12.5);
  summary.set_paired(true);
  summary.mutable_machine()->set_cpu_model("A <Processor> & Co");
  summary.set_fingerprint_hash("0123456789abcdef");
  v1::FingerprintField& field = *summary.add_fingerprint();
  field.set_name("microcode");
  field.set_value("0x1");
  summary.mutable_plan()->set_processes(16);
  summary.mutable_plan()->set_threshold(0.03);

  comparison.rows.push_back(MakeRow(v1::VERDICT_SAME, 1, "fast", "avx512"));
  SetErrors(comparison.rows.back(), 1.5, 1.5, 100, 100, "00000000000000aa");
  comparison.rows.back().differing = 0;
  SetEstimate(*comparison.rows.back().speed.mutable_layout(), 1.01, 0.00390625);
  comparison.rows.push_back(MakeRow(v1::VERDICT_FASTER, 0.875));
  SetErrors(comparison.rows.back(), 1.5, 1.25);
  comparison.rows.push_back(MakeRow(v1::VERDICT_SLOWER, 1.0625, "exact", "avx512"));
  comparison.rows.back().accepted = true;
  comparison.rows.push_back(MakeRow(v1::VERDICT_SLOWER, 1.046875, "exact", "avx2"));
  SetEstimate(*comparison.rows.back().speed.mutable_confirmation(), 1.05, 0.005);
  SetErrors(comparison.rows.back(), 0.5, 0.5);
  comparison.rows.back().differing = 1234;
  comparison.rows.push_back(MakeRow(v1::VERDICT_AMBIGUOUS, 1.03125, "exact", "sse4"));
  comparison.rows.back().speed.set_reason("the interval holds 1.03 after 64 processes");
  comparison.rows.push_back(MakeRow(v1::VERDICT_SAME, 1, "exact", "scalar"));
  SetErrors(comparison.rows.back(), 1.5, 1.625, 100, 101);
  comparison.rows.push_back(MakeRow(v1::VERDICT_FASTER, 0.5));
  SetKernel(*comparison.rows.back().speed.mutable_head(), "onednn", "native", "avx512");
  comparison.rows.back().accuracy_failure = "no room";
  comparison.rows.push_back(MakeSkippedRow());
  comparison.rows.push_back(MakeFailedRow());
  return comparison;
}

}  // namespace actbench::client

#endif  // ACTBENCH_TESTS_HANDMADE_COMPARISON_H_

// SPDX-License-Identifier: Apache-2.0
// The inputs that `actbench accuracy` measures at, made of its flags. Tested by accuracy_inputs_test.cc.
#ifndef ACTBENCH_CLIENT_ACCURACY_INPUTS_H_
#define ACTBENCH_CLIENT_ACCURACY_INPUTS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "actbench/v1/accuracy.pb.h"

namespace actbench::client {

struct InputFlags {
  bool exhaustive = false;
  bool unit_upstream = false;
  std::optional<int64_t> samples = {};
  std::string distribution = {};
  std::optional<uint64_t> seed = {};
  std::string x = {};  // files
  std::string gate = {};
  std::string upstream = {};
  bool convert = false;  // whether files of different dtypes are: it was said to what

  bool sampled() const { return samples.has_value() || !distribution.empty() || seed.has_value(); }
  // Whether it is said how to measure, so that no stored certificate will do.
  bool given() const { return exhaustive || sampled() || !x.empty(); }
};

void AddInputFlags(CLI::App& command, InputFlags& flags);

// Whether all values of the dtype are measured in milliseconds.
bool Has16Bits(v1::Dtype dtype);

class AccuracyInputs {
 public:
  // Reads the files. The error names the flag or file; different dtypes that are not to be converted are one.
  static absl::StatusOr<AccuracyInputs> Load(const InputFlags& flags);

  // That of the file for x, if there is one.
  std::optional<v1::Dtype> dtype() const;

  // For a kernel of an activation of `input_count` inputs: tensors are rounded to its dtype, and dy is 1 where a
  // gradient has none. Where the flags say nothing: in 16 bits every x, with dy = 1, else samples, also where there is
  // a gate.
  absl::StatusOr<v1::InputPlan> PlanFor(v1::Direction direction, v1::Dtype dtype, int input_count) const;

  // Whether the flags ask for all inputs where a gate makes them more than the 2^32 that a server measures.
  bool AskTooMuch(v1::Direction direction, v1::Dtype dtype, int input_count) const;

 private:
  explicit AccuracyInputs(const InputFlags& flags) : flags_(flags) {}

  InputFlags flags_;
  std::optional<v1::Tensor> x_;
  std::optional<v1::Tensor> gate_;
  std::optional<v1::Tensor> upstream_;
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_ACCURACY_INPUTS_H_

// SPDX-License-Identifier: Apache-2.0
// What `actbench eval` sends, made of its flags.
#ifndef ACTBENCH_CLIENT_EVAL_INPUT_H_
#define ACTBENCH_CLIENT_EVAL_INPUT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "actbench/v1/evaluation.pb.h"

namespace actbench::client {

// A tensor as named on the command line: a file, or numbers with commas between them, or neither.
struct TensorFlags {
  std::string path;
  std::string values;

  bool given() const { return !path.empty() || !values.empty(); }
};

struct EvalFlags {
  std::string activation;
  TensorFlags x;
  TensorFlags gate;
  TensorFlags upstream;
  bool gradient = false;
  std::vector<std::string> parameters;  // "beta=1.5"
  std::string dtype;                    // empty: the file's, else f32
  std::string provider;
  std::string tier;
  std::string isa;
  std::string device;
  bool check = false;
  bool json = false;
  std::string out;       // empty: print
  std::string gate_out;  // empty: print
};

// The item to evaluate, with the tensors read and converted. The error names the flag or file.
absl::StatusOr<v1::EvaluateItem> MakeItem(const EvalFlags& flags);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_EVAL_INPUT_H_

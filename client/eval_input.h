// SPDX-License-Identifier: Apache-2.0
// What `actbench eval` sends, made of its flags.
#ifndef ACTBENCH_CLIENT_EVAL_INPUT_H_
#define ACTBENCH_CLIENT_EVAL_INPUT_H_

#include <string>

#include "absl/status/statusor.h"
#include "actbench/v1/evaluation.pb.h"
#include "client/item_flags.h"

namespace actbench::client {

// A tensor as named on the command line: a file, or numbers with commas between them, or neither.
struct TensorFlags {
  std::string path;
  std::string values;

  bool given() const { return !path.empty() || !values.empty(); }
};

// Where the dtype is empty it is that of the files, else f32.
struct EvalFlags : ItemFlags {
  TensorFlags x;
  TensorFlags gate;
  TensorFlags upstream;
  bool check = false;
  bool json = false;
  std::string out;       // empty: print
  std::string gate_out;  // empty: print
};

// The item to evaluate, with the tensors read and converted. The error names the flag or file; files of different
// dtypes are an error, unless the flags have the dtype.
absl::StatusOr<v1::EvaluateItem> MakeItem(const EvalFlags& flags);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_EVAL_INPUT_H_

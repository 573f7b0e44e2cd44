// SPDX-License-Identifier: Apache-2.0
// Which activation is evaluated, and by which kernel: the flags that eval and load share. Tested by eval_test.cc.
#ifndef ACTBENCH_CLIENT_ITEM_FLAGS_H_
#define ACTBENCH_CLIENT_ITEM_FLAGS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "actbench/v1/evaluation.pb.h"

namespace actbench::client {

struct ItemFlags {
  std::string activation;
  bool gradient = false;
  std::string dtype;                    // empty: as the command has it
  std::vector<std::string> parameters;  // "beta=1.5"
  std::string provider;                 // empty, as the others: the best
  std::string tier;
  std::string isa;
  std::string device;
};

// All but the activation, which is no flag.
void AddItemFlags(CLI::App& command, ItemFlags& flags, const std::string& dtype_help);

// The item, still without inputs. The error names the flag.
absl::StatusOr<v1::EvaluateItem> MakeItemWithoutInputs(const ItemFlags& flags);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_ITEM_FLAGS_H_

// SPDX-License-Identifier: Apache-2.0
// Which kernels a command is about: names and lists of properties, resolved by what the server has. Tested by
// kernel_selection_test.cc.
#ifndef ACTBENCH_CLIENT_KERNEL_SELECTION_H_
#define ACTBENCH_CLIENT_KERNEL_SELECTION_H_

#include <CLI/CLI.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actbench/v1/accuracy.pb.h"
#include "client/client.h"

namespace actbench::client {

// Lists have commas between the names, or are "all".
struct KernelFlags {
  std::vector<std::string> names;  // activations (ids or aliases) and full kernel names
  bool all = false;                // every activation
  std::string direction = "forward";
  std::string dtype = "f32";
  std::string provider = "actbench";
  std::string tier;  // empty: of otherwise equal kernels the fast one, where there is one
  std::string isa;   // empty: of otherwise equal kernels the one for the widest
  // Empty: cpu, but for a kernel that is named, which says where it runs.
  std::string device;
  // Which of the lists the command line has, as their flags are called: "dtype".
  std::set<std::string> given = {};
};

// `names`: what the help calls them.
void AddKernelFlags(CLI::App& command, KernelFlags& flags, const char* names = "NAMES");

// Whether it is a kernel's name and no activation's.
bool IsKernelName(const std::string& name);

// INVALID_ARGUMENT if it is not of the form activation/direction/dtype/provider/tier/isa.
absl::Status CheckKernelName(const std::string& name);

// In the order of the names, then in the catalog's; at least one. The error of an unknown name is the server's.
// NOT_FOUND, with what there is, if a combination of a value of each list is that of no kernel: of each activation that
// is named, of all together if all are wanted. "all" is no value: it takes what there is. INVALID_ARGUMENT if kernels
// alone are named and a list that is given has not what the name of one says.
absl::StatusOr<std::vector<v1::Kernel>> SelectKernels(Client& client, const KernelFlags& flags);

// Whether they say which dtypes are wanted: by the flag, or by kernels' names alone.
bool NamesDtype(const KernelFlags& flags);

// A request to measure the kernel, without inputs.
v1::MeasureAccuracyRequest RequestFor(const v1::Kernel& kernel);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_KERNEL_SELECTION_H_

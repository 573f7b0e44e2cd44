// SPDX-License-Identifier: Apache-2.0
#include "client/item_flags.h"

#include <map>

#include "client/arguments.h"
#include "kernels/dtype.h"

namespace actbench::client {

void AddItemFlags(CLI::App& command, ItemFlags& flags, const std::string& dtype_help) {
  command.add_flag("--gradient", flags.gradient, "Compute dx = dy * f'(x) instead of f(x)")->group("Input");
  std::vector<std::string> dtypes;
  for (const DtypeInfo& info : AllDtypes()) dtypes.emplace_back(info.name);
  command.add_option("--dtype", flags.dtype, dtype_help)->check(CLI::IsMember(dtypes))->group("Input");
  AddParameterFlag(command, flags.parameters)->group("Input");
  const auto add_name = [&](const char* flag, std::string& target, const char* help) {
    command.add_option(flag, target, help)->type_name("NAME")->group("Kernel (default: the best)");
  };
  add_name("--tier", flags.tier, "The accuracy class, such as fast");
  add_name("--isa", flags.isa, "The instruction set, such as avx2");
  add_name("--device", flags.device, "Where it runs, such as cpu");
  add_name("--provider", flags.provider, "Who wrote it, such as actbench");
}

absl::StatusOr<v1::EvaluateItem> MakeItemWithoutInputs(const ItemFlags& flags) {
  v1::EvaluateItem item;
  item.set_activation(flags.activation);
  item.set_direction(flags.gradient ? v1::DIRECTION_GRADIENT : v1::DIRECTION_FORWARD);
  v1::KernelSelector& selector = *item.mutable_selector();
  selector.set_provider(flags.provider);
  selector.set_tier(flags.tier);
  selector.set_isa(flags.isa);
  selector.set_device(flags.device);
  const absl::StatusOr<std::map<std::string, double>> parameters = ParseParameters(flags.parameters);
  if (!parameters.ok()) return parameters.status();
  item.mutable_parameters()->insert(parameters->begin(), parameters->end());
  return item;
}

}  // namespace actbench::client

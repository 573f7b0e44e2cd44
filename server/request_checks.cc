// SPDX-License-Identifier: Apache-2.0
#include "server/request_checks.h"

#include <map>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernels/catalog.h"
#include "proto/kernel.h"
#include "server/convert.h"

namespace actbench {

absl::StatusOr<TensorInfo> CheckInputs(const google::protobuf::RepeatedPtrField<v1::Tensor>& inputs,
                                       const std::string& field, const ActivationInfo& activation, Direction direction,
                                       const Limits& limits) {
  const size_t count = InputCount(activation, direction);
  const std::string names = absl::StrJoin(InputNames(ToProto(direction), static_cast<int>(count)), ", ");
  if (static_cast<size_t>(inputs.size()) != count) {
    return absl::InvalidArgumentError(absl::StrCat(
        field, " has ", inputs.size(), inputs.size() == 1 ? " tensor; the " : " tensors; the ",
        std::string(Name(direction)), " direction of ", std::string(activation.name), " takes ", count, ": ", names));
  }
  absl::StatusOr<TensorInfo> first;
  for (int i = 0; i < inputs.size(); ++i) {
    const v1::Tensor& tensor = inputs[i];
    const v1::Tensor& x = inputs[0];
    const std::string name = absl::StrCat(field, "[", i, "]");
    const absl::StatusOr<TensorInfo> info = CheckTensor(tensor, name, limits.tensor_elements);
    if (!info.ok()) return info.status();
    if (i == 0) first = info;
    if (info->dtype != first->dtype) {
      return absl::InvalidArgumentError(absl::StrCat(name, ".dtype is ", DtypeText(tensor.dtype()), ", but ", field,
                                                     "[0].dtype is ", DtypeText(x.dtype()), "; all inputs (", names,
                                                     ") must have one dtype"));
    }
    if (!absl::c_equal(tensor.shape(), x.shape())) {
      return absl::InvalidArgumentError(absl::StrCat(name, ".shape is ", ShapeText(tensor), ", but ", field,
                                                     "[0].shape is ", ShapeText(x), "; all inputs (", names,
                                                     ") must have one shape"));
    }
  }
  return first;
}

absl::StatusOr<std::vector<double>> CheckParameters(const google::protobuf::Map<std::string, double>& given,
                                                    const ActivationInfo& activation) {
  for (const auto& [name, value] : given) {
    if (absl::Status status = CheckName("a name in parameters", name); !status.ok()) return status;
  }
  return ResolveParameters(activation, std::map<std::string, double>(given.begin(), given.end()));
}

absl::StatusOr<CheckedCase> CheckCase(const std::string& activation, v1::Direction direction, v1::Dtype dtype,
                                      const google::protobuf::Map<std::string, double>& parameters) {
  if (absl::Status status = CheckName("activation", activation); !status.ok()) return status;
  const absl::StatusOr<const ActivationInfo*> info = Catalog::FindActivation(activation);
  if (!info.ok()) return info.status();
  const absl::StatusOr<Direction> checked_direction = CheckDirection(direction);
  if (!checked_direction.ok()) return checked_direction.status();
  const std::optional<Dtype> checked_dtype = FromProto(dtype);
  if (!checked_dtype.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("dtype is ", DtypeText(dtype), "; it must be one of ", DtypeNames()));
  }
  absl::StatusOr<std::vector<double>> values = CheckParameters(parameters, **info);
  if (!values.ok()) return values.status();
  return CheckedCase{*info, *checked_direction, *checked_dtype, *std::move(values)};
}

absl::StatusOr<std::optional<Distribution>> CheckDistribution(const std::string& field, const std::string& name) {
  if (name.empty()) return std::optional<Distribution>();
  if (absl::Status status = CheckName(field, name); !status.ok()) return status;
  const std::optional<Distribution> known = ParseDistribution(name);
  if (known.has_value()) return known;
  return absl::InvalidArgumentError(absl::StrCat(
      field, " is \"", name, "\"; it must be one of ",
      absl::StrJoin(DistributionNames(), ", ", [](std::string* out, std::string_view one) { out->append(one); }),
      ", or not given"));
}

absl::StatusOr<PreparedKernel> Prepare(const Kernel& kernel, const std::vector<double>& parameters) {
  PreparedKernel prepared(kernel, parameters.data());
  if (prepared.ok()) return prepared;
  return absl::UnimplementedError(
      absl::StrCat("parameters: the kernel ", kernel.Name(), " cannot serve these values; select another"));
}

absl::Status CheckFilters(const std::string& activation, v1::Direction direction, v1::Dtype dtype,
                          const v1::KernelSelector& selector) {
  if (direction != v1::DIRECTION_UNSPECIFIED) {
    if (absl::Status status = CheckDirection(direction).status(); !status.ok()) return status;
  }
  if (!v1::Dtype_IsValid(dtype)) {
    return absl::InvalidArgumentError(
        absl::StrCat("dtype is ", dtype, "; it must be one of ", DtypeNames(), ", or not given"));
  }
  if (absl::Status status = CheckName("activation", activation); !status.ok()) return status;
  return CheckSelectorNames(selector);
}

}  // namespace actbench

// SPDX-License-Identifier: Apache-2.0
#include "client/load_input.h"

#include <algorithm>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/format.h"
#include "kernels/dtype.h"
#include "proto/dtype.h"

namespace actbench::client {
namespace {

constexpr double kInputDeviation = 3;
constexpr double kUpstreamDeviation = 1;

absl::Status TooLarge(absl::string_view what, int64_t given, absl::string_view limit, int64_t most) {
  return absl::ResourceExhaustedError(
      absl::StrCat(what, " ", GroupedDecimal(given), ": the server takes at most ", GroupedDecimal(most), " ", limit));
}

absl::Status CheckLimits(const LoadInputFlags& flags, size_t element_bytes, int inputs, const v1::Limits& limits) {
  if (flags.size > limits.tensor_elements()) {
    return TooLarge("--size", flags.size, "elements in a tensor (--max_tensor_elements)", limits.tensor_elements());
  }
  if (flags.batch > limits.batch_items()) {
    return TooLarge("--batch", flags.batch, "items in a request (--max_batch_items)", limits.batch_items());
  }
  // Both are far below 2^63 now, but not their product.
  const double bytes =
      static_cast<double>(flags.size) * static_cast<double>(flags.batch) * static_cast<double>(element_bytes) * inputs;
  if (bytes <= static_cast<double>(limits.message_size_bytes())) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "--size ", GroupedDecimal(flags.size), " and --batch ", GroupedDecimal(flags.batch), " make requests of over ",
      GroupedDecimal(limits.message_size_bytes()), " bytes, the most that the server takes (--max_message_bytes)"));
}

// How many inputs the forward direction takes: 1 of what nobody knows.
int InputCount(const v1::ListActivationsResponse& activations, const std::string& name) {
  for (const v1::Activation& activation : activations.activations()) {
    const auto& aliases = activation.aliases();
    if (activation.name() == name || std::find(aliases.begin(), aliases.end(), name) != aliases.end()) {
      return activation.input_count();
    }
  }
  return 1;
}

v1::Tensor RandomTensor(Dtype dtype, int64_t size, double deviation, std::mt19937_64& random) {
  v1::Tensor tensor;
  tensor.set_dtype(ToProto(dtype));
  tensor.add_shape(size);
  std::string& data = *tensor.mutable_data();
  data.resize(static_cast<size_t>(size) * SizeBytes(dtype));
  std::normal_distribution<double> distribution(0, deviation);
  for (size_t i = 0; i < data.size(); i += SizeBytes(dtype)) StoreElement(dtype, distribution(random), &data[i]);
  return tensor;
}

}  // namespace

absl::StatusOr<v1::EvaluateRequest> MakeLoadRequest(const LoadInputFlags& flags,
                                                    const v1::ListActivationsResponse& activations,
                                                    const v1::Limits& limits) {
  const absl::StatusOr<v1::EvaluateItem> item = MakeItemWithoutInputs(flags);
  if (!item.ok()) return item.status();
  const Dtype dtype = ParseDtype(flags.dtype).value_or(Dtype::kF32);
  const int forward_inputs = InputCount(activations, flags.activation);
  const int inputs = forward_inputs + (flags.gradient ? 1 : 0);
  if (absl::Status fits = CheckLimits(flags, SizeBytes(dtype), inputs, limits); !fits.ok()) return fits;
  std::mt19937_64 random(flags.seed);
  v1::EvaluateRequest request;
  for (int64_t i = 0; i < flags.batch; ++i) {
    v1::EvaluateItem& added = *request.add_items();
    added = *item;
    for (int input = 0; input < inputs; ++input) {
      const double deviation = input < forward_inputs ? kInputDeviation : kUpstreamDeviation;
      *added.add_inputs() = RandomTensor(dtype, flags.size, deviation, random);
    }
  }
  return request;
}

}  // namespace actbench::client

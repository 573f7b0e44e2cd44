// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/error.h"

#include <algorithm>
#include <utility>

namespace actbench {

ErrorReport Merge(const ErrorReport& a, const ErrorReport& b) {
  const bool b_is_worse = a.checked == 0 || (b.checked != 0 && b.max_ulp > a.max_ulp);
  ErrorReport merged = b_is_worse ? b : a;
  merged.sum_ulp = a.sum_ulp + b.sum_ulp;
  merged.checked = a.checked + b.checked;
  return merged;
}

ErrorMeter::ErrorMeter(const ActivationInfo& activation, Direction direction, Dtype dtype,
                       std::vector<double> parameters)
    : ErrorMeter(DefinitionsOf(activation), activation.inputs, direction, dtype, std::move(parameters)) {}

ErrorMeter::ErrorMeter(const Definitions& definitions, size_t input_count, Direction direction, Dtype dtype,
                       std::vector<double> parameters) {
  const size_t outputs = direction == Direction::kGradient ? input_count : 1;
  for (size_t i = 0; i < outputs; ++i) {
    references_.emplace_back(definitions, input_count, direction, dtype, parameters, i);
  }
}

ErrorReport ErrorMeter::Measure(absl::Span<const void* const> inputs, const void* output, size_t begin, size_t end,
                                size_t output_number) const {
  const Reference& reference = references_[output_number];
  const DtypeInfo& format = Info(reference.dtype());
  const auto at = [&](const void* buffer, size_t i) {
    return static_cast<const char*>(buffer) + i * format.size_bytes;
  };
  double values[3][kReferenceBlock];
  const double* rows[] = {values[0], values[1], values[2]};
  double got[kReferenceBlock];
  ExactResult exact[kReferenceBlock];
  ErrorReport report;
  for (size_t start = begin; start < end; start += kReferenceBlock) {
    const size_t n = std::min(kReferenceBlock, end - start);
    for (size_t j = 0; j < inputs.size(); ++j) {
      ConvertElements(format.dtype, at(inputs[j], start), Dtype::kF64, values[j], n);
    }
    ConvertElements(format.dtype, at(output, start), Dtype::kF64, got, n);
    reference.Evaluate(rows, got, n, exact);
    for (size_t i = 0; i < n; ++i) {
      const double ulp = UlpError(got[i], exact[i], format);
      if (report.checked == 0 || ulp > report.max_ulp) {
        report.max_ulp = ulp;
        report.worst_input = values[0][i];
        report.worst_bits = LoadBits(format.dtype, at(inputs[0], start + i));
        report.worst_index = start + i;
      }
      report.sum_ulp += ulp;
      ++report.checked;
    }
  }
  return report;
}

}  // namespace actbench

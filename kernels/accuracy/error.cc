// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/error.h"

#include <algorithm>
#include <array>

namespace actbench {
namespace {

const char* At(const void* buffer, size_t i, const DtypeInfo& format) {
  return static_cast<const char*>(buffer) + i * format.size_bytes;
}

}  // namespace

ErrorReport Merge(const ErrorReport& a, const ErrorReport& b) {
  const bool b_is_worse = a.checked == 0 || (b.checked != 0 && b.max_ulp > a.max_ulp);
  ErrorReport merged = b_is_worse ? b : a;
  merged.sum_ulp = a.sum_ulp + b.sum_ulp;
  merged.checked = a.checked + b.checked;
  return merged;
}

ErrorMeter::ErrorMeter(const ActivationInfo& activation, Direction direction, Dtype dtype,
                       const std::vector<double>& parameters)
    : ErrorMeter(DefinitionsOf(activation), activation.inputs, direction, dtype, parameters) {}

ErrorMeter::ErrorMeter(const Definitions& definitions, size_t input_count, Direction direction, Dtype dtype,
                       const std::vector<double>& parameters) {
  const size_t outputs = direction == Direction::kGradient ? input_count : 1;
  for (size_t i = 0; i < outputs; ++i) {
    references_.emplace_back(definitions, input_count, direction, dtype, parameters, i);
  }
}

template <class Visit>
void ErrorMeter::ForEach(absl::Span<const void* const> inputs, const void* output, size_t begin, size_t end,
                         size_t output_number, const Visit& visit) const {
  const Reference& reference = references_[output_number];
  const DtypeInfo& format = Info(reference.dtype());
  double values[3][kReferenceBlock];
  const double* rows[] = {values[0], values[1], values[2]};
  double got[kReferenceBlock];
  ExactResult exact[kReferenceBlock];
  for (size_t start = begin; start < end; start += kReferenceBlock) {
    const size_t n = std::min(kReferenceBlock, end - start);
    for (size_t j = 0; j < inputs.size(); ++j) {
      ConvertElements(format.dtype, At(inputs[j], start, format), Dtype::kF64, values[j], n);
    }
    ConvertElements(format.dtype, At(output, start, format), Dtype::kF64, got, n);
    reference.Evaluate(rows, got, n, exact);
    for (size_t i = 0; i < n; ++i) visit(start + i, got[i], exact[i]);
  }
}

ErrorReport ErrorMeter::Measure(absl::Span<const void* const> inputs, const void* output, size_t begin, size_t end,
                                size_t output_number) const {
  const DtypeInfo& format = Info(references_[output_number].dtype());
  ErrorReport report;
  ForEach(inputs, output, begin, end, output_number, [&](size_t i, double got, const ExactResult& exact) {
    const double ulp = UlpError(got, exact, format);
    if (report.checked == 0 || ulp > report.max_ulp) {
      const void* const x = At(inputs[0], i, format);
      report.max_ulp = ulp;
      report.worst_input = LoadElement(format.dtype, x);
      report.worst_bits = LoadBits(format.dtype, x);
      report.worst_index = i;
    }
    report.sum_ulp += ulp;
    ++report.checked;
  });
  return report;
}

void ErrorMeter::AddTo(Tally& tally, std::vector<double>* errors, absl::Span<const void* const> inputs,
                       const void* output, size_t begin, size_t end, size_t output_number) const {
  const DtypeInfo& format = Info(references_[output_number].dtype());
  ForEach(inputs, output, begin, end, output_number, [&](size_t i, double /*got*/, const ExactResult& exact) {
    std::array<uint64_t, 3> input_bits = {};
    for (size_t j = 0; j < inputs.size(); ++j) input_bits[j] = LoadBits(format.dtype, At(inputs[j], i, format));
    const uint64_t got_bits = LoadBits(format.dtype, At(output, i, format));
    const Outcome outcome = Compare(input_bits, output_number, got_bits, exact, format.dtype);
    tally.Add(outcome, exact.stage);
    if (errors != nullptr) errors->push_back(outcome.error.ulp);
  });
}

}  // namespace actbench

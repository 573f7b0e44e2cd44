// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/tally.h"

#include <algorithm>
#include <cmath>

namespace actbench {
namespace {

uint64_t SignBit(Dtype dtype) { return uint64_t{1} << (8 * SizeBytes(dtype) - 1); }
uint64_t AllBits(Dtype dtype) { return SignBit(dtype) | (SignBit(dtype) - 1); }

// How many exponents there are, 0 (zeros and subnormals) included, NaN's not.
size_t ExponentCount(const DtypeInfo& format) {
  return static_cast<size_t>(format.max_exponent - format.min_exponent) + 2;
}

void AddTo(BinadeError& row, double ulp) {
  ++row.checked;
  row.max_ulp = std::max(row.max_ulp, ulp);
  if (std::isinf(ulp)) return;
  ++row.finite;
  row.sum_ulp += ulp;
}

}  // namespace

uint64_t OrdinalOf(uint64_t bits, Dtype dtype) {
  return bits & SignBit(dtype) ? ~bits & AllBits(dtype) : bits | SignBit(dtype);
}
uint64_t BitsOfOrdinal(uint64_t ordinal, Dtype dtype) {
  return ordinal & SignBit(dtype) ? ordinal ^ SignBit(dtype) : ~ordinal & AllBits(dtype);
}

Outcome Compare(const std::array<uint64_t, 3>& input_bits, size_t output, uint64_t got_bits, const ExactResult& exact,
                Dtype dtype) {
  Outcome outcome{.error = {input_bits, output, got_bits, exact.bits, 0},
                  .got = LoadElement(dtype, &got_bits),
                  .expected = LoadElement(dtype, &exact.bits),
                  .misrounded = got_bits != exact.bits};
  outcome.error.ulp = UlpError(outcome.got, exact, Info(dtype));
  if (std::isnan(outcome.got) && outcome.error.ulp == 0) outcome.misrounded = false;
  // Zeros of either sign are no distance apart.
  if (outcome.misrounded && outcome.got != outcome.expected) {
    outcome.error.ulp = std::max(outcome.error.ulp, kLeastMisrounded);
  }
  return outcome;
}

bool WorstList::IsWorse(const InputError& a, const InputError& b) const {
  if (a.ulp != b.ulp) return a.ulp > b.ulp;
  for (size_t i = 0; i < a.input_bits.size(); ++i) {
    const uint64_t first = OrdinalOf(a.input_bits[i], dtype_);
    const uint64_t second = OrdinalOf(b.input_bits[i], dtype_);
    if (first != second) return first < second;
  }
  return a.output < b.output;
}

void WorstList::Add(const InputError& error) {
  const bool is_full = errors_.size() == AccuracyReport::kWorst;
  if (error.ulp < kLeast || (is_full && !IsWorse(error, errors_.back()))) return;
  const auto is_worse = [this](const InputError& a, const InputError& b) { return IsWorse(a, b); };
  errors_.insert(std::upper_bound(errors_.begin(), errors_.end(), error, is_worse), error);
  if (is_full) errors_.pop_back();
}

void WorstList::Merge(const WorstList& other) {
  for (const InputError& error : other.errors_) Add(error);
}

bool LargestEstimates::IsWorse(const Estimate& a, const Estimate& b) {
  return a.ulp != b.ulp ? a.ulp > b.ulp : a.place < b.place;
}

void LargestEstimates::Add(double ulp, uint64_t place) {
  if (ulp <= Threshold(place) || Contains(place)) return;
  const Estimate estimate = {ulp, place};
  if (is_full()) estimates_.pop_back();
  estimates_.insert(std::upper_bound(estimates_.begin(), estimates_.end(), estimate, IsWorse), estimate);
}

void LargestEstimates::Merge(const LargestEstimates& other) {
  for (const Estimate& estimate : other.estimates_) Add(estimate.ulp, estimate.place);
}

bool LargestEstimates::Contains(uint64_t place) const {
  return std::any_of(estimates_.begin(), estimates_.end(), [&](const Estimate& e) { return e.place == place; });
}

double LargestEstimates::Threshold(uint64_t place) const {
  if (!is_full()) return WorstList::kLeast;
  const Estimate& least = estimates_.back();
  // An equal one that comes before it gets in.
  return place < least.place ? std::nextafter(least.ulp, 0.0) : least.ulp;
}

Tally::Tally(Dtype dtype) : dtype_(dtype), binades_(2 * ExponentCount(Info(dtype))) {
  const DtypeInfo& format = Info(dtype);
  const size_t exponents = ExponentCount(format);
  for (size_t i = 0; i < binades_.size(); ++i) {
    binades_[i].negative = i >= exponents;
    binades_[i].exponent = format.min_exponent - 1 + static_cast<int>(i % exponents);
  }
}

BinadeError& Tally::BinadeOf(uint64_t x_bits) {
  const DtypeInfo& format = Info(dtype_);
  const size_t exponents = ExponentCount(format);
  const bool negative = (x_bits & SignBit(dtype_)) != 0;
  const uint64_t field = (x_bits & ~SignBit(dtype_)) >> (format.precision - 1);
  return binades_[(negative ? exponents : 0) + std::min<size_t>(field, exponents - 1)];
}

void Tally::Add(const Outcome& outcome, Stage stage) {
  const double ulp = outcome.error.ulp;
  ++report_.checked;
  report_.max_ulp = std::max(report_.max_ulp, ulp);
  if (std::isfinite(ulp)) {
    ++report_.finite;
    report_.sum_ulp += ulp;
  }
  report_.misrounded += outcome.misrounded ? 1 : 0;
  const bool nan = std::isnan(outcome.got) || std::isnan(outcome.expected);
  const bool inf = std::isinf(outcome.got) || std::isinf(outcome.expected);
  if (nan) {
    report_.wrong_nan += ulp != 0 ? 1 : 0;
  } else {
    report_.wrong_inf += inf && ulp != 0 ? 1 : 0;
    report_.spurious_zero += outcome.got == 0 && outcome.expected != 0 ? 1 : 0;
    report_.wrong_sign += std::signbit(outcome.got) != std::signbit(outcome.expected) ? 1 : 0;
  }
  uint64_t& decided = stage == Stage::kF64    ? report_.decided_by_f64
                      : stage == Stage::kPair ? report_.decided_by_pair
                                              : report_.decided_by_mpfr;
  ++decided;
  const double x = LoadElement(dtype_, outcome.error.input_bits.data());
  if (std::isfinite(x)) AddTo(BinadeOf(outcome.error.input_bits[0]), ulp);
}

void Tally::AddBlock(uint64_t x_bits, uint64_t count, const CompareResult& result) {
  const auto add = [&](auto& sums) {
    sums.checked += count;
    sums.finite += count;
    sums.sum_ulp += result.sum_ulp;
    sums.max_ulp = std::max(sums.max_ulp, result.max_ulp);
  };
  add(report_);
  add(BinadeOf(x_bits));
  report_.misrounded += result.misrounded;
  report_.decided_by_f64 += count;
}

void Tally::AddRightNaNs(uint64_t count) {
  report_.checked += count;
  report_.finite += count;
  report_.decided_by_f64 += count;
}

void Tally::Merge(const Tally& other) {
  const auto add = [](auto& sums, const auto& others) {
    sums.checked += others.checked;
    sums.finite += others.finite;
    sums.sum_ulp += others.sum_ulp;
    sums.max_ulp = std::max(sums.max_ulp, others.max_ulp);
  };
  add(report_, other.report_);
  for (size_t i = 0; i < binades_.size(); ++i) add(binades_[i], other.binades_[i]);
  for (uint64_t AccuracyReport::*count :
       {&AccuracyReport::misrounded, &AccuracyReport::wrong_nan, &AccuracyReport::wrong_inf,
        &AccuracyReport::spurious_zero, &AccuracyReport::wrong_sign, &AccuracyReport::falls,
        &AccuracyReport::output_hash, &AccuracyReport::decided_by_f64, &AccuracyReport::decided_by_pair,
        &AccuracyReport::decided_by_mpfr}) {
    report_.*count += other.report_.*count;
  }
}

AccuracyReport Tally::Report() const {
  AccuracyReport report = report_;
  const size_t exponents = binades_.size() / 2;
  // Ascending in x: the negative ones from the largest exponent down.
  for (size_t i = exponents; i-- > 0;) report.binades.push_back(binades_[exponents + i]);
  for (size_t i = 0; i < exponents; ++i) report.binades.push_back(binades_[i]);
  std::erase_if(report.binades, [](const BinadeError& row) { return row.checked == 0; });
  return report;
}

}  // namespace actbench

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/accuracy/measurement_impl.h"

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// An error in the list of the worst is known to this.
constexpr double kWorstResolution = 0x1p-30;
// What a line's error is at most, in ulp of f32 and narrower dtypes.
constexpr double kLineUlp = 0x1p-20;

// Which NaN it is, is no matter.
void MakeNaNCanonical(Dtype dtype, char* element) {
  if (std::isnan(LoadElement(dtype, element))) StoreElement(dtype, std::numeric_limits<double>::quiet_NaN(), element);
}

void SetBits(char* element, uint64_t bits, size_t size) { std::memcpy(element, &bits, size); }

}  // namespace

void MeasurementImpl::RunBlock(Workspace& w, Block block, std::vector<HardOutput>& hard) {
  char* arrays[3];
  for (size_t i = 0; i < 3; ++i) arrays[i] = w.inputs[i].data();
  space_.Fill(block.start, block.n, arrays);
  // In whole vectors: what lies behind the last element is some number or other.
  const size_t padded = (block.n + kReferenceStep - 1) / kReferenceStep * kReferenceStep;
  for (size_t i = 0; i < space_.input_count(); ++i) {
    compare_.widen[static_cast<size_t>(dtype_)](arrays[i], padded, w.wide_inputs[i].data());
  }
  if (!RunKernels(w, block)) return;
  for (size_t output = 0; output < references_.size(); ++output) {
    if (space_.exhaustive()) {
      CompareExhaustive(w, block, output, hard);
    } else {
      for (size_t k = 0; k < kernels_.size(); ++k) CompareSampled(w, block, k, output);
    }
    for (size_t k = 0; k < kernels_.size(); ++k) {
      w.tallies[k].AddHash(HashOf(ResultsOf(w, k, output).got_data(), block.n, block.start, output));
    }
    if (kernels_.size() == 2) FindDifferences(w, block, output);
  }
}

absl::Status MeasurementImpl::RunGuarded(Workspace& w, size_t kernel, const std::array<const void*, 3>& in, size_t n,
                                         std::array<void*, 2>& out) const {
  const size_t outputs = references_.size();
  const auto guard = [&](size_t output) -> GuardedOutput& { return *w.guarded[kernel * outputs + output]; };
  for (size_t i = 0; i < outputs; ++i) out[i] = guard(i).Prepare(n * element_bytes_);
  absl::Status status = kernels_[kernel].Run({in.data(), space_.input_count()}, {out.data(), outputs}, n);
  bool intact = true;
  for (size_t i = 0; i < outputs; ++i) intact = intact && guard(i).IsIntact();
  if (status.ok() && !intact) {
    status = absl::DataLossError(absl::StrCat("kernel ", names_[kernel], " wrote outside its output"));
  }
  return status;
}

absl::Status MeasurementImpl::RunOne(Workspace& w, size_t kernel, const std::array<uint64_t, 3>& input,
                                     std::array<uint64_t, 2>& outputs) const {
  std::array<void*, 2> out = {};
  absl::Status status = RunGuarded(w, kernel, {&input[0], &input[1], &input[2]}, 1, out);
  if (!status.ok()) return status;
  for (size_t i = 0; i < references_.size(); ++i) outputs[i] = LoadBits(dtype_, out[i]);
  return absl::OkStatus();
}

void MeasurementImpl::Fail(const absl::Status& status, const std::string& where) {
  const std::lock_guard lock(mutex_);
  failed_ = true;
  if (status_.ok()) status_ = absl::Status(status.code(), absl::StrCat(status.message(), ": ", where));
}

bool MeasurementImpl::RunKernels(Workspace& w, Block block) {
  const std::array<const void*, 3> in = {w.inputs[0].data(), w.inputs[1].data(), w.inputs[2].data()};
  for (size_t k = 0; k < kernels_.size(); ++k) {
    std::array<void*, 2> out = {};
    if (absl::Status status = RunGuarded(w, k, in, block.n, out); !status.ok()) {
      Fail(status, absl::StrCat("of ", block.n, " elements from input ", block.start, " on"));
      return false;
    }
    for (size_t output = 0; output < references_.size(); ++output) {
      std::memcpy(ResultsOf(w, k, output).got_data(), out[output], block.n * element_bytes_);
    }
  }
  return true;
}

void MeasurementImpl::LoadPrevious(Workspace& w, Block block) {
  if (!space_.FollowsNeighbour(block.start)) return;
  const std::array<uint64_t, 3> bits = space_.At(block.start - 1);
  for (size_t k = 0; k < kernels_.size(); ++k) {
    std::array<uint64_t, 2> got = {};
    absl::Status status = RunOne(w, k, bits, got);
    if (!status.ok()) return Fail(status, absl::StrCat("at input ", block.start - 1));
    for (size_t output = 0; output < references_.size(); ++output) {
      Workspace::Results& results = ResultsOf(w, k, output);
      const uint64_t expected = references_[output].Evaluate(PointOf(bits).data()).bits;
      SetBits(results.got_data() - element_bytes_, got[output], element_bytes_);
      SetBits(results.expected_data() - element_bytes_, expected, element_bytes_);
    }
  }
}

void MeasurementImpl::FindLines(Workspace& w, uint64_t begin, uint64_t end) const {
  w.lines.assign(1, std::nullopt);
  if (references_.size() != 1) return;
  const auto x_at = [&](uint64_t index) { return PointOf(space_.At(index))[0]; };
  if (space_.upstream_varies()) {  // a piece has one x
    w.lines[0] = references_[0].FindLineOverUpstream(x_at(begin));
  } else if (direction_ == Direction::kForward && space_.input_count() == 1) {
    std::vector<double> middles;
    std::vector<double> radii;
    for (uint64_t at = begin; at < end; at += space_.block()) {
      const double first = x_at(at);
      const double last = x_at(std::min<uint64_t>(at + space_.block(), end) - 1);
      middles.push_back((first + last) / 2);
      radii.push_back((last - first) / 2);
    }
    w.lines.resize(middles.size());
    references_[0].FindLines(middles.data(), radii.data(), middles.size(), w.lines.data());
  }
}

void MeasurementImpl::EvaluateF64(Workspace& w, Block block, size_t output) {
  const Reference& reference = references_[output];
  double* rows[3];
  for (size_t i = 0; i < 3; ++i) rows[i] = w.wide_inputs[i].data();
  // Stage 1 gets other numbers for them; the next output wants them as they are.
  std::vector<std::pair<size_t, Point>> others;
  const auto is_plain = [&](size_t i) {
    const double point[3] = {rows[0][i], rows[1][i], rows[2][i]};
    return reference.IsPlain(point);
  };
  // NaNs and infinities are at the ends of all numbers, zeros at an end of a block.
  const bool all_plain = is_plain(0) && is_plain(block.n - 1);
  for (size_t i = 0; !all_plain && i < block.n; ++i) {
    if (is_plain(i)) continue;
    others.emplace_back(i, Point{rows[0][i], rows[1][i], rows[2][i]});
    for (double* row : rows) row[i] = 1;
  }
  const size_t padded = (block.n + kReferenceStep - 1) / kReferenceStep * kReferenceStep;
  for (double* row : rows) std::fill(row + block.n, row + padded, 1);
  const std::optional<Line>& line = w.lines[block.start / space_.block() % w.lines.size()];
  w.follows_line = all_plain && line.has_value();
  if (w.follows_line) {
    LaneReferences().back().follow(*line, rows[space_.upstream_varies() ? 1 : 0], padded, w.value.data(),
                                   w.error.data());
  } else if (!reference.EvaluateF64(rows, padded, w.value.data(), w.error.data())) {
    std::fill(w.value.begin(), w.value.end(), 0);
    std::fill(w.error.begin(), w.error.end(), kInfinity);
  }
  for (const auto& [i, point] : others) {
    w.error[i] = kInfinity;
    for (size_t k = 0; k < point.size(); ++k) rows[k][i] = point[k];
  }
}

double MeasurementImpl::Threshold(const Workspace& w, size_t kernel, uint64_t place) {
  const double threshold = std::min(w.estimates[kernel].Threshold(place), std::numeric_limits<double>::max());
  return w.follows_line ? threshold - kLineUlp : threshold;
}

std::array<std::vector<double>, 3> MeasurementImpl::Gather(const Workspace& w, const std::vector<size_t>& places) {
  std::array<std::vector<double>, 3> rows;
  for (size_t k = 0; k < rows.size(); ++k) {
    for (size_t i : places) rows[k].push_back(w.wide_inputs[k][i]);
    while (rows[k].size() % kReferenceStep != 0) rows[k].push_back(1);
  }
  return rows;
}

void MeasurementImpl::LeaveLine(Workspace& w, size_t output, const std::vector<size_t>& places) const {
  if (!w.follows_line || places.empty()) return;
  const std::array<std::vector<double>, 3> inputs = Gather(w, places);
  const double* rows[] = {inputs[0].data(), inputs[1].data(), inputs[2].data()};
  std::vector<double> value(inputs[0].size());
  std::vector<double> error(inputs[0].size());
  references_[output].EvaluateF64(rows, inputs[0].size(), value.data(), error.data());
  for (size_t j = 0; j < places.size(); ++j) {
    w.value[places[j]] = value[j];
    w.error[places[j]] = error[j];
  }
}

bool MeasurementImpl::CompareNaNs(Workspace& w, Block block, size_t kernel, size_t output) {
  // In ascending order NaNs are at the ends: a block that begins and ends with one has no others.
  const auto is_nan = [&](size_t i) {
    bool nan = false;
    for (size_t k = 0; k < space_.input_count(); ++k) nan |= std::isnan(w.wide_inputs[k][i]);
    return nan;
  };
  if (!is_nan(0) || !is_nan(block.n - 1)) return false;
  Workspace::Results& results = ResultsOf(w, kernel, output);
  compare_.widen[static_cast<size_t>(dtype_)](results.got_data(), block.n, w.value.data());
  if (!std::all_of(w.value.begin(), w.value.begin() + static_cast<ptrdiff_t>(block.n),
                   [](double got) { return std::isnan(got); })) {
    return false;
  }
  // Which NaN it is, is no matter.
  for (size_t i = 0; i < block.n; ++i) {
    StoreElement(dtype_, std::numeric_limits<double>::quiet_NaN(), results.got_data() + i * element_bytes_);
  }
  w.tallies[kernel].AddRightNaNs(block.n);
  return true;
}

void MeasurementImpl::CompareExhaustive(Workspace& w, Block block, size_t output, std::vector<HardOutput>& hard) {
  std::array<bool, 2> are_nans = {};
  for (size_t k = 0; k < kernels_.size(); ++k) are_nans[k] = CompareNaNs(w, block, k, output);
  EvaluateF64(w, block, output);
  const size_t dtype = static_cast<size_t>(dtype_);
  for (size_t k = 0; k < kernels_.size(); ++k) {
    if (are_nans[k]) continue;
    Workspace::Results& results = ResultsOf(w, k, output);
    char* got = results.got_data();
    char* expected = results.expected_data();
    compare_.compare[dtype](got, w.value.data(), w.error.data(), block.n, Threshold(w, k, PlaceOf(block.start, output)),
                            expected, w.compared);
    w.tallies[k].AddBlock(LoadBits(dtype_, w.inputs[0].data()), block.n - w.compared.attention_count, w.compared);
    LookCloser(w, block, {k, output}, hard);
    if (!space_.FollowsNeighbour(block.start)) {
      std::memcpy(got - element_bytes_, got, element_bytes_);
      std::memcpy(expected - element_bytes_, expected, element_bytes_);
    }
    if (w.compared.may_fall) w.tallies[k].AddFalls(compare_.count_falls[dtype](got, expected, block.n));
    const size_t last = (block.n - 1) * element_bytes_;
    std::memcpy(got - element_bytes_, got + last, element_bytes_);
    std::memcpy(expected - element_bytes_, expected + last, element_bytes_);
  }
}

std::array<uint64_t, 3> MeasurementImpl::InputBits(const Workspace& w, size_t i) const {
  std::array<uint64_t, 3> bits = {};
  for (size_t k = 0; k < space_.input_count(); ++k) bits[k] = LoadBits(dtype_, w.inputs[k].data() + i * element_bytes_);
  return bits;
}

std::optional<ExactResult> MeasurementImpl::FirstStage(const Workspace& w, const Which& which, size_t i,
                                                       double got) const {
  const Reference& reference = references_[which.output];
  const Point point = PointOf(InputBits(w, i));
  std::optional<ExactResult> exact = reference.EvaluateSpecial(point.data());
  if (exact.has_value() || w.error[i] == kInfinity) return exact;
  exact = reference.Decide(point.data(), w.value[i], w.error[i]);
  if (exact.has_value() && !reference.KnowsError(got, *exact)) exact.reset();
  return exact;
}

void MeasurementImpl::AddOutput(Workspace& w, const Which& which, size_t i, const ExactResult& exact) const {
  Workspace::Results& results = ResultsOf(w, which.kernel, which.output);
  char* const got = results.got_data() + i * element_bytes_;
  const Outcome outcome = Compare(InputBits(w, i), which.output, LoadBits(dtype_, got), exact, dtype_);
  MakeNaNCanonical(dtype_, got);
  SetBits(results.expected_data() + i * element_bytes_, exact.bits, element_bytes_);
  w.tallies[which.kernel].Add(outcome, exact.stage);
  w.worst[which.kernel].Add(outcome.error);
}

std::vector<size_t> MeasurementImpl::FindOpen(Workspace& w, Block block, const Which& which) const {
  struct Candidate {
    size_t i;
    ExactResult exact;
  };
  LargestEstimates& estimates = w.estimates[which.kernel];
  const DtypeInfo& format = Info(dtype_);
  char* const got_data = ResultsOf(w, which.kernel, which.output).got_data();
  std::vector<size_t> attention(w.compared.attention, w.compared.attention + w.compared.attention_count);
  std::erase_if(attention, [&](size_t i) { return i >= block.n; });
  LeaveLine(w, which.output, attention);
  std::vector<size_t> open;
  std::vector<Candidate> candidates;
  for (size_t i : attention) {
    const double got = LoadElement(dtype_, got_data + i * element_bytes_);
    const std::optional<ExactResult> exact = FirstStage(w, which, i, got);
    if (!exact.has_value()) {
      open.push_back(i);
      continue;
    }
    const double ulp = UlpError(got, *exact, format);
    const uint64_t place = PlaceOf(block.start + i, which.output);
    estimates.Add(ulp, place);
    if (std::isfinite(ulp) && estimates.Contains(place) &&
        UlpError(exact->high + w.error[i], *exact, format) > kWorstResolution) {
      candidates.push_back({i, *exact});
    } else {
      AddOutput(w, which, i, *exact);
    }
  }
  // Now that it is known what else the block has: of a slope of errors only the top is left.
  for (const Candidate& candidate : candidates) {
    if (estimates.Contains(PlaceOf(block.start + candidate.i, which.output))) {
      open.push_back(candidate.i);
    } else {
      AddOutput(w, which, candidate.i, candidate.exact);
    }
  }
  return open;
}

void MeasurementImpl::LookCloser(Workspace& w, Block block, const Which& which, std::vector<HardOutput>& hard) const {
  const std::vector<size_t> open = FindOpen(w, block, which);
  if (open.empty()) return;
  const Reference& reference = references_[which.output];
  const std::array<std::vector<double>, 3> inputs = Gather(w, open);
  std::vector<std::optional<ExactResult>> exact(open.size());
  const double* rows[] = {inputs[0].data(), inputs[1].data(), inputs[2].data()};
  reference.EvaluatePairs(rows, open.size(), exact.data());
  Workspace::Results& results = ResultsOf(w, which.kernel, which.output);
  for (size_t j = 0; j < open.size(); ++j) {
    char* const got = results.got_data() + open[j] * element_bytes_;
    if (exact[j].has_value() && reference.KnowsError(LoadElement(dtype_, got), *exact[j])) {
      AddOutput(w, which, open[j], *exact[j]);
      continue;
    }
    MakeNaNCanonical(dtype_, got);
    const uint64_t provisional = LoadBits(dtype_, results.expected_data() + open[j] * element_bytes_);
    hard.push_back({block.start + open[j], LoadBits(dtype_, got), provisional, which.kernel, which.output});
  }
}

void MeasurementImpl::CompareSampled(Workspace& w, Block block, size_t kernel, size_t output) {
  const Reference& reference = references_[output];
  char* got_data = ResultsOf(w, kernel, output).got_data();
  ExactResult exact[kReferenceBlock];
  double got[kReferenceBlock];
  for (size_t begin = 0; begin < block.n; begin += kReferenceBlock) {
    const size_t n = std::min(kReferenceBlock, block.n - begin);
    const double* rows[3];
    for (size_t k = 0; k < 3; ++k) rows[k] = w.wide_inputs[k].data() + begin;
    for (size_t i = 0; i < n; ++i) got[i] = LoadElement(dtype_, got_data + (begin + i) * element_bytes_);
    reference.Evaluate(rows, got, n, exact);
    for (size_t i = 0; i < n; ++i) {
      char* element = got_data + (begin + i) * element_bytes_;
      const std::array<uint64_t, 3> bits = space_.At(block.start + begin + i);
      const Outcome outcome = Compare(bits, output, LoadBits(dtype_, element), exact[i], dtype_);
      MakeNaNCanonical(dtype_, element);
      w.tallies[kernel].Add(outcome, exact[i].stage);
      w.worst[kernel].Add(outcome.error);
    }
  }
}

bool MeasurementImpl::MayBeAmongWorst(Workspace& w, size_t i, uint64_t place, const std::array<double, 2>& got) const {
  if (!space_.exhaustive() || w.error[i] == kInfinity) return true;
  const DtypeInfo& format = Info(dtype_);
  const ExactResult near{.high = w.value[i], .exponent = ExponentIn(std::fabs(w.value[i]) - w.error[i], format)};
  w.differences.Add(std::max(UlpError(got[0], near, format), UlpError(got[1], near, format)), place);
  return w.differences.Contains(place);
}

void MeasurementImpl::FindDifferences(Workspace& w, Block block, size_t output) {
  const char* first = ResultsOf(w, 0, output).got_data();
  const char* second = ResultsOf(w, 1, output).got_data();
  if (std::memcmp(first, second, block.n * element_bytes_) == 0) return;
  std::vector<size_t> differing;
  for (size_t i = 0; i < block.n; ++i) {
    if (std::memcmp(first + i * element_bytes_, second + i * element_bytes_, element_bytes_) != 0)
      differing.push_back(i);
  }
  LeaveLine(w, output, differing);
  for (size_t i : differing) {
    const uint64_t a = LoadBits(dtype_, first + i * element_bytes_);
    const uint64_t b = LoadBits(dtype_, second + i * element_bytes_);
    const std::array<uint64_t, 3> bits = space_.At(block.start + i);
    const uint64_t place = PlaceOf(block.start + i, output);
    if (!MayBeAmongWorst(w, i, place, {LoadElement(dtype_, &a), LoadElement(dtype_, &b)})) continue;
    const auto error_of = [&](uint64_t got) {
      const ExactResult exact = references_[output].Evaluate(PointOf(bits).data(), LoadElement(dtype_, &got));
      return Compare(bits, output, got, exact, dtype_).error;
    };
    AddDifference({error_of(a), error_of(b)});
  }
  differing_.fetch_add(differing.size(), std::memory_order_relaxed);
}

}  // namespace actbench

// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/measurement.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "absl/strings/str_cat.h"
#include "kernels/accuracy/measurement_impl.h"
#include "kernels/accuracy/special_values.h"

namespace actbench {
namespace {

// Inputs of a piece: some 100 us of the fastest kernels, and under a millisecond of scalar ones.
constexpr uint64_t kExhaustivePiece = uint64_t{1} << 15;
static_assert(65536 % kExhaustivePiece == 0, "the pairs of a piece have one x");
constexpr uint64_t kSampledPiece = uint64_t{1} << 12;
constexpr uint64_t kMpfrPiece = 32;
constexpr size_t kHardPiece = 16;
// An activation sends some thousands of outputs to MPFR, and at most some 10^5.
constexpr size_t kMostHard = size_t{1} << 20;

uint64_t PieceInputs(const InputSpace& space, const Reference& reference) {
  if (space.exhaustive()) return kExhaustivePiece;
  return reference.HasF64Stage() ? kSampledPiece : kMpfrPiece;
}

// One for each output.
std::vector<Reference> MakeReferences(const ActivationInfo& activation, Direction direction, Dtype dtype,
                                      const std::vector<double>& parameters) {
  std::vector<Reference> references;
  const size_t outputs = direction == Direction::kGradient ? activation.inputs : 1;
  for (size_t i = 0; i < outputs; ++i) references.emplace_back(activation, direction, dtype, parameters, i);
  return references;
}

double WorseError(const Difference& difference) { return std::max(difference.first.ulp, difference.second.ulp); }

}  // namespace

absl::StatusOr<std::unique_ptr<Measurement>> Measurement::Make(absl::Span<const Kernel* const> kernels,
                                                               const ActivationInfo& activation,
                                                               std::vector<double> parameters, const InputPlan& plan) {
  absl::StatusOr<InputSpace> space = InputSpace::Make(plan, activation, kernels[0]->direction, kernels[0]->dtype);
  if (!space.ok()) return space.status();
  auto measurement = std::make_unique<MeasurementImpl>(kernels, activation, std::move(parameters), *std::move(space));
  if (absl::Status status = measurement->Prepare(kernels); !status.ok()) return status;
  return measurement;
}

MeasurementImpl::MeasurementImpl(absl::Span<const Kernel* const> kernels, const ActivationInfo& activation,
                                 std::vector<double> parameters, InputSpace space)
    : activation_(activation),
      direction_(kernels[0]->direction),
      dtype_(kernels[0]->dtype),
      element_bytes_(SizeBytes(dtype_)),
      parameters_(std::move(parameters)),
      space_(std::move(space)),
      references_(MakeReferences(activation, direction_, dtype_, parameters_)),
      compare_(AllCompareFunctions().back()),
      piece_inputs_(PieceInputs(space_, references_.front())),
      input_pieces_((space_.size() + piece_inputs_ - 1) / piece_inputs_),
      piece_count_(input_pieces_),
      worst_(kernels.size(), WorstList(dtype_)),
      estimates_(kernels.size()),
      special_(kernels.size()) {}

absl::Status MeasurementImpl::Prepare(absl::Span<const Kernel* const> kernels) {
  if (space_.exhaustive() && space_.size() > 65536 && !references_[0].HasF64Stage()) {
    return absl::InvalidArgumentError(
        absl::StrCat("exhaustive inputs: with parameters beyond 2^100, or so near to 0, every result takes MPFR, which "
                     "would be days for ",
                     space_.size(), " inputs; use sampled inputs"));
  }
  for (const Kernel* kernel : kernels) {
    names_.push_back(kernel->Name());
    kernels_.emplace_back(*kernel, parameters_.data());
    if (!kernels_.back().ok()) {
      return absl::UnimplementedError(absl::StrCat("kernel ", names_.back(), " cannot serve these parameters"));
    }
  }
  return absl::OkStatus();
}

std::unique_ptr<Workspace> MeasurementImpl::Acquire() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Workspace> workspace = std::move(idle_.back());
      idle_.pop_back();
      workspace->estimates = estimates_;
      workspace->differences = difference_estimates_;
      return workspace;
    }
  }
  return std::make_unique<Workspace>(dtype_, kernels_.size(), references_.size());
}

void MeasurementImpl::Release(std::unique_ptr<Workspace> workspace) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(workspace));
}

MeasurementImpl::Point MeasurementImpl::PointOf(const std::array<uint64_t, 3>& bits) const {
  Point point = {};
  for (size_t i = 0; i < space_.input_count(); ++i) point[i] = LoadElement(dtype_, &bits[i]);
  return point;
}

void MeasurementImpl::RunPiece(size_t piece) {
  if (piece >= input_pieces_) return RunHard((piece - input_pieces_) * kHardPiece);
  const uint64_t begin = ShuffledPiece(piece) * piece_inputs_;
  RunInputs(begin, std::min(begin + piece_inputs_, space_.size()));
}

// Not in ascending order: along a slope of errors, such as tanh has where it becomes 1, every input would be worse than
// all before it, and so a candidate for the list of the worst.
uint64_t MeasurementImpl::ShuffledPiece(size_t piece) const {
  constexpr uint64_t kOdd = 0x9e3779b1;  // so that no piece is left out of a power of two
  return std::has_single_bit(input_pieces_) ? piece * kOdd % input_pieces_ : piece;
}

void MeasurementImpl::RunInputs(uint64_t begin, uint64_t end) {
  std::unique_ptr<Workspace> w = Acquire();
  std::vector<HardOutput> hard;
  if (begin == 0) RunSpecialValues(*w);
  if (space_.exhaustive()) {
    LoadPrevious(*w, {begin, 0});
    FindLines(*w, begin, end);
  }
  for (uint64_t at = begin; at < end && !failed_.load(std::memory_order_relaxed); at += space_.block()) {
    RunBlock(*w, {at, static_cast<size_t>(std::min<uint64_t>(space_.block(), end - at))}, hard);
  }
  PublishWorst(*w);
  Release(std::move(w));
  PublishHard(hard);
  inputs_done_.fetch_add(end - begin, std::memory_order_relaxed);
}

void MeasurementImpl::PublishWorst(Workspace& w) {
  const std::lock_guard lock(mutex_);
  difference_estimates_.Merge(w.differences);
  for (size_t k = 0; k < kernels_.size(); ++k) {
    worst_[k].Merge(w.worst[k]);
    estimates_[k].Merge(w.estimates[k]);
    w.worst[k] = WorstList(dtype_);
  }
}

void MeasurementImpl::PublishHard(const std::vector<HardOutput>& found) {
  const std::lock_guard lock(mutex_);
  hard_.insert(hard_.end(), found.begin(), found.end());
  if (hard_.size() > kMostHard && status_.ok()) {
    failed_ = true;
    status_ = absl::ResourceExhaustedError(absl::StrCat("more than ", kMostHard, " results of kernel ",
                                                        names_[found.front().kernel],
                                                        " take MPFR, 5 to 100 us each; use sampled inputs"));
  }
  ++input_pieces_done_;
  const size_t rest = input_pieces_done_ == input_pieces_ ? kHardPiece - 1 : 0;
  piece_count_.store(input_pieces_ + (hard_.size() + rest) / kHardPiece, std::memory_order_release);
}

void MeasurementImpl::RunHard(size_t first) {
  if (failed_.load(std::memory_order_relaxed)) return;
  std::vector<HardOutput> outputs;
  {
    const std::lock_guard lock(mutex_);
    const size_t end = std::min(first + kHardPiece, hard_.size());
    outputs.assign(hard_.begin() + static_cast<ptrdiff_t>(first), hard_.begin() + static_cast<ptrdiff_t>(end));
  }
  std::unique_ptr<Workspace> w = Acquire();
  for (const HardOutput& hard : outputs) {
    const std::array<uint64_t, 3> bits = space_.At(hard.index);
    const double got = LoadElement(dtype_, &hard.got_bits);
    const ExactResult exact = references_[hard.output].EvaluateMpfr(PointOf(bits).data(), got);
    const Outcome outcome = Compare(bits, hard.output, hard.got_bits, exact, dtype_);
    w->tallies[hard.kernel].Add(outcome, exact.stage);
    w->worst[hard.kernel].Add(outcome.error);
    if (exact.bits == hard.provisional_bits) continue;
    const absl::StatusOr<std::array<uint64_t, 2>> beside = RunBeside(*w, hard);
    if (!beside.ok()) {
      Fail(beside.status(), absl::StrCat("beside input ", hard.index));
      break;
    }
    const std::lock_guard lock(mutex_);
    corrected_.push_back({hard, exact.bits, *beside});
  }
  PublishWorst(*w);
  Release(std::move(w));
}

absl::StatusOr<std::array<uint64_t, 2>> MeasurementImpl::RunBeside(Workspace& w, const HardOutput& hard) const {
  std::array<uint64_t, 2> beside = {};
  for (size_t side = 0; side < beside.size(); ++side) {
    if (!HasNeighbour(hard.index + side)) continue;
    std::array<uint64_t, 2> got = {};
    absl::Status status = RunOne(w, hard.kernel, space_.At(side == 0 ? hard.index - 1 : hard.index + 1), got);
    if (!status.ok()) return status;
    beside[side] = got[hard.output];
  }
  return beside;
}

uint64_t MeasurementImpl::HashOf(const char* data, size_t n, uint64_t start, size_t output) const {
  return XXH3_64bits_withSeed(data, n * element_bytes_, start * 2 + output);
}

void MeasurementImpl::AddDifference(const Difference& difference) {
  const std::lock_guard lock(mutex_);
  const auto is_worse = [](const Difference& a, const Difference& b) {
    if (WorseError(a) != WorseError(b)) return WorseError(a) > WorseError(b);
    return a.first.input_bits < b.first.input_bits;
  };
  differences_.insert(std::upper_bound(differences_.begin(), differences_.end(), difference, is_worse), difference);
  if (differences_.size() > AccuracyReport::kWorst) differences_.pop_back();
}

std::vector<Difference> MeasurementImpl::Differences() const {
  const std::lock_guard lock(mutex_);
  return differences_;
}

absl::Status MeasurementImpl::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

int64_t MeasurementImpl::FallsCorrection(size_t kernel) const {
  int64_t correction = 0;
  for (size_t output = 0; output < references_.size(); ++output) {
    std::map<uint64_t, std::pair<uint64_t, uint64_t>> changed;  // provisional and final bits by index
    std::map<uint64_t, uint64_t> got;                           // bits by index
    std::set<uint64_t> pairs;                                   // by their second element
    for (const auto& [hard, bits, got_bits_beside] : corrected_) {
      if (hard.kernel != kernel || hard.output != output) continue;
      changed[hard.index] = {hard.provisional_bits, bits};
      got[hard.index] = hard.got_bits;
      for (size_t side = 0; side < 2; ++side) {
        if (!HasNeighbour(hard.index + side)) continue;
        pairs.insert(hard.index + side);
        got[side == 0 ? hard.index - 1 : hard.index + 1] = got_bits_beside[side];
      }
    }
    const auto expected = [&](uint64_t index, bool provisional) {
      const auto found = changed.find(index);
      const uint64_t bits = found == changed.end() ? references_[output].Evaluate(PointOf(space_.At(index)).data()).bits
                            : provisional          ? found->second.first
                                                   : found->second.second;
      return LoadElement(dtype_, &bits);
    };
    for (uint64_t second : pairs) {
      const double before = LoadElement(dtype_, &got[second - 1]);
      const double after = LoadElement(dtype_, &got[second]);
      if (!(after < before)) continue;
      for (bool provisional : {false, true}) {
        // The element before a piece was counted with its final result.
        const bool first_provisional = provisional && second % piece_inputs_ != 0;
        const bool falls = expected(second - 1, first_provisional) <= expected(second, provisional);
        if (falls) correction += provisional ? -1 : 1;
      }
    }
  }
  return correction;
}

void MeasurementImpl::RunSpecialValues(Workspace& w) {
  for (size_t k = 0; k < kernels_.size(); ++k) {
    std::vector<SpecialRun> runs;
    for (size_t input = 0; input < activation_.inputs; ++input) {
      for (const SpecialInput& special : SpecialInputs(activation_, parameters_.data(), input, dtype_)) {
        SpecialRun run = {absl::StrCat(input == 0 ? "" : "gate ", special.name), {}, {}};
        for (size_t i = 0; i < space_.input_count(); ++i) StoreElement(dtype_, 1, &run.input_bits[i]);
        run.input_bits[input] = special.bits;
        absl::Status status = RunOne(w, k, run.input_bits, run.got_bits);
        if (!status.ok()) return Fail(status, absl::StrCat("at the input ", run.name));
        runs.push_back(std::move(run));
      }
    }
    const std::lock_guard lock(mutex_);
    special_[k] = std::move(runs);
  }
}

AccuracyReport MeasurementImpl::Report(size_t kernel) const {
  const std::lock_guard lock(mutex_);
  Tally sum(dtype_);
  for (const std::unique_ptr<Workspace>& workspace : idle_) sum.Merge(workspace->tallies[kernel]);
  AccuracyReport report = sum.Report();
  report.falls += static_cast<uint64_t>(FallsCorrection(kernel));
  report.worst = worst_[kernel].errors();
  // The lanes' own figures are some 2^-27 off.
  if (!report.worst.empty()) report.max_ulp = report.worst.front().ulp;
  for (BinadeError& row : report.binades) row.max_ulp = std::min(row.max_ulp, report.max_ulp);
  for (const SpecialRun& run : special_[kernel]) {
    for (size_t output = 0; output < references_.size(); ++output) {
      const double got = LoadElement(dtype_, &run.got_bits[output]);
      const ExactResult exact = references_[output].Evaluate(PointOf(run.input_bits).data(), got);
      const Outcome outcome = Compare(run.input_bits, output, run.got_bits[output], exact, dtype_);
      report.special_values.push_back({run.name, outcome.error});
    }
  }
  return report;
}

}  // namespace actbench

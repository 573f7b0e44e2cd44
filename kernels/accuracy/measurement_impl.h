// SPDX-License-Identifier: Apache-2.0
// The inside of Measurement, for measurement.cc, which deals with pieces and reports, and measurement_block.cc, which
// measures a block of inputs.
#ifndef ACTBENCH_KERNELS_ACCURACY_MEASUREMENT_IMPL_H_
#define ACTBENCH_KERNELS_ACCURACY_MEASUREMENT_IMPL_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/accuracy/compare_lanes.h"
#include "kernels/accuracy/measurement.h"
#include "kernels/accuracy/reference.h"
#include "kernels/accuracy/tally.h"
#include "kernels/accuracy/workspace.h"

namespace actbench {

class MeasurementImpl final : public Measurement {
 public:
  MeasurementImpl(absl::Span<const Kernel* const> kernels, const ActivationInfo& activation,
                  std::vector<double> parameters, InputSpace space);

  // UNIMPLEMENTED if a kernel refuses the parameters.
  absl::Status Prepare(absl::Span<const Kernel* const> kernels);

  size_t piece_count() const override { return piece_count_.load(std::memory_order_acquire); }
  void RunPiece(size_t piece) override;
  uint64_t inputs_total() const override { return space_.size(); }
  uint64_t inputs_done() const override { return inputs_done_.load(std::memory_order_relaxed); }
  absl::Status status() const override;
  AccuracyReport Report(size_t kernel) const override;
  uint64_t differing() const override { return differing_.load(std::memory_order_relaxed); }
  std::vector<Difference> Differences() const override;

 private:
  using Point = std::array<double, 3>;
  // An output that only MPFR decides; that is done in a piece of its own.
  struct HardOutput {
    uint64_t index;
    uint64_t got_bits;
    uint64_t provisional_bits;  // what falls were counted with
    size_t kernel;
    size_t output;
  };
  // A hard output whose bits are not the provisional ones, and what the kernel gave at its neighbours, if it has those.
  struct Corrected {
    HardOutput hard;
    uint64_t bits;
    std::array<uint64_t, 2> got_bits_beside;
  };
  // The outputs of a kernel at a special value.
  struct SpecialRun {
    std::string name;
    std::array<uint64_t, 3> input_bits;
    std::array<uint64_t, 2> got_bits;
  };
  struct Which {
    size_t kernel;
    size_t output;
  };
  // The block of inputs that a workspace holds.
  struct Block {
    uint64_t start;
    size_t n;
  };

  std::unique_ptr<Workspace> Acquire();
  void Release(std::unique_ptr<Workspace> workspace);
  Workspace::Results& ResultsOf(Workspace& w, size_t kernel, size_t output) const {
    return w.results[kernel * references_.size() + output];
  }
  Point PointOf(const std::array<uint64_t, 3>& bits) const;

  // measurement.cc
  uint64_t ShuffledPiece(size_t piece) const;
  void RunInputs(uint64_t begin, uint64_t end);
  void RunHard(size_t first);
  // What a kernel gives before and after a hard output.
  absl::StatusOr<std::array<uint64_t, 2>> RunBeside(Workspace& w, const HardOutput& hard) const;
  // Whether input `index` follows another one of the space that it is compared with.
  bool HasNeighbour(uint64_t index) const { return index < space_.size() && space_.FollowsNeighbour(index); }
  // Makes the hard outputs of a piece known; the last of all pieces also those that fill no piece.
  void PublishHard(const std::vector<HardOutput>& found);
  void PublishWorst(Workspace& w);
  void AddDifference(const Difference& difference);
  uint64_t HashOf(const char* data, size_t n, uint64_t start, size_t output) const;
  // What the falls that were counted with provisional results have to be corrected by.
  int64_t FallsCorrection(size_t kernel) const;
  // Runs the kernels at the special values, each alone. Part of the first piece, so that the status knows of it.
  void RunSpecialValues(Workspace& w);

  // measurement_block.cc
  void RunBlock(Workspace& w, Block block, std::vector<HardOutput>& hard);
  // Runs a kernel on `n` elements, into guarded memory, of which `out` becomes the places. DATA_LOSS if it wrote
  // outside, or what its device says.
  absl::Status RunGuarded(Workspace& w, size_t kernel, const std::array<const void*, 3>& in, size_t n,
                          std::array<void*, 2>& out) const;
  // The same for one input: the bits of the outputs.
  absl::Status RunOne(Workspace& w, size_t kernel, const std::array<uint64_t, 3>& input,
                      std::array<uint64_t, 2>& outputs) const;
  // Ends the measurement.
  void Fail(const absl::Status& status, const std::string& where);
  // Runs kernels on the block; false if one failed.
  bool RunKernels(Workspace& w, Block block);
  // Of a block whose inputs are all NaN, where all results are: then there is no more to do.
  bool CompareNaNs(Workspace& w, Block block, size_t kernel, size_t output);
  void CompareExhaustive(Workspace& w, Block block, size_t output, std::vector<HardOutput>& hard);
  void CompareSampled(Workspace& w, Block block, size_t kernel, size_t output);
  // The line of each block in [begin, end), or the one line of all of them.
  void FindLines(Workspace& w, uint64_t begin, uint64_t end) const;
  // Stage 1 of the block, or its line, with an infinite error where neither serves.
  void EvaluateF64(Workspace& w, Block block, size_t output);
  // The inputs at these places of the block, and 1 up to a multiple of kReferenceStep.
  static std::array<std::vector<double>, 3> Gather(const Workspace& w, const std::vector<size_t>& places);
  // Stage 1 itself at these places, where the block follows a line, which is not good enough for a closer look.
  void LeaveLine(Workspace& w, size_t output, const std::vector<size_t>& places) const;
  // The bits of input i of the block.
  std::array<uint64_t, 3> InputBits(const Workspace& w, size_t i) const;
  // The result of input i of the block as the first stage knows it, if it does, and the error of `got`.
  std::optional<ExactResult> FirstStage(const Workspace& w, const Which& which, size_t i, double got) const;
  // Adds an output that a block comparison pointed out.
  void AddOutput(Workspace& w, const Which& which, size_t i, const ExactResult& exact) const;
  // Adds those that the first stage knows well enough. The others' places in the block.
  std::vector<size_t> FindOpen(Workspace& w, Block block, const Which& which) const;
  void LookCloser(Workspace& w, Block block, const Which& which, std::vector<HardOutput>& hard) const;
  // Whether these results of two kernels, at input i of the block, may be among the worst, by the first stage.
  bool MayBeAmongWorst(Workspace& w, size_t i, uint64_t place, const std::array<double, 2>& got) const;
  void FindDifferences(Workspace& w, Block block, size_t output);
  void LoadPrevious(Workspace& w, Block block);
  // A first-stage error above it may be among the worst, from this place on. An infinite one is always looked at.
  static double Threshold(const Workspace& w, size_t kernel, uint64_t place);
  // The places of an input's outputs, in order.
  uint64_t PlaceOf(uint64_t index, size_t output) const { return index * references_.size() + output; }

  const ActivationInfo& activation_;
  const Direction direction_;
  const Dtype dtype_;
  const size_t element_bytes_;
  const std::vector<double> parameters_;
  const InputSpace space_;
  std::vector<std::string> names_;  // of the kernels
  std::vector<PreparedKernel> kernels_;
  std::vector<Reference> references_;  // one for each output
  const CompareFunctions& compare_;
  const uint64_t piece_inputs_;
  const size_t input_pieces_;
  std::atomic<size_t> piece_count_;
  std::atomic<uint64_t> inputs_done_ = 0;
  std::atomic<uint64_t> differing_ = 0;
  std::atomic<bool> failed_ = false;

  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::unique_ptr<Workspace>> idle_;
  std::vector<HardOutput> hard_;
  std::vector<Corrected> corrected_;
  size_t input_pieces_done_ = 0;
  std::vector<WorstList> worst_;
  std::vector<LargestEstimates> estimates_;
  std::vector<std::vector<SpecialRun>> special_;  // by kernel
  LargestEstimates difference_estimates_;
  std::vector<Difference> differences_;
  absl::Status status_;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_MEASUREMENT_IMPL_H_

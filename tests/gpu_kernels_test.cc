// SPDX-License-Identifier: Apache-2.0
// The CUDA kernels on the GPUs of this machine. Without one each test is skipped, and says of how many kernels.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "kernels/cuda/cuda_device.h"
#include "kernels/cuda/launch.h"
#include "tests/same_bits.h"

namespace actbench {
namespace {

size_t KernelCount() {
  size_t count = 0;
  for (const cuda::LaunchTable& table : cuda::AllLaunchTables()) count += table.row_count;
  return count;
}

class GpuKernelsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (Catalog::Default().gpus().empty()) GTEST_SKIP() << "no GPU here: " << KernelCount() << " kernels were not run";
  }

  // Ours on a GPU.
  static std::vector<Kernel> OnGpu() {
    std::vector<Kernel> kernels;
    for (const Kernel& kernel : Catalog::Default().kernels()) {
      if (kernel.on_device != nullptr && kernel.provider == kOwnProvider) kernels.push_back(kernel);
    }
    return kernels;
  }
};

TEST_F(GpuKernelsTest, TheExactTierHasTheBitsOfTheCpus) {
  const int compared = CompareTier(OnGpu(), "exact", "scalar");
  EXPECT_GT(compared, 6 * 10);
  int64_t graph_launches = 0;
  for (const auto& gpu : Catalog::Default().gpus()) graph_launches += gpu->use().graph_launches;
  EXPECT_GE(graph_launches, 2 * compared) << "what is run again is not run by a graph";
}

TEST_F(GpuKernelsTest, TheFastTierHasTheBitsOfAvx512) {
  if (CompareTier(OnGpu(), "fast", "avx512") == 0)
    GTEST_SKIP() << "this machine, or this build, has no AVX-512 kernels";
}

// Buffers of a launch in the device's memory, between bytes that must stay as they are.
class DeviceBuffers {
 public:
  DeviceBuffers(cuda::Device& device, cuda::Stream stream, size_t bytes)
      : device_(device), stream_(stream), bytes_(bytes), host_(bytes, kUntouched) {
    absl::Status status = Take(device, device.Allocate(bytes), memory_);
    if (status.ok()) status = Take(device, device.AllocatePinned(bytes), pinned_);
    EXPECT_TRUE(status.ok()) << status;
  }

  char* device_at(size_t offset) { return static_cast<char*>(memory_.get()) + offset; }
  char* host_at(size_t offset) { return host_.data() + offset; }
  void ToDevice() {
    std::memcpy(pinned_.get(), host_.data(), bytes_);
    ASSERT_TRUE(device_.CopyToDevice(memory_.get(), pinned_.get(), bytes_, stream_).ok());
  }
  // What is there after everything that was asked before.
  std::vector<char> FromDevice() {
    EXPECT_TRUE(device_.CopyFromDevice(pinned_.get(), memory_.get(), bytes_, stream_).ok());
    const absl::Status status = device_.Wait(stream_);
    EXPECT_TRUE(status.ok()) << status;
    const auto* const bytes = static_cast<const char*>(pinned_.get());
    return {bytes, bytes + bytes_};
  }

  static constexpr char kUntouched = 0x5a;

 private:
  cuda::Device& device_;
  const cuda::Stream stream_;
  const size_t bytes_;
  std::vector<char> host_;
  cuda::OwnedMemory memory_;
  cuda::OwnedPinned pinned_;
};

struct Loop {
  std::string activation;
  Direction direction;
  Dtype dtype;
};
std::string NameOf(const Loop& loop) {
  return loop.activation + "_" + std::string(Name(loop.direction)) + "_" + std::string(Name(loop.dtype));
}
// In lists of tests.
void PrintTo(const Loop& loop, std::ostream* out) { *out << NameOf(loop); }

// One activation of each shape, as the loop is the same for all.
std::vector<Loop> AllLoops() {
  std::vector<Loop> loops;
  for (const char* activation : {"silu", "swiglu"}) {
    for (const Direction direction : {Direction::kForward, Direction::kGradient}) {
      for (const Dtype dtype : {Dtype::kF64, Dtype::kF32, Dtype::kF16, Dtype::kBF16}) {
        loops.push_back({activation, direction, dtype});
      }
    }
  }
  return loops;
}

class GpuLoopTest : public testing::TestWithParam<Loop> {
 protected:
  void SetUp() override {
    if (Catalog::Default().gpus().empty()) GTEST_SKIP() << "no GPU here";
    const GpuInfo& info = Catalog::Default().gpus()[0]->info();
    device_ = std::make_unique<cuda::CudaDevice>(info.ordinal, ProcessorsOf(info));
    stream_ = *device_->CreateStream();
    const auto& [activation, direction, dtype] = GetParam();
    row_ = cuda::FindRow(activation, direction, dtype, tier());
    if (row_ != nullptr && dtype == Dtype::kF64 && !HasFma(OnCpu().isa)) {
      GTEST_SKIP() << "f64 has the bits of the kernels with FMA, which " << OnCpu().isa << " has not";
    }
    if (row_ == nullptr) GTEST_SKIP() << "this build has no such kernel";
  }
  // For which the grid is made.
  virtual int ProcessorsOf(const GpuInfo& info) const { return info.processors; }
  void TearDown() override {
    if (stream_ != nullptr) device_->DestroyStream(stream_);
  }

  static bool HasFma(std::string_view isa) { return isa != "scalar" && isa != "sse4"; }
  static const Kernel& OnCpu() {
    const auto& [activation, direction, dtype] = GetParam();
    return **Catalog::Default().FindKernel(activation, direction, dtype, {.tier = tier(), .device = "cpu"});
  }
  // With the same bits on every processor that has FMA.
  static std::string tier() { return GetParam().dtype == Dtype::kF64 ? "fast" : "exact"; }
  size_t size() const { return SizeBytes(GetParam().dtype); }
  size_t buffer_count() const { return row_->input_count + row_->output_count; }

  // Runs `tensors`, of which buffer b of tensor t lies at `offset(t, b)` and the inputs are all x, and expects of each
  // element what the kernel makes of it alone.
  template <class Offset>
  void ExpectRight(const std::vector<size_t>& tensors, const Offset& offset, bool in_place) {
    // Of a buffer, with as much before and after it as it may be moved by.
    const size_t room = *std::max_element(tensors.begin(), tensors.end()) * size() / 1024 * 1024 + 2048;
    DeviceBuffers buffers(*device_, stream_, room * buffer_count() * tensors.size());
    std::vector<cuda::TensorBuffers> launched;
    const auto place = [&](size_t t, size_t b) { return room * (t * buffer_count() + b) + 256 + offset(t, b); };
    for (size_t t = 0; t < tensors.size(); ++t) {
      cuda::TensorBuffers& tensor = launched.emplace_back();
      tensor.elements = tensors[t];
      for (size_t b = 0; b < row_->input_count; ++b) {
        tensor.inputs[b] = buffers.device_at(place(t, b));
        for (size_t i = 0; i < tensors[t]; ++i) Store(i, buffers.host_at(place(t, b) + i * size()));
      }
      for (size_t b = 0; b < row_->output_count; ++b) {
        tensor.outputs[b] = buffers.device_at(OutputPlace(place, t, b, in_place));
      }
    }
    buffers.ToDevice();
    std::vector<char> expected = buffers.FromDevice();
    for (size_t t = 0; t < tensors.size(); ++t) {
      for (size_t b = 0; b < row_->output_count; ++b) {
        for (size_t i = 0; i < tensors[t]; ++i) {
          std::memcpy(expected.data() + OutputPlace(place, t, b, in_place) + i * size(), Alone(i, b).data(), size());
        }
      }
    }
    const cuda::Launch launch = {.tensors = launched.data(),
                                 .tensor_count = launched.size(),
                                 .parameters = parameters_.data(),
                                 .processor_count = 0,
                                 .stream_outputs = tensors.size() == 1,
                                 .stream = nullptr};
    ASSERT_TRUE(device_->Run(*row_, launch, stream_).ok());
    EXPECT_EQ(buffers.FromDevice(), expected);
  }

  template <class Place>
  size_t OutputPlace(const Place& place, size_t t, size_t b, bool in_place) const {
    return place(t, in_place ? b : row_->input_count + b);
  }
  void Store(size_t i, char* to) const { StoreElement(GetParam().dtype, 0.37 * static_cast<double>(i % 31) - 5, to); }
  // Output number `b` of element i, by the kernel of the CPU that has the same bits.
  const std::string& Alone(size_t i, size_t b) {
    std::string& bits = alone_[{i % 31, b}];
    if (!bits.empty()) return bits;
    std::string x(size(), '\0');
    Store(i, x.data());
    std::vector<std::string> outputs(row_->output_count, std::string(size(), '\0'));
    std::vector<const void*> in(row_->input_count, x.data());
    std::vector<void*> out;
    for (std::string& output : outputs) out.push_back(output.data());
    EXPECT_TRUE(PreparedKernel(OnCpu(), parameters_.data()).Run(in, absl::MakeSpan(out), 1).ok());
    return bits = outputs[b];
  }

  std::unique_ptr<cuda::CudaDevice> device_;
  cuda::Stream stream_ = nullptr;
  const cuda::LaunchRow* row_ = nullptr;
  const std::vector<double> parameters_ = {1, 1, 1, 1};  // none of them has any, or is asked for others
  std::map<std::pair<size_t, size_t>, std::string> alone_;
};

TEST_P(GpuLoopTest, EveryLengthAndPlaceIsRightAndNothingElseIsWritten) {
  for (const size_t elements : {0, 1, 2, 7, 8, 9, 31, 33, 255, 300}) {
    for (size_t shift = 0; shift <= 17; ++shift) {
      ExpectRight(
          {elements}, [&](size_t, size_t) { return shift; }, false);
      ExpectRight(
          {elements}, [&](size_t, size_t b) { return shift * (b + 1) % 16; }, false);
    }
    ExpectRight(
        {elements}, [](size_t, size_t) { return size_t{0}; }, true);
    ExpectRight(
        {elements}, [](size_t, size_t) { return size_t{3}; }, true);
  }
}

TEST_P(GpuLoopTest, ManyTensorsOfDifferentLengthsShareALaunch) {
  std::vector<size_t> tensors;
  for (size_t t = 0; t < cuda::kMaxTensors; ++t) tensors.push_back(t * 5);
  ExpectRight(
      tensors, [](size_t t, size_t b) { return (t + b) % 16; }, false);
}

// Blocks for one processor: each thread takes several vectors, as in large tensors on all.
class GpuLoopOfFewThreadsTest : public GpuLoopTest {
 protected:
  int ProcessorsOf(const GpuInfo&) const override { return 1; }
};

TEST_P(GpuLoopOfFewThreadsTest, EveryVectorOfAThreadIsRight) {
  for (const size_t elements : {70'000, 70'001}) {
    for (const bool in_place : {false, true}) {
      for (const size_t shift : {size_t{0}, size(), size_t{3}}) {  // by whole vectors, these too, element by element
        ExpectRight(
            {elements}, [&](size_t, size_t) { return shift; }, in_place);
      }
    }
    ExpectRight(
        {elements}, [&](size_t, size_t b) { return b * size() % 16; }, false);
  }
}

std::string NameOfParam(const testing::TestParamInfo<Loop>& loop) { return NameOf(loop.param); }
INSTANTIATE_TEST_SUITE_P(AllShapes, GpuLoopTest, testing::ValuesIn(AllLoops()), NameOfParam);
INSTANTIATE_TEST_SUITE_P(AllShapes, GpuLoopOfFewThreadsTest, testing::ValuesIn(AllLoops()), NameOfParam);

}  // namespace
}  // namespace actbench

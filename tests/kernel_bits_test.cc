// SPDX-License-Identifier: Apache-2.0
// Every kernel of ours on this machine gives an element the same bits wherever it lies, and touches only its elements.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <new>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/streaming.h"
#include "tests/guarded_buffer.h"
#include "tests/our_kernels.h"

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Those that take several elements at a time in f32 lanes, by paths of their own.
std::vector<const Kernel*> F32LaneKernels() {
  std::vector<const Kernel*> kernels = OurKernels();
  std::erase_if(kernels, [](const Kernel* kernel) {
    return kernel->dtype == Dtype::kF64 || kernel->isa == "scalar" || HasWideLanes(*kernel);
  });
  return kernels;
}

// While it lives kernels store past the caches whatever they can.
class AlwaysStreaming {
 public:
  AlwaysStreaming() { SetStreamingBytes(0); }
  ~AlwaysStreaming() { SetStreamingBytes(usual_); }
  AlwaysStreaming(const AlwaysStreaming&) = delete;
  AlwaysStreaming& operator=(const AlwaysStreaming&) = delete;

 private:
  const size_t usual_ = StreamingBytes();
};

// Which begins with a line of the caches.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};
  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) {}  // NOLINT(google-explicit-constructor): what containers want
  T* allocate(size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kAlignment)); }
  void deallocate(T* data, size_t) { ::operator delete(data, kAlignment); }
  bool operator==(const AlignedAllocator&) const = default;
};
using AlignedBuffer = std::vector<char, AlignedAllocator<char>>;

class KernelBitsTest : public KernelsTest {};
class F32LaneKernelsTest : public KernelsTest {};

// `length` elements from `start` on give the bits that they have in the whole, misaligned and in place of any inputs.
void ExpectSameBits(const TestedKernel& kernel, const Buffers& inputs, const Buffers& whole, size_t start,
                    size_t length, size_t misalignment) {
  constexpr size_t kGuard = 8;
  const size_t bytes = SizeBytes(kernel.dtype());
  const size_t count = length * bytes;
  const auto cut = [&](const std::vector<char>& buffer) {
    AlignedBuffer part(misalignment + count + kGuard, 'g');
    std::copy_n(buffer.begin() + start * bytes, count, part.begin() + misalignment);
    return part;
  };
  const size_t new_buffers = kernel.output_count();  // where no output is in place
  for (size_t shift = 0; shift <= kernel.input_count(); ++shift) {
    std::vector<AlignedBuffer> buffers;
    for (const std::vector<char>& input : inputs) buffers.push_back(cut(input));
    for (size_t k = 0; k < new_buffers; ++k) buffers.emplace_back(misalignment + count + kGuard, 'g');
    std::vector<const void*> in;
    for (size_t i = 0; i < inputs.size(); ++i) in.push_back(buffers[i].data() + misalignment);
    std::vector<void*> out;
    const auto place = [&](size_t k) {
      return shift < inputs.size() ? (k + shift) % inputs.size() : inputs.size() + k;
    };
    for (size_t k = 0; k < new_buffers; ++k) out.push_back(buffers[place(k)].data() + misalignment);
    kernel.RunInto(in, out, length);
    for (size_t k = 0; k < new_buffers; ++k) {
      ASSERT_EQ(buffers[place(k)], cut(whole[k]))
          << "output " << k << ", length " << length << ", start " << start << ", misalignment " << misalignment
          << ", in place of inputs from " << shift << " on";
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      const bool overwritten = std::find(out.begin(), out.end(), in[i]) != out.end();
      ASSERT_TRUE(overwritten || buffers[i] == cut(inputs[i])) << "changed input " << i;
    }
  }
}

// Inputs of a prime number of elements.
constexpr size_t kWhole = 199;
Buffers WholeInputs(const TestedKernel& kernel, const std::vector<Point>& samples) {
  std::vector<Point> points;
  for (size_t i = 0; i < kWhole; ++i) {
    Point point = samples[i * (samples.size() / kWhole)];
    if (kernel.gradient())
      point.push_back(Rounded(kernel.dtype(), std::ldexp(i % 2 == 0 ? 1.1 : -1.7, static_cast<int>(i % 7) - 3)));
    points.push_back(point);
  }
  return Pack(kernel.dtype(), points);
}

// The whole is the yardstick. At most 64 elements are taken at a time.
TEST_P(KernelBitsTest, GivesTheSameBitsWhereverAnElementLies) {
  constexpr size_t kMost = 3 * 64;
  const Buffers inputs = WholeInputs(kernel(), SamplePoints(100));
  const Buffers whole = kernel().Run(inputs);
  for (size_t length = 0; length <= kMost; length += length < 70 || length > kMost - 4 ? 1 : 7) {
    for (size_t start : {size_t{0}, size_t{1}, size_t{3}, kWhole - kMost}) {
      for (size_t misalignment : {0, 1, 5}) ExpectSameBits(kernel(), inputs, whole, start, length, misalignment);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(KernelBitsTest, GivesTheSameBitsPastTheCaches) {
  const Buffers inputs = WholeInputs(kernel(), SamplePoints(100));
  const Buffers whole = kernel().Run(inputs);
  const AlwaysStreaming streaming;
  for (size_t length : {0, 1, 15, 16, 63, 64, 65, 100, 191}) {
    for (size_t misalignment : {0, 1, 2, 4, 8, 16, 24, 48}) {
      ExpectSameBits(kernel(), inputs, whole, 3, length, misalignment);
      if (HasFatalFailure()) return;
    }
  }
}

// Whatever path a kernel takes for the elements that lie beside it, an element gets the same bits.
TEST_P(F32LaneKernelsTest, GiveTheSameBitsWhateverLiesBeside) {
  constexpr size_t kTogether = 64;
  constexpr size_t kMost = 1500;
  std::vector<Point> samples = SamplePoints(100);
  const size_t step = samples.size() / kMost + 1;  // of 16 bits there would be all
  for (size_t i = 0; i * step < samples.size(); ++i) samples[i] = samples[i * step];
  samples.resize((samples.size() + step - 1) / step);
  // Where exp becomes small, more closely.
  std::mt19937 random(7);
  for (const auto& [low, high] : {std::pair(-13.5, -7.0), std::pair(-89.0, -40.0)}) {
    std::uniform_real_distribution<double> between(low, high);
    for (int i = 0; i < 1000; ++i) samples.emplace_back(activation().inputs, Rounded(dtype(), between(random)));
  }
  std::vector<Point> points(samples.size() * kTogether);
  Buffers expected;
  for (double beside : {0.0, 100.0, -9.7, -13.5, -50.0, -88.0, -300.0, -kInfinity}) {
    std::fill(points.begin(), points.end(), Point(activation().inputs, Rounded(dtype(), beside)));
    for (size_t i = 0; i < samples.size(); ++i) points[i * kTogether + i % kTogether] = samples[i];
    const Buffers outputs = kernel().Run(Pack(dtype(), WithUpstream(kernel(), points, 1)));
    Buffers got(outputs.size());
    for (size_t k = 0; k < outputs.size(); ++k) {
      for (size_t i = 0; i < samples.size(); ++i) {
        const char* element = outputs[k].data() + (i * kTogether + i % kTogether) * bytes();
        got[k].insert(got[k].end(), element, element + bytes());
      }
    }
    if (expected.empty()) expected = got;
    EXPECT_EQ(got, expected) << "beside " << beside;
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, KernelBitsTest, testing::ValuesIn(OurKernels()), TestName);
INSTANTIATE_TEST_SUITE_P(Catalog, F32LaneKernelsTest, testing::ValuesIn(F32LaneKernels()), TestName);

// One prepared kernel, run by several threads at a time on parts of one tensor: the bits of a single run.
TEST(ThreadsTest, ManyThreadsGiveTheBitsOfOne) {
  const AlwaysStreaming streaming;  // whose stores other threads must see in time
  for (const Kernel* ours : OurKernels()) {
    const Kernel& kernel = *ours;
    const TestedKernel tested(kernel);
    std::vector<Point> points(4001, Point(tested.input_count()));
    for (size_t i = 0; i < points.size(); ++i) {
      for (size_t k = 0; k < points[i].size(); ++k) points[i][k] = static_cast<double>((i + 7 * k) % 4001) * 0.005 - 10;
    }
    const Buffers inputs = Pack(kernel.dtype, points);
    const Buffers whole = tested.Run(inputs);
    Buffers parts(whole.size(), std::vector<char>(whole[0].size()));
    const auto run = [&](size_t begin, size_t end) {
      std::vector<const void*> in;
      std::vector<void*> out;
      for (const std::vector<char>& input : inputs) in.push_back(input.data() + begin * SizeBytes(kernel.dtype));
      for (std::vector<char>& part : parts) out.push_back(part.data() + begin * SizeBytes(kernel.dtype));
      tested.RunInto(in, out, end - begin);
    };
    std::vector<std::thread> threads;
    const std::vector<size_t> bounds = {0, 1003, 2001, 2999, points.size()};
    for (size_t i = 0; i + 1 < bounds.size(); ++i) threads.emplace_back(run, bounds[i], bounds[i + 1]);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(parts, whole) << kernel.Name();
  }
}

// No kernel, a peer's neither, reads or writes before or after its buffers: they begin and end at pages that kill who
// does.
void ExpectTouchesOnlyItsElements() {
  const std::array<GuardedBuffer, 5> buffers;  // three inputs and two outputs
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    SCOPED_TRACE(kernel.Name());
    const TestedKernel tested(kernel);
    for (size_t n : {0, 1, 3, 7, 8, 9, 16, 17, 33, 65}) {
      for (bool at_end : {false, true}) {
        const size_t size = n * SizeBytes(kernel.dtype);
        const auto place = [&](size_t i) { return at_end ? buffers[i].back(size) : buffers[i].front(); };
        std::vector<const void*> in;
        std::vector<void*> out;
        for (size_t i = 0; i < tested.input_count(); ++i) in.push_back(place(i));
        for (size_t i = 0; i < tested.output_count(); ++i) out.push_back(place(3 + i));
        tested.RunInto(in, out, n);
      }
    }
  }
}
TEST(BoundsTest, KernelsTouchOnlyTheirElements) { ExpectTouchesOnlyItsElements(); }
TEST(BoundsTest, NorPastTheCaches) {
  const AlwaysStreaming streaming;
  ExpectTouchesOnlyItsElements();
}

}  // namespace
}  // namespace actbench

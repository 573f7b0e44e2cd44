// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/workspace.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <string>

namespace actbench {
namespace {

constexpr size_t kPattern = 256;  // bytes, on either side
constexpr char kPatternByte = 0x5a;

bool HasPattern(const char* begin) {
  static const std::string& pattern = *new std::string(kPattern, kPatternByte);
  return std::memcmp(begin, pattern.data(), kPattern) == 0;
}

}  // namespace

GuardedOutput::GuardedOutput(size_t size) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t inner = (size + 2 * kPattern + page - 1) / page * page;
  mapping_size_ = inner + 2 * page;
  void* mapping = mmap(nullptr, mapping_size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  mapping_ = static_cast<char*>(mapping);
  if (mprotect(mapping_ + page, inner, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  end_ = mapping_ + page + inner;
}

GuardedOutput::~GuardedOutput() { munmap(mapping_, mapping_size_); }

char* GuardedOutput::Prepare(size_t size) {
  char* data = end_ - kPattern - size;
  if (data != data_ || size != size_) {
    data_ = data;
    size_ = size;
    std::memset(data_ - kPattern, kPatternByte, kPattern);
    std::memset(data_ + size, kPatternByte, kPattern);
  }
  // NaN in every dtype: what a kernel leaves out does not pass for what it wrote before.
  std::memset(data_, 0xff, size);
  return data_;
}

bool GuardedOutput::IsIntact() const { return HasPattern(data_ - kPattern) && HasPattern(data_ + size_); }

Workspace::Workspace(Dtype dtype, size_t kernels, size_t outputs)
    : value(kCompareBlock),
      error(kCompareBlock),
      tallies(kernels, Tally(dtype)),
      worst(kernels, WorstList(dtype)),
      estimates(kernels) {
  const size_t bytes = kCompareBlock * SizeBytes(dtype);
  for (std::vector<char>& input : inputs) input.resize(bytes);
  for (std::vector<double>& wide : wide_inputs) wide.resize(kCompareBlock);
  for (size_t i = 0; i < kernels * outputs; ++i) {
    guarded.push_back(std::make_unique<GuardedOutput>(bytes));
    results.emplace_back(SizeBytes(dtype));
  }
}

}  // namespace actbench

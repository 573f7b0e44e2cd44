// SPDX-License-Identifier: Apache-2.0
// The number formats of tensors: names, sizes and exact scalar conversions. Depends on nothing, so that the client can
// use it too. Tested by dtype_test.cc.
#ifndef ACTBENCH_KERNELS_DTYPE_H_
#define ACTBENCH_KERNELS_DTYPE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace actbench {

enum class Dtype : uint8_t { kF64, kF32, kF16, kBF16 };

// Storage of the 16-bit formats: the bits, without arithmetic.
struct F16 {
  uint16_t bits;
};
struct BF16 {
  uint16_t bits;
};

// What describes a binary floating-point format.
struct DtypeInfo {
  std::string_view name;  // in the API, the command line and metrics
  size_t size_bytes;
  Dtype dtype;
  int precision;     // significand bits, the implicit one included
  int min_exponent;  // of the least normal number: 2^min_exponent
  int max_exponent;  // of the largest finite number's binade: below 2^(max_exponent + 1)
};

// All dtypes, in the order of the enum.
inline constexpr DtypeInfo kDtypes[] = {
    {"f64", 8, Dtype::kF64, 53, -1022, 1023},
    {"f32", 4, Dtype::kF32, 24, -126, 127},
    {"f16", 2, Dtype::kF16, 11, -14, 15},
    {"bf16", 2, Dtype::kBF16, 8, -126, 127},
};
constexpr std::span<const DtypeInfo> AllDtypes() { return kDtypes; }
constexpr const DtypeInfo& Info(Dtype dtype) { return kDtypes[static_cast<size_t>(dtype)]; }
inline std::string_view Name(Dtype dtype) { return Info(dtype).name; }
inline size_t SizeBytes(Dtype dtype) { return Info(dtype).size_bytes; }

// The dtype called `name` ("f32"), if there is one.
std::optional<Dtype> ParseDtype(std::string_view name);

// Every value of every dtype is a double.
double ToDouble(F16 value);
double ToDouble(BF16 value);

// Round to nearest, ties to even; overflow gives infinity, NaN a quiet NaN.
F16 ToF16(double value);
BF16 ToBF16(double value);

// The element at `data`, which need not be aligned, and back again with one rounding to nearest even.
double LoadElement(Dtype dtype, const void* data);
void StoreElement(Dtype dtype, double value, void* data);

// The bits of the element at `data`, in the low bits of the result.
uint64_t LoadBits(Dtype dtype, const void* data);

// Converts `n` elements, rounding to nearest even. The buffers need not be aligned and must not overlap.
void ConvertElements(Dtype from, const void* source, Dtype to, void* target, size_t n);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_DTYPE_H_

// SPDX-License-Identifier: Apache-2.0
// What people see of accuracy reports: a table that grows by a line with each kernel, and the tables below it. Tested
// by accuracy_table_test.cc.
#ifndef ACTBENCH_CLIENT_ACCURACY_TABLE_H_
#define ACTBENCH_CLIENT_ACCURACY_TABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "actbench/v1/accuracy.pb.h"
#include "client/format.h"
#include "kernels/dtype.h"

namespace actbench::client {

// Whether every input was measured, so that the maximum is one; else it is a lower bound. `mode` is a certificate's.
bool IsExhaustive(absl::string_view mode);
bool IsExhaustive(const v1::Certificate& certificate);

// The kernel's dtype; f64 where this client does not know it.
Dtype DtypeOf(const v1::Certificate& certificate);

// The largest error as UlpText has it, after ">=" where it is a lower bound. "inf" where a NaN or infinity is.
std::string MaxUlpText(double max_ulp, absl::string_view mode);
std::string MaxUlpText(const v1::Certificate& certificate);

// How long the measurement took: "12.34", below 0.1 s with two digits, "0.0012".
std::string SecondsText(const v1::Certificate& certificate);

// Which inputs were measured: "exhaustive", "sampled" or "given"; ", dy = 1" where that is all.
std::string ModeText(const v1::Certificate& certificate);

// The counts that are 0 of a sane kernel, such as "NaN 3, sign 1", or "-".
std::string WrongText(const v1::AccuracyReport& report);

// The inputs for people and their bits: "-13.04 0xc150a3d7", of a gradient also ", dy 0.5 0x3f000000".
std::string InputText(const v1::Certificate& certificate, const v1::InputError& error);

class AccuracyTable {
 public:
  // For these kernels, so that the columns fit.
  explicit AccuracyTable(absl::Span<const v1::Kernel> kernels);

  std::string Header() const;
  // `stored`: whether it was measured before, which is then said.
  std::string Line(const v1::Certificate& certificate, bool stored) const;

 private:
  std::vector<Column> columns_;
};

// Tables with the kernel's name above them.
std::string BinadesText(const v1::Certificate& certificate);
std::string SpecialValuesText(const v1::Certificate& certificate);
std::string WorstText(const v1::Certificate& certificate);
std::string ComparisonText(const v1::Comparison& comparison);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_ACCURACY_TABLE_H_

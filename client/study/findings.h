// SPDX-License-Identifier: Apache-2.0
// What the study finds out about a statement: numbers, figures and what follows from them. Tested by
// study_findings_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_FINDINGS_H_
#define ACTBENCH_CLIENT_STUDY_FINDINGS_H_

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/study/chart.h"

namespace actbench::client {

enum class Verdict {
  kConfirmed,  // as it was said
  kCorrected,  // true in part, or of something a little different, which the numbers say
  kRefuted,    // not so
  kDepends,    // so under some of the conditions that were measured and not under others
};
const char* VerdictName(Verdict verdict);

struct Measurement {
  std::string name;  // in snake_case, with dots before what it is of: "accuracy.relu.depth_4"
  double value;
  std::string unit;  // such as "ns"; empty for a plain number
};

// Numbers in the order in which they were added.
class Measurements {
 public:
  Measurements() = default;
  // Without units: of made-up numbers.
  Measurements(std::initializer_list<std::pair<const char*, double>> values);

  // REQUIRES: there is none of this name yet.
  void Add(std::string name, double value, std::string unit = "");
  // NaN, of which every comparison is false, if there is none.
  double operator[](absl::string_view name) const;
  bool Has(absl::string_view name) const;
  const std::vector<Measurement>& all() const { return all_; }

 private:
  const Measurement* Find(absl::string_view name) const;

  std::vector<Measurement> all_;
};

struct Conclusion {
  Verdict verdict;
  std::string because;  // the deciding numbers, in one line
  std::string text;     // the same for readers: a paragraph
};

struct Findings {
  Measurements measurements;
  std::vector<Figure> figures;
};

// Numbers in sentences: three significant digits, "0.0692", "4,294,967,296", and with few digits a power of two where
// it is one, "2^-24".
std::string NumberText(double value);
// "98.1 %"
std::string PercentText(double share);
// Of a difference of shares: "1.4 points".
std::string PointsText(double difference);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_FINDINGS_H_

// SPDX-License-Identifier: Apache-2.0
// Comparisons for people: the table of `actbench compare`, and the texts that all renderers share. Tested by
// comparison_table_test.cc.
#ifndef ACTBENCH_CLIENT_COMPARISON_TABLE_H_
#define ACTBENCH_CLIENT_COMPARISON_TABLE_H_

#include <string>
#include <vector>

#include "actbench/v1/benchmark.pb.h"
#include "client/comparison.h"

namespace actbench::client {

// The cells of a row, empty where there is nothing to show: "0.125", "0.131", "+4.8 % (+4.1 to +5.5)", "4.1 %",
// "SLOWER", "ulp 1.4885 -> 1.4885".
struct ComparisonCells {
  std::string base_ns;  // per element
  std::string head_ns;
  std::string ratio;
  std::string detectable;
  std::string speed;
  std::string accuracy;
};
ComparisonCells CellsOf(const ComparisonRow& row);

// What is compared with 1, in percent: "+4.8 % (+4.1 to +5.5)".
std::string RatioText(const v1::RatioEstimate& estimate);

// What all rows have beside their kernels, "n:65536/dist:normal/cache:hot"; empty if they differ in it, and then it is
// part of RowName.
std::string SharedConditions(const Comparison& comparison);
std::string RowName(const ComparisonRow& row, const std::string& shared_conditions);

// What is to be known of all rows, a sentence each: which conditions they share, what their controls were, and what
// makes their times hard to compare.
std::vector<std::string> NotesOf(const Comparison& comparison);

// The table, the reasons of what is ambiguous below it, and the notes.
std::string ComparisonTableText(const Comparison& comparison);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_COMPARISON_TABLE_H_

// SPDX-License-Identifier: Apache-2.0
// Some numbers in one. Tested by study_findings_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_AVERAGES_H_
#define ACTBENCH_CLIENT_STUDY_AVERAGES_H_

#include <string>
#include <vector>

#include "client/study/chart.h"
#include "client/study/findings.h"
#include "client/study/lab.h"

namespace actbench::client {

// REQUIRES, here and below: at least one. (The kernels have a Median too, which is not for clients.)
double Mean(const std::vector<double>& values);
double Median(std::vector<double> values);
double Least(const std::vector<double>& values);
double Greatest(const std::vector<double>& values);
// Half of the 95 % interval of the mean, by Student's distribution; 0 of one value, which tells nothing.
double Margin(const std::vector<double>& values);
// That of one of 21 intervals, of which all together are to hold 95 times of 100 (Bonferroni).
double MarginOf21(const std::vector<double>& values);

// By how much `a` is above `b`, seed by seed, as those of one seed begin with the same draws: the mean as NAME and its
// Margin as NAME_margin, both with `end` after them.
void AddDifference(const std::string& name, const std::string& end, const std::vector<double>& a,
                   const std::vector<double>& b, Measurements& measurements);

// Those of charts.
inline Axis LayerAxis() { return {.label = "layer, from the input", .whole = true}; }
inline Axis EpochAxis() { return {.label = "epoch", .whole = true}; }

// Of each network the accuracy on the images that are held out, in the end.
std::vector<double> FinalAccuracies(const Lab::Networks& networks);

// That accuracy by epoch: the mean and, if asked for, the range over the networks.
Series AccuracySeries(const std::string& activation, const Lab::Networks& networks, bool range);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_AVERAGES_H_

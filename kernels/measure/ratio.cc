// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/ratio.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <random>

#include "kernels/measure/statistics.h"

namespace actbench {
namespace {

std::vector<double> Logarithms(absl::Span<const double> ratios) {
  std::vector<double> logs;
  for (const double ratio : ratios) logs.push_back(std::log(ratio));
  return logs;
}

std::vector<size_t> Ascending(absl::Span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  return order;
}

// Twice the rank of each, from 2 on; equal ones share the mean of theirs, so that these are whole numbers.
std::vector<size_t> DoubledRanks(absl::Span<const double> values) {
  const std::vector<size_t> order = Ascending(values);
  std::vector<size_t> ranks(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = begin + end + 1;
    begin = end;
  }
  return ranks;
}

double SumOfSquares(absl::Span<const size_t> ranks) {
  double sum = 0;
  for (const size_t rank : ranks) sum += static_cast<double>(rank) * static_cast<double>(rank);
  return sum;
}

// Of numbers of ways (or parts of them) to get each sum: the part that lies at least as far out as `sum`, on its side,
// twice.
double TwoSided(absl::Span<const double> ways, size_t sum) {
  double below = 0;
  double above = 0;
  double all = 0;
  for (size_t i = 0; i < ways.size(); ++i) {
    all += ways[i];
    if (i <= sum) below += ways[i];
    if (i >= sum) above += ways[i];
  }
  return std::min(1.0, 2 * std::min(below, above) / all);
}

// The same of a sum that is normally distributed: whole numbers, as are sums of doubled ranks, of which every second
// one occurs.
double NormalTwoSided(double sum, double mean, double variance) {
  if (variance <= 0) return 1;
  const double beyond = std::max(0.0, std::abs(sum - mean) - 1);
  return std::erfc(beyond / std::sqrt(2 * variance));
}

// Of so many numbers all ways are counted; of more the sums are as good as normal.
constexpr size_t kMostCounted = 64;

}  // namespace

RatioEstimate EstimateRatio(absl::Span<const double> ratios) {
  const std::vector<double> logs = Logarithms(ratios);
  const Interval interval = MedianInterval(logs);
  return {std::exp(Median(logs)), std::exp(interval.low), std::exp(interval.high)};
}

RatioEstimate EstimateRatio(absl::Span<const double> base, absl::Span<const double> head) {
  constexpr int kDraws = 10000;
  std::mt19937_64 random(1);
  std::vector<double> sample;
  const auto draw_median = [&](absl::Span<const double> values) {
    sample.resize(values.size());
    for (double& value : sample) value = values[random() % values.size()];
    return Median(absl::MakeSpan(sample));
  };
  std::vector<double> drawn(kDraws);
  for (double& ratio : drawn) ratio = draw_median(head) / draw_median(base);
  std::sort(drawn.begin(), drawn.end());
  return {Median({head.begin(), head.end()}) / Median({base.begin(), base.end()}), Quantile(drawn, 0.025),
          Quantile(drawn, 0.975)};
}

double SignedRankPValue(absl::Span<const double> ratios) {
  std::vector<double> logs = Logarithms(ratios);
  logs.erase(std::remove(logs.begin(), logs.end(), 0.0), logs.end());
  std::vector<double> sizes;
  sizes.reserve(logs.size());
  for (const double value : logs) sizes.push_back(std::abs(value));
  const std::vector<size_t> ranks = DoubledRanks(sizes);
  size_t positive = 0;
  for (size_t i = 0; i < logs.size(); ++i) positive += logs[i] > 0 ? ranks[i] : 0;
  // If both sides are alike, each rank is on either with the same probability.
  const size_t total = std::accumulate(ranks.begin(), ranks.end(), size_t{0});
  if (ranks.size() > kMostCounted) {
    return NormalTwoSided(static_cast<double>(positive), static_cast<double>(total) / 2, SumOfSquares(ranks) / 4);
  }
  std::vector<double> ways(total + 1);
  ways[0] = 1;
  for (const size_t rank : ranks) {
    for (size_t sum = ways.size(); sum-- > 0;) ways[sum] = (ways[sum] + (sum >= rank ? ways[sum - rank] : 0)) / 2;
  }
  return TwoSided(ways, positive);
}

double RankSumPValue(absl::Span<const double> first, absl::Span<const double> second) {
  std::vector<double> all(first.begin(), first.end());
  all.insert(all.end(), second.begin(), second.end());
  const std::vector<size_t> ranks = DoubledRanks(all);
  const size_t total = std::accumulate(ranks.begin(), ranks.end(), size_t{0});
  const size_t found =
      std::accumulate(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(first.size()), size_t{0});
  if (all.size() > kMostCounted) {
    const auto n = static_cast<double>(all.size());
    const auto share = static_cast<double>(first.size()) / n;
    const double spread = SumOfSquares(ranks) / n - static_cast<double>(total) * static_cast<double>(total) / (n * n);
    return NormalTwoSided(static_cast<double>(found), share * static_cast<double>(total),
                          share * (1 - share) * n * n / (n - 1) * spread);
  }
  // ways[n][sum]: to choose n of the ranks, all choices alike likely.
  std::vector<std::vector<double>> ways(first.size() + 1, std::vector<double>(total + 1));
  ways[0][0] = 1;
  for (const size_t rank : ranks) {
    for (size_t n = first.size(); n > 0; --n) {
      for (size_t sum = total; sum >= rank; --sum) ways[n][sum] += ways[n - 1][sum - rank];
    }
  }
  return TwoSided(ways.back(), found);
}

double LeastSignedRankPValue(size_t count) { return std::min(1.0, std::exp2(1 - static_cast<double>(count))); }

double LeastRankSumPValue(size_t first, size_t second) {
  const auto log_factorial = [](size_t n) { return std::lgamma(static_cast<double>(n) + 1); };
  const double log_choices = log_factorial(first + second) - log_factorial(first) - log_factorial(second);
  return std::min(1.0, 2 * std::exp(-log_choices));
}

std::vector<double> AdjustForMany(absl::Span<const double> p_values) {
  const std::vector<size_t> order = Ascending(p_values);
  std::vector<double> adjusted(p_values.size());
  double least = 1;
  for (size_t i = order.size(); i-- > 0;) {
    const double scaled = p_values[order[i]] * static_cast<double>(order.size()) / static_cast<double>(i + 1);
    least = std::min(least, scaled);
    adjusted[order[i]] = least;
  }
  return adjusted;
}

}  // namespace actbench

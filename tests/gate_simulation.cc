// SPDX-License-Identifier: Apache-2.0
// How often the gate is wrong: simulated comparisons.
//   gate_simulation COUNT < CASES
// Of kernels, whose processes are drawn from those of real comparisons. For gate_study.py, which says what the numbers
// are.
// CASES: a JSON array of {"name": ..., "processes": [[head, control, injected], ...]}: the ratios of each process of an
// A/A comparison. Prints an array of {"name": ..., "alike": {...}, "slower": {...}} with how many of COUNT comparisons
// ended how: of the kernel with itself, and of the kernel with that which has the injected work.
//   gate_simulation COUNT apart
// Of runs of 400 cases in 8 processes each, of which one case is 20 % slower, and another 10 times; the times are drawn
// from distributions. Prints a line for each.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kernels/measure/verdict.h"

namespace actbench {
namespace {

using Json = nlohmann::json;

struct Process {
  double head;
  double control;
  double injected;
};

// One pass, as PairedJob makes it.
Verdict Pass(const std::vector<Process>& pool, bool slower, std::mt19937_64& random) {
  PairedRatios ratios;
  const auto draw = [&](int count) {
    for (int i = 0; i < count; ++i) {
      const Process& process = pool[random() % pool.size()];
      // What has the injected work may not be its own control: that is of another process.
      const Process& other = pool[random() % pool.size()];
      ratios.head.push_back(slower ? process.injected : process.head);
      ratios.control.push_back(process.control);
      ratios.injected.push_back(slower ? other.injected : process.injected);
    }
  };
  draw(kFirstProcesses);
  for (;;) {
    Judgement judgement = Estimate(ratios, kPairedThreshold);
    SetVerdicts(absl::MakeSpan(&judgement, 1));
    if (IsDecided(judgement.verdict) || ratios.head.size() >= size_t{kMostProcesses}) return judgement.verdict;
    draw(kMoreProcesses);
  }
}

using Counts = std::array<int, kVerdictNames.size() + 1>;  // the last: slower in the first pass, whatever came then
constexpr size_t kSlowerAtFirst = kVerdictNames.size();

void Simulate(const std::vector<Process>& pool, bool slower, int count, uint64_t seed, Counts& counts) {
  std::mt19937_64 random(seed);
  for (int i = 0; i < count; ++i) {
    Verdict verdict = Pass(pool, slower, random);
    if (verdict == Verdict::kSlower) {
      ++counts[kSlowerAtFirst];
      if (Pass(pool, slower, random) != Verdict::kSlower) verdict = Verdict::kAmbiguous;
    }
    ++counts[static_cast<size_t>(verdict)];
  }
}

Json ToJson(const std::array<Counts, 2>& parts) {
  Json json;
  for (size_t i = 0; i <= kSlowerAtFirst; ++i) {
    const std::string name(i == kSlowerAtFirst ? "slower_at_first" : kVerdictNames[i]);
    json[name] = parts[0][i] + parts[1][i];
  }
  return json;
}

// The logarithm of a process's time.
using Draw = std::function<double(std::mt19937_64&)>;

UnpairedTimes DrawTimes(const Draw& draw, double ratio, std::mt19937_64& random) {
  constexpr int kProcesses = 8;  // as few as a benchmark takes
  UnpairedTimes times;
  for (int i = 0; i < kProcesses; ++i) {
    times.base.push_back(std::exp(draw(random)));
    times.head.push_back(ratio * std::exp(draw(random)));
  }
  return times;
}

void SimulateApart(const std::string& name, const Draw& draw, int count) {
  constexpr int kCases = 400;
  constexpr double kThreshold = 0.1;
  constexpr double kSlow = 1.2;
  constexpr double kVerySlow = 10;
  std::mt19937_64 random(1);
  int slow = 0;
  int very_slow = 0;
  std::array<int, kVerdictNames.size()> alike = {};
  for (int i = 0; i < count; ++i) {
    std::vector<Judgement> judgements;
    for (int j = 0; j < kCases; ++j) {
      const double ratio = j == 0 ? kSlow : j == 1 ? kVerySlow : 1;
      judgements.push_back(Estimate(DrawTimes(draw, ratio, random), kThreshold));
    }
    SetVerdicts(absl::MakeSpan(judgements));
    slow += judgements[0].verdict == Verdict::kSlower ? 1 : 0;
    very_slow += judgements[1].verdict == Verdict::kSlower ? 1 : 0;
    for (int j = 2; j < kCases; ++j) ++alike[static_cast<size_t>(judgements[j].verdict)];
  }
  std::cout << name << ": of " << count << " comparisons slower by 20 %: " << slow << ", 10 times: " << very_slow
            << "; of " << count * (kCases - 2) << " cases alike";
  for (size_t i = 0; i < alike.size(); ++i) std::cout << (i > 0 ? ", " : ": ") << kVerdictNames[i] << " " << alike[i];
  std::cout << std::endl;
}

int SimulateApart(int count) {
  std::normal_distribution<double> normal(0, 0.02);
  std::student_t_distribution<double> heavy(2);
  std::bernoulli_distribution often(0.3);
  std::bernoulli_distribution seldom(0.1);
  SimulateApart("2 % spread, normal", normal, count);
  SimulateApart(
      "2 %, Student's with 2 degrees of freedom", [&](std::mt19937_64& random) { return 0.02 * heavy(random); }, count);
  SimulateApart(
      "0.5 %, but 3 of 10 processes 15 % slower",
      [&](std::mt19937_64& random) { return normal(random) / 4 + (often(random) ? std::log(1.15) : 0); }, count);
  SimulateApart(
      "2 %, but 1 of 10 processes 3 times slower",
      [&](std::mt19937_64& random) { return normal(random) + (seldom(random) ? std::log(3) : 0); }, count);
  return 0;
}

int Main(int count) {
  Json results = Json::array();
  for (const Json& one : Json::parse(std::cin)) {
    std::vector<Process> pool;
    for (const Json& process : one.at("processes")) pool.push_back({process.at(0), process.at(1), process.at(2)});
    Json result = {{"name", one.at("name")}};
    for (const bool slower : {false, true}) {
      std::array<Counts, 2> parts = {};
      std::thread other([&] { Simulate(pool, slower, count / 2, 1, parts[0]); });
      Simulate(pool, slower, count - count / 2, 2, parts[1]);
      other.join();
      result[slower ? "slower" : "alike"] = ToJson(parts);
    }
    results.push_back(std::move(result));
  }
  std::cout << results.dump() << "\n";
  return 0;
}

}  // namespace
}  // namespace actbench

int main(int argc, char** argv) {
  const bool apart = argc == 3 && std::string(argv[2]) == "apart";
  const int count = argc == 2 || apart ? std::atoi(argv[1]) : 0;
  if (count > 0) return apart ? actbench::SimulateApart(count) : actbench::Main(count);
  std::cerr << "usage: gate_simulation COUNT < CASES\n       gate_simulation COUNT apart\n";
  return 2;
}

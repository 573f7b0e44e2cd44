// SPDX-License-Identifier: Apache-2.0
// How often the gate is wrong: simulated comparisons, whose processes are drawn from those of real ones. Only for
// gate_study.py, which says what the numbers are.
//   gate_simulation COUNT < CASES
// CASES: a JSON array of {"name": ..., "processes": [[head, control, injected], ...]}: the ratios of each process of an
// A/A comparison. Prints an array of {"name": ..., "alike": {...}, "slower": {...}} with how many of COUNT comparisons
// ended how: of the kernel with itself, and of the kernel with that which has the injected work.
#include <array>
#include <cstdlib>
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
  const int count = argc == 2 ? std::atoi(argv[1]) : 0;
  if (count > 0) return actbench::Main(count);
  std::cerr << "usage: gate_simulation COUNT < CASES\n";
  return 2;
}

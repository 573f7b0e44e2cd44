// SPDX-License-Identifier: Apache-2.0
#include "server/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <system_error>

namespace actbench {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

double CpuSeconds() {
  timespec time;
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) return kUnknown;
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double OpenFds() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end; it.increment(error)) {
    ++count;
  }
  // One of them was the directory itself.
  return error || count < 1 ? kUnknown : count - 1;
}

double SoftLimit(__rlimit_resource_t resource) {
  rlimit limit;
  if (getrlimit(resource, &limit) != 0) return kUnknown;
  if (limit.rlim_cur == RLIM_INFINITY) return std::numeric_limits<double>::infinity();
  return static_cast<double>(limit.rlim_cur);
}

// The fields of /proc/self/stat that are wanted, as proc(5) describes them.
struct Stat {
  double threads = kUnknown;
  double start_ticks = kUnknown;  // since the machine was started
  double virtual_bytes = kUnknown;
  double resident_pages = kUnknown;
};

Stat ReadStat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  // Field 2 is the command's name in parentheses and may hold anything, parentheses too.
  const size_t end_of_name = line.rfind(')');
  if (end_of_name == std::string::npos) return {};
  std::istringstream fields(line.substr(end_of_name + 1));
  Stat stat;
  std::string field;
  for (int number = 3; fields >> field; ++number) {
    if (number == 20) stat.threads = std::strtod(field.c_str(), nullptr);
    if (number == 22) stat.start_ticks = std::strtod(field.c_str(), nullptr);
    if (number == 23) stat.virtual_bytes = std::strtod(field.c_str(), nullptr);
    if (number == 24) stat.resident_pages = std::strtod(field.c_str(), nullptr);
  }
  return stat;
}

// When the machine was started, in seconds since the Unix epoch.
double BootTime() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
  }
  return kUnknown;
}

}  // namespace

ProcessMetrics ReadProcessMetrics() {
  const Stat stat = ReadStat();
  return {.cpu_seconds = CpuSeconds(),
          .open_fds = OpenFds(),
          .max_fds = SoftLimit(RLIMIT_NOFILE),
          .virtual_memory_bytes = stat.virtual_bytes,
          .virtual_memory_max_bytes = SoftLimit(RLIMIT_AS),
          .resident_memory_bytes = stat.resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)),
          .start_time_seconds = BootTime() + stat.start_ticks / static_cast<double>(sysconf(_SC_CLK_TCK)),
          .threads = stat.threads};
}

}  // namespace actbench

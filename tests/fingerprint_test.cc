// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/fingerprint.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/fake_root.h"

namespace actbench {
namespace {

std::string Field(const std::vector<FingerprintField>& fingerprint, const std::string& name) {
  for (const FingerprintField& field : fingerprint) {
    if (field.name == name) return field.value;
  }
  return "no such field";
}

// A machine with one processor of two levels of cache.
void WriteMachine(const FakeRoot& root, const std::string& microcode) {
  root.Write("/proc/cpuinfo", "processor\t: 0\nmodel name\t: Example 9000\nmicrocode\t: " + microcode +
                                  "\nflags\t\t: fpu avx2 hypervisor\n\nprocessor\t: 1\nmodel name\t: Other\n");
  const std::string caches = "/sys/devices/system/cpu/cpu0/cache/index";
  root.Write(caches + "0/type", "Data\n");
  root.Write(caches + "0/level", "1\n");
  root.Write(caches + "0/size", "48K\n");
  root.Write(caches + "1/type", "Instruction\n");
  root.Write(caches + "1/level", "1\n");
  root.Write(caches + "1/size", "32K\n");
  root.Write(caches + "2/type", "Unified\n");
  root.Write(caches + "2/level", "2\n");
  root.Write(caches + "2/size", "2M\n");
  root.Write("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
}

TEST(FingerprintTest, SaysWhatTheMachineIs) {
  const FakeRoot root;
  WriteMachine(root, "0xa1");
  const std::vector<FingerprintField> fingerprint = ReadFingerprint(root.path());
  EXPECT_EQ(Field(fingerprint, "processor"), "Example 9000");
  EXPECT_EQ(Field(fingerprint, "microcode"), "0xa1");
  EXPECT_EQ(Field(fingerprint, "caches"), "l1 48 KiB, l2 2048 KiB");
  EXPECT_EQ(Field(fingerprint, "frequency governor"), "performance");
  EXPECT_EQ(Field(fingerprint, "simultaneous multithreading"), "unknown");
  EXPECT_EQ(Field(fingerprint, "hypervisor"), "yes");
  EXPECT_NE(Field(fingerprint, "compiler"), "");
}

TEST(FingerprintTest, OfAnEmptySystemEveryFieldIsThereStill) {
  const FakeRoot root;
  const FakeRoot machine;
  WriteMachine(machine, "0xa1");
  const std::vector<FingerprintField> fingerprint = ReadFingerprint(root.path());
  EXPECT_EQ(Field(fingerprint, "processor"), "unknown");
  EXPECT_EQ(Field(fingerprint, "caches"), "unknown");
  EXPECT_EQ(fingerprint.size(), ReadFingerprint(machine.path()).size());
}

TEST(FingerprintTest, TheHashIsOfEveryField) {
  const FakeRoot one;
  const FakeRoot other;
  WriteMachine(one, "0xa1");
  WriteMachine(other, "0xa2");
  EXPECT_EQ(HashOf(ReadFingerprint(one.path())), HashOf(ReadFingerprint(one.path())));
  EXPECT_NE(HashOf(ReadFingerprint(one.path())), HashOf(ReadFingerprint(other.path())));
  EXPECT_EQ(HashOf({}), "cbf29ce484222325");  // FNV-1a of nothing
  EXPECT_EQ(HashOf({{"a", "b"}}).size(), 16u);
}

}  // namespace
}  // namespace actbench

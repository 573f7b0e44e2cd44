// SPDX-License-Identifier: Apache-2.0
// The metrics actbench_accuracy_*.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "server/metrics.h"
#include "tests/metrics_text.h"

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Kernel MakeKernel(const std::string& activation, const std::string& tier = "fast") {
  return {activation, Direction::kForward, Dtype::kF32, "actbench", tier, "cpu", "avx2", {}};
}

// Names are sorted in the exposition.
std::string Series(const std::string& metric, const std::string& source, const std::string& kind = "",
                   const std::string& tier = "fast") {
  std::string labels = R"(activation="relu",device="cpu",direction="forward",dtype="f32",isa="avx2",)";
  if (!kind.empty()) labels += "kind=\"" + kind + "\",";
  labels += "provider=\"actbench\",";
  if (!source.empty()) labels += "source=\"" + source + "\",";
  return "actbench_accuracy_" + metric + "{" + labels + "tier=\"" + tier + "\"}";
}

AccuracyReport Report(uint64_t checked, double max_ulp, double sum_ulp) {
  AccuracyReport report;
  report.checked = checked;
  report.finite = checked;
  report.max_ulp = max_ulp;
  report.sum_ulp = sum_ulp;
  return report;
}

TEST(MetricsAccuracyTest, AKernelHasSeriesOnceItWasCheckedOfEachSourceThatDid) {
  Metrics metrics;
  EXPECT_EQ(metrics.Text().find("activation="), std::string::npos);
  metrics.AccuracyChecked(MakeKernel("relu"), AccuracySource::kSelfCheck, Report(4, 0.5, 1));
  const std::string text = metrics.Text();
  EXPECT_EQ(MetricValue(text, Series("checked_elements_total", "self_check")), 4);
  EXPECT_EQ(MetricValue(text, Series("mismatched_elements_total", "self_check")), 0);
  for (const char* kind : {"nan", "inf", "zero", "sign"}) {
    EXPECT_EQ(MetricValue(text, Series("special_value_mismatches_total", "self_check", kind)), 0);
  }
  EXPECT_EQ(text.find("source=\"live\""), std::string::npos);
  EXPECT_EQ(text.find("source=\"certificate\""), std::string::npos);
  // It has not served anything.
  EXPECT_EQ(text.find("actbench_kernel_elements_total{"), std::string::npos);
}

TEST(MetricsAccuracyTest, CountsAddUpAndTimesAreOfTheLastCheck) {
  Metrics metrics;
  AccuracyReport report = Report(100, kInfinity, 20);
  report.misrounded = 9;
  report.wrong_nan = 1;
  report.wrong_inf = 2;
  report.spurious_zero = 3;
  report.wrong_sign = 4;
  const absl::Time start = absl::Now();
  metrics.AccuracyChecked(MakeKernel("relu"), AccuracySource::kCertificate, report);
  metrics.AccuracyChecked(MakeKernel("relu"), AccuracySource::kCertificate, report);
  const std::string text = metrics.Text();
  EXPECT_EQ(MetricValue(text, Series("checked_elements_total", "certificate")), 200);
  EXPECT_EQ(MetricValue(text, Series("mismatched_elements_total", "certificate")), 18);
  EXPECT_EQ(MetricValue(text, Series("special_value_mismatches_total", "certificate", "nan")), 2);
  EXPECT_EQ(MetricValue(text, Series("special_value_mismatches_total", "certificate", "inf")), 4);
  EXPECT_EQ(MetricValue(text, Series("special_value_mismatches_total", "certificate", "zero")), 6);
  EXPECT_EQ(MetricValue(text, Series("special_value_mismatches_total", "certificate", "sign")), 8);
  EXPECT_EQ(MetricValue(text, Series("max_ulp", "certificate")), kInfinity);
  const double at = MetricValue(text, Series("last_check_timestamp_seconds", "certificate"));
  EXPECT_GE(at, absl::ToDoubleSeconds(start - absl::UnixEpoch()) - 1);
  EXPECT_LE(at, absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()) + 1);
}

TEST(MetricsAccuracyTest, MaximumAndMeanAreOfTheLastCertificateButOfAllSamples) {
  Metrics metrics;
  for (const AccuracySource source :
       {AccuracySource::kCertificate, AccuracySource::kSelfCheck, AccuracySource::kLive}) {
    metrics.AccuracyChecked(MakeKernel("relu"), source, Report(10, 1.5, 5));
    metrics.AccuracyChecked(MakeKernel("relu"), source, Report(30, 0.5, 3));
  }
  const std::string text = metrics.Text();
  EXPECT_EQ(MetricValue(text, Series("max_ulp", "certificate")), 0.5);
  EXPECT_EQ(MetricValue(text, Series("mean_ulp", "certificate")), 0.1);
  for (const char* source : {"self_check", "live"}) {
    EXPECT_EQ(MetricValue(text, Series("max_ulp", source)), 1.5);
    EXPECT_EQ(MetricValue(text, Series("mean_ulp", source)), 0.2);
  }
}

TEST(MetricsAccuracyTest, ACertificateOfBeforeTheStartSetsTheGaugesAlone) {
  Metrics metrics;
  metrics.AccuracyCertified(MakeKernel("relu"), 1.5, 0.25, absl::FromUnixSeconds(1000));
  std::string text = metrics.Text();
  EXPECT_EQ(MetricValue(text, Series("max_ulp", "certificate")), 1.5);
  EXPECT_EQ(MetricValue(text, Series("mean_ulp", "certificate")), 0.25);
  EXPECT_EQ(MetricValue(text, Series("last_check_timestamp_seconds", "certificate")), 1000);
  EXPECT_EQ(MetricValue(text, Series("ulp_limit", "")), 2);
  EXPECT_EQ(MetricValue(text, Series("checked_elements_total", "certificate")), 0);
  metrics.AccuracyChecked(MakeKernel("relu"), AccuracySource::kCertificate, Report(10, 0.5, 1));
  text = metrics.Text();
  EXPECT_EQ(MetricValue(text, Series("max_ulp", "certificate")), 0.5);
  EXPECT_EQ(MetricValue(text, Series("checked_elements_total", "certificate")), 10);
}

TEST(MetricsAccuracyTest, CertificatesHaveNoHistogram) {
  Metrics metrics;
  metrics.AccuracyChecked(MakeKernel("relu"), AccuracySource::kCertificate, Report(10, 1.5, 5));
  EXPECT_EQ(metrics.Text().find("actbench_accuracy_error_ulp_count{"), std::string::npos);
}

TEST(MetricsAccuracyTest, TheHistogramHasTheFiniteErrors) {
  Metrics metrics;
  metrics.AccuracyChecked(MakeKernel("relu"), AccuracySource::kLive, Report(5, kInfinity, 3.25),
                          {0.25, 0.5, 0.5000001, kInfinity, 2.0});
  const std::string text = metrics.Text();
  const auto bucket = [&](const std::string& le) {
    std::string series = Series("error_ulp_bucket", "live");
    series.pop_back();
    // "le" follows the others.
    return MetricValue(text, series + ",le=\"" + le + "\"}");
  };
  EXPECT_EQ(bucket("0.5"), 2);
  EXPECT_EQ(bucket("0.501"), 3);
  EXPECT_EQ(bucket("1.5"), 3);
  EXPECT_EQ(bucket("2"), 4);
  EXPECT_EQ(bucket("1024"), 4);
  EXPECT_EQ(bucket("+Inf"), 4);
  EXPECT_NEAR(MetricValue(text, Series("error_ulp_sum", "live")), 3.2500001, 1e-12);
}

// A fast gradient claims nothing where f' is subnormal.
TEST(MetricsAccuracyTest, LimitsAreWhatKernelsClaimOfAllInputs) {
  Metrics metrics;
  Kernel gradient = MakeKernel("relu");
  gradient.direction = Direction::kGradient;
  metrics.AccuracyChecked(gradient, AccuracySource::kLive, Report(1, 0, 0));
  EXPECT_NE(metrics.Text().find("actbench_accuracy_max_ulp{"), std::string::npos);
  EXPECT_EQ(metrics.Text().find("actbench_accuracy_ulp_limit{"), std::string::npos);
  for (const char* tier : {"fast", "exact", "native"}) {
    metrics.AccuracyChecked(MakeKernel("relu", tier), AccuracySource::kLive, Report(1, 0, 0));
  }
  const std::string text = metrics.Text();
  EXPECT_EQ(MetricValue(text, Series("ulp_limit", "", "", "fast")), 2);
  EXPECT_EQ(MetricValue(text, Series("ulp_limit", "", "", "exact")), 0.5000001);
  EXPECT_EQ(text.find(Series("ulp_limit", "", "", "native")), std::string::npos);
}

TEST(MetricsAccuracyTest, OnlySoManyKernelsHaveSeriesAndTheRestIsCounted) {
  Metrics metrics;
  for (int round = 0; round < 2; ++round) {
    for (size_t i = 0; i < Metrics::kMaxKernelSeries + 7; ++i) {
      metrics.AccuracyChecked(MakeKernel("f" + std::to_string(i)), AccuracySource::kLive, Report(1, 0, 0));
    }
  }
  size_t series = 0;
  const std::string text = metrics.Text();
  for (const std::string& line : Lines(text)) series += line.starts_with("actbench_accuracy_max_ulp{") ? 1 : 0;
  EXPECT_EQ(series, Metrics::kMaxKernelSeries);
  EXPECT_EQ(MetricValue(text, "actbench_metric_series_dropped_total"), 14);
}

TEST(MetricsAccuracyTest, NothingIsLostWhileThreadsReport) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&metrics] {
      for (int n = 0; n < 1000; ++n) {
        metrics.AccuracyChecked(MakeKernel("relu"), AccuracySource::kLive, Report(2, n / 1000.0, 1), {0.5, 0.5});
        metrics.AccuracySamplesDropped(3);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = metrics.Text();
  EXPECT_EQ(MetricValue(text, Series("checked_elements_total", "live")), 8000);
  EXPECT_EQ(MetricValue(text, Series("error_ulp_count", "live")), 8000);
  EXPECT_EQ(MetricValue(text, Series("max_ulp", "live")), 0.999);
  EXPECT_EQ(MetricValue(text, Series("mean_ulp", "live")), 0.5);
  EXPECT_EQ(MetricValue(text, "actbench_accuracy_samples_dropped_total"), 12000);
}

}  // namespace
}  // namespace actbench

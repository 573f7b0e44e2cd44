// SPDX-License-Identifier: Apache-2.0
#include "server/certificate_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/certificate_fixture.h"

namespace actbench {
namespace {

class CertificateStoreTest : public testing::Test {
 protected:
  const TemporaryDirectory directory_;
};

TEST_F(CertificateStoreTest, GivesBackTheWholeCertificateWithItsId) {
  CertificateStore store(directory_.path(), kBuild);
  EXPECT_EQ(store.warning(), "");
  EXPECT_EQ(store.build_id(), kBuild);
  v1::Certificate certificate = MakeCertificate(7);
  const auto id = store.Add(certificate);
  ASSERT_TRUE(id.ok()) << id.status();
  certificate.set_id(*id);
  const auto got = store.Get(*id);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->DebugString(), certificate.DebugString());
}

TEST_F(CertificateStoreTest, AnUnknownIdIsNotFound) {
  const CertificateStore store(directory_.path(), kBuild);
  for (const std::string& id : {std::string(), std::string("x' OR 1=1 --"), std::string(1000, 'a')}) {
    const auto got = store.Get(id);
    EXPECT_EQ(got.status().code(), absl::StatusCode::kNotFound) << got.status();
    EXPECT_LT(got.status().message().size(), 200u);
  }
}

TEST_F(CertificateStoreTest, TheSameCertificateIsStoredOnceWhateverItsId) {
  CertificateStore store(directory_.path(), kBuild);
  v1::Certificate certificate = MakeCertificate(7);
  const std::string id = *store.Add(certificate);
  certificate.set_id("elsewhere");
  certificate.set_stale(true);
  EXPECT_EQ(*store.Add(certificate), id);
  certificate.set_seconds(3);
  EXPECT_NE(*store.Add(certificate), id);
  EXPECT_EQ(Seconds(store).size(), 2u);
  // Ids depend on nothing but the content.
  const TemporaryDirectory another;
  EXPECT_EQ(*CertificateStore(another.path(), "ffff").Add(MakeCertificate(7)), id);
}

TEST_F(CertificateStoreTest, ThreadsMayUseOneStoreAtATime) {
  CertificateStore store(directory_.path(), kBuild);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&store, i] {
      for (int n = 0; n < 10; ++n) {
        const auto id = store.Add(MakeCertificate(100 * i + n));
        ASSERT_TRUE(id.ok()) << id.status();
        EXPECT_TRUE(store.Get(*id).ok());
        EXPECT_TRUE(store.List({}, 3, "").ok());
        EXPECT_EQ(store.warning(), "");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Seconds(store).size(), 40u);
}

// Again and again, killed at another moment each time.
TEST_F(CertificateStoreTest, MemoryIsBounded) {
  CertificateStore store("", kBuild);
  v1::Certificate certificate = MakeCertificate(0);
  certificate.mutable_report()->mutable_worst(0)->set_got_bits(std::string(1'000'000, 'x'));
  absl::Status status;
  int stored = 0;
  for (; status.ok() && stored < 1000; ++stored) {
    certificate.set_seconds(stored);
    status = store.Add(certificate).status();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_GT(stored, 50);
  EXPECT_LT(stored, 70);
  certificate.mutable_report()->mutable_worst(0)->set_got_bits(std::string(CertificateStore::kMaxBytes, 'x'));
  status = store.Add(certificate).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(status.message().find("1048576"), std::string::npos) << status;
}

TEST_F(CertificateStoreTest, PagesHoldEveryCertificateOnceTheNewestFirst) {
  CertificateStore store(directory_.path(), kBuild);
  // Several at one time, and stored in no order.
  std::vector<int64_t> expected;
  for (int i = 0; i < 25; ++i) {
    v1::Certificate certificate = MakeCertificate(i * 7 % 25 / 2);
    certificate.set_seconds(i);
    ASSERT_TRUE(store.Add(certificate).ok());
    expected.push_back(i / 2);
  }
  std::sort(expected.begin(), expected.end(), std::greater<>());
  for (const int page_size : {1, 2, 7, 24, 25, 26}) {
    std::vector<int64_t> seconds;
    std::set<std::string> ids;
    std::string token;
    do {
      const auto page = store.List({}, page_size, token);
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_GT(page->certificates_size(), 0);
      EXPECT_LE(page->certificates_size(), page_size);
      for (const v1::Certificate& certificate : page->certificates()) {
        ids.insert(certificate.id());
        seconds.push_back(certificate.time().seconds());
        EXPECT_EQ(certificate.report().max_ulp(), 1.5);
        EXPECT_EQ(certificate.report().worst_size() + certificate.report().binades_size(), 0);
        EXPECT_EQ(certificate.report().special_values_size(), 0);
      }
      token = page->next_page_token();
    } while (!token.empty());
    EXPECT_EQ(seconds, expected);
    EXPECT_EQ(ids.size(), expected.size());
  }
}

TEST_F(CertificateStoreTest, WhatIsAddedMeanwhileDisturbsNoPage) {
  CertificateStore store("", kBuild);
  for (int i = 1; i <= 4; ++i) ASSERT_TRUE(store.Add(MakeCertificate(i)).ok());
  const auto first = store.List({}, 2, "");
  EXPECT_EQ(Seconds(*first), std::vector<int64_t>({4, 3}));
  ASSERT_TRUE(store.Add(MakeCertificate(9)).ok());
  const auto second = store.List({}, 2, first->next_page_token());
  EXPECT_EQ(Seconds(*second), std::vector<int64_t>({2, 1}));
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_F(CertificateStoreTest, PagesHaveADefaultSizeAndALargest) {
  CertificateStore store("", kBuild);
  for (int i = 0; i < 1005; ++i) ASSERT_TRUE(store.Add(MakeCertificate(i)).ok());
  EXPECT_EQ(store.List({}, 0, "")->certificates_size(), 100);
  EXPECT_EQ(store.List({}, 5000, "")->certificates_size(), 1000);
  EXPECT_EQ(store.List({}, -1, "").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CertificateStoreTest, APageTokenThatIsNoneIsInvalid) {
  CertificateStore store("", kBuild);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(store.Add(MakeCertificate(i)).ok());
  const std::string token = store.List({}, 1, "")->next_page_token();
  ASSERT_EQ(Seconds(*store.List({}, 1, token)), std::vector<int64_t>({1}));
  std::string changed = token;
  changed[20] = changed[20] == '0' ? '1' : '0';
  for (const std::string& bad : {std::string("x"), token + "0", token.substr(1), changed, std::string(48, '0'),
                                 std::string(48, '\''), std::string(100'000, 'f')}) {
    const auto page = store.List({}, 1, bad);
    EXPECT_EQ(page.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(page.status().message().find("page_token"), std::string::npos);
    EXPECT_LT(page.status().message().size(), 500u);
  }
  // Of another list.
  EXPECT_EQ(store.List({.activation = "relu"}, 1, token).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CertificateStoreTest, FiltersLeaveTheOthersOut) {
  CertificateStore store(directory_.path(), kBuild);
  ASSERT_TRUE(store.Add(MakeCertificate(1, "sigmoid", "avx2")).ok());
  ASSERT_TRUE(store.Add(MakeCertificate(2, "sigmoid", "avx512")).ok());
  ASSERT_TRUE(store.Add(MakeCertificate(3, "relu", "avx2")).ok());
  v1::Certificate other = MakeCertificate(4, "relu", "sm_90");
  other.mutable_kernel()->set_direction(v1::DIRECTION_GRADIENT);
  other.mutable_kernel()->set_dtype(v1::DTYPE_BF16);
  other.mutable_kernel()->set_provider("onednn");
  other.mutable_kernel()->set_tier("native");
  other.mutable_kernel()->set_device("cuda:0");
  ASSERT_TRUE(store.Add(other).ok());
  using List = std::vector<int64_t>;
  EXPECT_EQ(Seconds(store), List({4, 3, 2, 1}));
  EXPECT_EQ(Seconds(store, {.activation = "sigmoid"}), List({2, 1}));
  EXPECT_EQ(Seconds(store, {.activation = "sig"}), List());
  EXPECT_EQ(Seconds(store, {.direction = v1::DIRECTION_GRADIENT}), List({4}));
  EXPECT_EQ(Seconds(store, {.dtype = v1::DTYPE_F32}), List({3, 2, 1}));
  CertificateStore::Filter filter;
  filter.selector.set_isa("avx2");
  EXPECT_EQ(Seconds(store, filter), List({3, 1}));
  filter.activation = "relu";
  EXPECT_EQ(Seconds(store, filter), List({3}));
  const auto with = [](std::string* (v1::KernelSelector::*field)(), const char* value) {
    CertificateStore::Filter one;
    *(one.selector.*field)() = value;
    return one;
  };
  EXPECT_EQ(Seconds(store, with(&v1::KernelSelector::mutable_provider, "onednn")), List({4}));
  EXPECT_EQ(Seconds(store, with(&v1::KernelSelector::mutable_tier, "fast")), List({3, 2, 1}));
  EXPECT_EQ(Seconds(store, with(&v1::KernelSelector::mutable_device, "cuda:0")), List({4}));
}

TEST_F(CertificateStoreTest, IsStaleWhereTheBuildIsAnother) {
  CertificateStore store(directory_.path(), kBuild);
  v1::Certificate certificate = MakeCertificate(1);
  const std::string fresh = *store.Add(certificate);
  certificate.set_build_id("fedcba9876543210");
  const std::string stale = *store.Add(certificate);
  EXPECT_FALSE(store.Get(fresh)->stale());
  EXPECT_TRUE(store.Get(stale)->stale());
  EXPECT_EQ(store.List({}, 0, "")->certificates(0).stale(), store.List({}, 0, "")->certificates(0).id() == stale);
  // For a program with the other kernels it is the other way round.
  const CertificateStore later(directory_.path(), "fedcba9876543210");
  EXPECT_TRUE(later.Get(fresh)->stale());
  EXPECT_FALSE(later.Get(stale)->stale());
}

TEST_F(CertificateStoreTest, FindsTheNewestOfThisVeryMeasurement) {
  CertificateStore store(directory_.path(), kBuild);
  const v1::Certificate wanted = MakeCertificate(5);
  const auto find = [&] { return *store.Find(wanted.kernel(), wanted.parameters(), wanted.mode()); };
  EXPECT_FALSE(find().has_value());
  // Newer, but each differs in one thing.
  std::vector<v1::Certificate> others(6, MakeCertificate(9));
  others[0].mutable_kernel()->set_name("sigmoid/forward/f32/actbench/fast/avx512");
  others[1].mutable_kernel()->set_device("cuda:0");
  (*others[2].mutable_parameters())["beta"] = 0.1 + 0x1p-56;
  others[3].mutable_parameters()->erase("alpha");
  others[4].set_mode("sampled");
  others[5].set_build_id("fedcba9876543210");
  for (const v1::Certificate& other : others) ASSERT_TRUE(store.Add(other).ok());
  EXPECT_FALSE(find().has_value());
  ASSERT_TRUE(store.Add(MakeCertificate(4)).ok());
  const std::string id = *store.Add(wanted);
  ASSERT_TRUE(store.Add(MakeCertificate(3)).ok());
  ASSERT_TRUE(find().has_value());
  EXPECT_EQ(find()->id(), id);
  EXPECT_EQ(find()->report().worst_size(), 1);
  EXPECT_FALSE(find()->stale());
}

TEST_F(CertificateStoreTest, TakesATimeThatIsNone) {
  CertificateStore store("", kBuild);
  for (const int64_t seconds : {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
    v1::Certificate certificate = MakeCertificate(0);
    certificate.mutable_time()->set_seconds(seconds);
    certificate.mutable_time()->set_nanos(-5);
    ASSERT_TRUE(store.Add(certificate).ok());
  }
  EXPECT_EQ(Seconds(store).front(), std::numeric_limits<int64_t>::max());
}
}  // namespace
}  // namespace actbench

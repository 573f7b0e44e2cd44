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
  EXPECT_EQ(store.build_id("actbench"), kBuild);
  v1::Certificate certificate = MakeCertificate(7);
  certificate.set_id(Add(store, certificate));
  const auto got = store.Get(certificate.id());
  ASSERT_TRUE(got.ok()) << got.status();
  certificate.mutable_claim()->set_max_ulp(2);
  certificate.mutable_claim()->set_kept(true);
  EXPECT_EQ(got->DebugString(), certificate.DebugString());
}

TEST_F(CertificateStoreTest, AnUnknownIdIsNotFound) {
  CertificateStore store(directory_.path(), kBuild);
  for (const std::string& id : {std::string("x' OR 1=1 --"), std::string(1000, 'a')}) {
    const auto got = store.Get(id);
    EXPECT_EQ(got.status().code(), absl::StatusCode::kNotFound) << got.status();
    EXPECT_LT(got.status().message().size(), 200u);
    EXPECT_EQ(store.Delete(id).status(), got.status());
  }
}

TEST_F(CertificateStoreTest, TheSameCertificateIsStoredOnceWhateverItsId) {
  CertificateStore store(directory_.path(), kBuild);
  v1::Certificate certificate = MakeCertificate(7);
  const std::string id = Add(store, certificate);
  certificate.set_id("elsewhere");
  certificate.set_stale(true);
  EXPECT_EQ(Add(store, certificate), id);
  certificate.set_seconds(3);
  EXPECT_NE(Add(store, certificate), id);
  EXPECT_EQ(Seconds(store).size(), 2u);
  // Ids depend on nothing but the content.
  const TemporaryDirectory another;
  CertificateStore elsewhere(another.path(), "ffff");
  EXPECT_EQ(Add(elsewhere, MakeCertificate(7)), id);
}

TEST_F(CertificateStoreTest, ThreadsMayUseOneStoreAtATime) {
  CertificateStore store(directory_.path(), kBuild);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&store, i] {
      for (int n = 0; n < 10; ++n) {
        EXPECT_TRUE(store.Get(Add(store, MakeUnlike(100 * i + n))).ok());
        EXPECT_TRUE(store.List({}, 3, "").ok());
        EXPECT_EQ(store.warning(), "");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Seconds(store).size(), 40u);
}

TEST_F(CertificateStoreTest, MemoryIsBounded) {
  CertificateStore store("", kBuild);
  v1::Certificate certificate = MakeCertificate(0);
  certificate.mutable_report()->mutable_worst(0)->set_got_bits(std::string(1'000'000, 'x'));
  absl::Status status;
  int stored = 0;
  for (; status.ok() && stored < 1000; ++stored) {
    (*certificate.mutable_parameters())["beta"] = stored;
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
    (*certificate.mutable_parameters())["alpha"] = i;
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
  for (int i = 0; i < 1005; ++i) ASSERT_TRUE(store.Add(MakeUnlike(i)).ok());
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
  const std::string fresh = Add(store, certificate);
  certificate.set_build_id("fedcba9876543210");
  const std::string stale = Add(store, certificate);
  EXPECT_FALSE(store.Get(fresh)->stale());
  EXPECT_TRUE(store.Get(stale)->stale());
  EXPECT_EQ(store.List({}, 0, "")->certificates(0).stale(), store.List({}, 0, "")->certificates(0).id() == stale);
  // For a program with the other kernels it is the other way round.
  const CertificateStore later(directory_.path(), "fedcba9876543210");
  EXPECT_TRUE(later.Get(fresh)->stale());
  EXPECT_FALSE(later.Get(stale)->stale());
}

// ---- Current ones ----

TEST_F(CertificateStoreTest, ListsOfCurrentOnesHaveThisVeryMeasurementAlone) {
  CertificateStore store(directory_.path(), kBuild);
  const v1::Certificate wanted = MakeCertificate(5);
  const CertificateStore::Filter filter = {.current_only = true, .parameters = wanted.parameters()};
  // Newer, but each differs in one thing.
  std::vector<v1::Certificate> others(5, MakeCertificate(9));
  (*others[0].mutable_parameters())["beta"] = 0.1 + 0x1p-56;
  others[1].mutable_parameters()->erase("alpha");
  others[2].set_mode("sampled");
  others[3].set_build_id("fedcba9876543210");
  others[4].set_mode("exhaustive_unit_upstream");
  others[4].mutable_kernel()->set_dtype(v1::DTYPE_F16);
  for (const v1::Certificate& other : others) ASSERT_TRUE(store.Add(other).ok());
  ASSERT_TRUE(store.Add(MakeCertificate(9), /*imported=*/true).ok());
  EXPECT_EQ(Seconds(store, filter), std::vector<int64_t>());
  ASSERT_TRUE(store.Add(MakeCertificate(4)).ok());
  ASSERT_TRUE(store.Add(wanted).ok());
  // In 32 bits that is all.
  others[4].mutable_kernel()->set_dtype(v1::DTYPE_F32);
  others[4].mutable_time()->set_seconds(3);
  ASSERT_TRUE(store.Add(others[4]).ok());
  EXPECT_EQ(Seconds(store, filter), std::vector<int64_t>({5, 4, 3}));
  // And in 16 bits where that was asked for.
  const CertificateStore::Filter unit = {
      .current_only = true, .unit_upstream = true, .parameters = wanted.parameters()};
  EXPECT_EQ(Seconds(store, unit), std::vector<int64_t>({9, 5, 4, 3}));
  EXPECT_EQ(Seconds(store, {.current_only = true}).size(), 5u);
}

TEST_F(CertificateStoreTest, FindsTheNewestCurrentOneOfEachKernelAndParameters) {
  CertificateStore store(directory_.path(), kBuild);
  for (const int second : {3, 5, 4}) {
    ASSERT_TRUE(store.Add(MakeCertificate(second)).ok());
    ASSERT_TRUE(store.Add(MakeCertificate(10 * second, "relu")).ok());
  }
  ASSERT_TRUE(store.Add(MakeUnlike(7)).ok());
  ASSERT_TRUE(store.Add(MakeCertificate(60, "relu"), /*imported=*/true).ok());
  v1::Certificate stale = MakeCertificate(70, "relu");
  stale.set_build_id("fedcba9876543210");
  ASSERT_TRUE(store.Add(stale).ok());
  std::vector<int64_t> seconds;
  const auto ids = store.NewestCurrent();
  ASSERT_TRUE(ids.ok()) << ids.status();
  for (const std::string& id : *ids) seconds.push_back(store.Get(id)->time().seconds());
  EXPECT_EQ(seconds, std::vector<int64_t>({50, 7, 5}));
}

// ---- Imported ones ----

TEST_F(CertificateStoreTest, AnImportedOneIsMarkedUnlessItWasMeasuredHere) {
  CertificateStore store(directory_.path(), kBuild);
  v1::Certificate measured = MakeCertificate(1);
  measured.set_imported(true);  // what it says of itself does not matter
  const std::string id = Add(store, measured);
  EXPECT_FALSE(store.Get(id)->imported());
  EXPECT_EQ(Add(store, *store.Get(id), /*imported=*/true), id);
  EXPECT_FALSE(store.Get(id)->imported());

  const std::string imported = Add(store, MakeCertificate(2), /*imported=*/true);
  EXPECT_TRUE(store.Get(imported)->imported());
  EXPECT_TRUE(store.List({}, 0, "")->certificates(0).imported());
  EXPECT_EQ(Add(store, *store.Get(imported)), imported);
  EXPECT_FALSE(store.Get(imported)->imported());
  EXPECT_EQ(Seconds(store), std::vector<int64_t>({2, 1}));
}

// ---- Ids, deletion, retention ----

TEST_F(CertificateStoreTest, TheBeginningOfAnIdStandsForItWhereThereIsNoOther) {
  CertificateStore store(directory_.path(), kBuild);
  const std::string id = Add(store, MakeCertificate(1));
  EXPECT_EQ(store.Get(id.substr(0, 4))->id(), id);
  const auto is_too_short = store.Get(id.substr(0, 3));
  EXPECT_EQ(is_too_short.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(is_too_short.status().message().find("at least 4"), std::string::npos) << is_too_short.status();
  EXPECT_EQ(store.Get("").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CertificateStoreTest, WhatBeginsSeveralIdsIsInvalid) {
  {
    CertificateStore store(directory_.path(), kBuild);
    ASSERT_TRUE(store.Add(MakeCertificate(1)).ok());
    ASSERT_TRUE(store.Add(MakeCertificate(2)).ok());
  }
  // Ids come from contents: two that begin alike are rare.
  ASSERT_TRUE((*StateDb::Open(directory_.path()))
                  ->Execute("UPDATE certificates SET id = 'abcd00000000000' || (time_us / 1000000)")
                  .ok());
  CertificateStore store(directory_.path(), kBuild);
  const auto several = store.Get("abcd");
  EXPECT_EQ(several.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(several.status().message().find("2 certificates"), std::string::npos) << several.status();
  EXPECT_EQ(store.Delete("abcd").status(), several.status());
  EXPECT_EQ(store.Get("abcd000000000002")->time().seconds(), 2);
}

TEST_F(CertificateStoreTest, WhatIsDeletedIsGone) {
  for (const std::string& directory : {directory_.path(), std::string()}) {
    CertificateStore store(directory, kBuild);
    const std::string id = Add(store, MakeCertificate(1));
    ASSERT_TRUE(store.Add(MakeCertificate(2)).ok());
    EXPECT_EQ(*store.Delete(id.substr(0, 8)), id);
    EXPECT_EQ(store.Get(id).status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(store.Delete(id).status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(Seconds(store), std::vector<int64_t>({2}));
  }
  EXPECT_EQ(Seconds(CertificateStore(directory_.path(), kBuild)), std::vector<int64_t>({2}));
}

TEST_F(CertificateStoreTest, OfOneMeasurementTheNewestTwentyAreKept) {
  for (const std::string& directory : {directory_.path(), std::string()}) {
    CertificateStore store(directory, kBuild);
    ASSERT_TRUE(store.Add(MakeCertificate(1, "relu")).ok());
    ASSERT_TRUE(store.Add(MakeCertificate(2), /*imported=*/true).ok());
    for (int i = 10; i < 35; ++i) ASSERT_TRUE(store.Add(MakeCertificate(i)).ok());
    std::vector<int64_t> expected = {2, 1};
    for (int i = 15; i < 35; ++i) expected.insert(expected.begin(), i);
    EXPECT_EQ(Seconds(store), expected);
    // What was just stored is there, old as it may be.
    const std::string old = Add(store, MakeCertificate(3));
    EXPECT_TRUE(store.Get(old).ok());
    ASSERT_TRUE(store.Add(MakeCertificate(40)).ok());
    EXPECT_FALSE(store.Get(old).ok());
  }
}

TEST_F(CertificateStoreTest, OfStaleOnesTheNewestAreKept) {
  CertificateStore store("", kBuild);
  ASSERT_TRUE(store.Add(MakeUnlike(0)).ok());
  for (int i = 1; i <= CertificateStore::kKeptStale + 5; ++i) {
    v1::Certificate stale = MakeUnlike(i);
    stale.set_build_id("fedcba9876543210");
    ASSERT_TRUE(store.Add(stale).ok());
  }
  std::vector<int64_t> seconds;
  for (std::string token; seconds.empty() || !token.empty();) {
    const auto page = store.List({}, 1000, token);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const int64_t second : Seconds(*page)) seconds.push_back(second);
    token = page->next_page_token();
  }
  ASSERT_EQ(seconds.size(), size_t{CertificateStore::kKeptStale} + 1);
  EXPECT_EQ(seconds[seconds.size() - 2], 6);
  EXPECT_EQ(seconds.back(), 0);
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

TEST_F(CertificateStoreTest, ADamagedOneDoesNotCostTheOthersTheirs) {
  std::string id;
  {
    CertificateStore store(directory_.path(), kBuild);
    for (int i = 1; i <= 4; ++i) ASSERT_TRUE(store.Add(MakeCertificate(i)).ok());
    id = Add(store, MakeCertificate(5));
  }
  ASSERT_TRUE((*StateDb::Open(directory_.path()))
                  ->Execute("UPDATE certificates SET certificate = x'ff' WHERE time_us IN (3000000, 5000000)")
                  .ok());
  CertificateStore store(directory_.path(), kBuild);
  EXPECT_EQ(Seconds(store), std::vector<int64_t>({4, 2, 1}));
  const auto first = store.List({}, 3, "");
  EXPECT_EQ(Seconds(*first), std::vector<int64_t>({4}));
  EXPECT_EQ(Seconds(*store.List({}, 3, first->next_page_token())), std::vector<int64_t>({2, 1}));
  const auto got = store.Get(id);
  EXPECT_EQ(got.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(got.status().message().find(id), std::string::npos) << got.status();
  EXPECT_EQ(*store.Delete(id), id);
  EXPECT_EQ(store.Get(id).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace actbench

// SPDX-License-Identifier: Apache-2.0
// The state database by what becomes of the certificates in it: several processes, and whatever may be wrong with the
// directory or the file.
#include "server/state_db.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/certificate_fixture.h"

namespace actbench {
namespace {

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Runs `body` in a process of its own; returns what waitpid says of its end. Failures that `body` reports are status 1.
int RunInChild(const std::function<void()>& body) {
  std::fflush(nullptr);  // what is buffered would be written twice
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    std::fflush(nullptr);
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

class StateDbTest : public testing::Test {
 protected:
  std::string file() const { return directory_.path() + "/actbench.sqlite"; }

  void Add(const v1::Certificate& certificate) const {
    const auto id = CertificateStore(directory_.path(), kBuild).Add(certificate);
    ASSERT_TRUE(id.ok()) << id.status();
  }

  // A store that says why it is in memory, names the file, and serves.
  static void ExpectServesFromMemory(const std::string& directory, const std::string& reason) {
    CertificateStore store(directory, kBuild);
    EXPECT_NE(store.warning().find(directory + "/actbench.sqlite"), std::string::npos) << store.warning();
    EXPECT_NE(store.warning().find(reason), std::string::npos) << store.warning();
    const auto id = store.Add(MakeCertificate(1));
    ASSERT_TRUE(id.ok()) << id.status();
    EXPECT_TRUE(store.Get(*id).ok());
    EXPECT_EQ(Seconds(store), std::vector<int64_t>({1}));
  }

  const TemporaryDirectory directory_;
};

TEST_F(StateDbTest, AnotherProcessFindsThemLater) {
  std::string id;
  {
    CertificateStore store(directory_.path() + "/made/as/needed", kBuild);
    id = *store.Add(MakeCertificate(7));
  }
  const CertificateStore store(directory_.path() + "/made/as/needed", kBuild);
  EXPECT_EQ(store.warning(), "");
  EXPECT_EQ(store.Get(id)->time().seconds(), 7);
}

TEST_F(StateDbTest, TwoHandlesSeeWhatEitherAdds) {
  CertificateStore first(directory_.path(), kBuild);
  CertificateStore second(directory_.path(), kBuild);
  const std::string id = *first.Add(MakeCertificate(1));
  EXPECT_TRUE(second.Get(id).ok());
  EXPECT_EQ(*second.Add(MakeCertificate(1)), id);
  EXPECT_TRUE(second.Add(MakeCertificate(2)).ok());
  EXPECT_EQ(Seconds(first), std::vector<int64_t>({2, 1}));
}

TEST_F(StateDbTest, ProcessesThatStartAndAddAtATimeLoseNothing) {
  constexpr int kProcesses = 4;
  constexpr int kEach = 20;
  std::array<pid_t, kProcesses> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      CertificateStore store(directory_.path(), kBuild);
      bool good = store.warning().empty();
      // Half of them are the same in all processes.
      for (int n = 0; n < kEach; ++n)
        good = store.Add(MakeCertificate(n % 2 == 0 ? n : 100 * (i + 1) + n)).ok() && good;
      std::fprintf(stderr, "%s", store.warning().c_str());
      ::_exit(good && store.warning().empty() ? 0 : 1);
    }
    children[i] = child;
  }
  for (const pid_t child : children) {
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(Seconds(CertificateStore(directory_.path(), kBuild)).size(), size_t{kEach / 2 * (kProcesses + 1)});
}

TEST_F(StateDbTest, WhatAddReturnedSurvivesTheKillingOfTheProcess) {
  std::set<std::string> ids;
  for (int round = 0; round < 10; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      CertificateStore store(directory_.path(), kBuild);
      for (int n = 0;; ++n) {
        const auto id = store.Add(MakeCertificate(1'000'000 * round + n));
        if (!id.ok() || !store.warning().empty() || ::write(pipe[1], id->data(), id->size()) != 16) ::_exit(1);
      }
    }
    ::close(pipe[1]);
    std::array<char, 16> id;
    for (int n = 0; n < 3 + round && ::read(pipe[0], id.data(), id.size()) == 16; ++n) {
      ids.emplace(id.data(), id.size());
    }
    ::usleep(static_cast<useconds_t>(137 * round));
    ::kill(child, SIGKILL);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself with " << WEXITSTATUS(status);
    while (::read(pipe[0], id.data(), id.size()) == 16) ids.emplace(id.data(), id.size());
    ::close(pipe[0]);

    CertificateStore store(directory_.path(), kBuild);
    ASSERT_EQ(store.warning(), "");
    for (const std::string& each : ids) ASSERT_TRUE(store.Get(each).ok()) << each;
    ASSERT_TRUE(store.Add(MakeCertificate(-1 - round)).ok());
  }
  EXPECT_GE(ids.size(), 75u);
}

TEST_F(StateDbTest, ADamagedFileIsLeftAloneAndServedFromMemory) {
  const std::string garbage(10'000, 'x');
  std::ofstream(file()) << garbage;
  ExpectServesFromMemory(directory_.path(), "not a database");
  EXPECT_EQ(Contents(file()), garbage);
}

TEST_F(StateDbTest, DamageInTheMiddleOfTheFileIsSeen) {
  {
    CertificateStore store(directory_.path(), kBuild);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(store.Add(MakeCertificate(i)).ok());
  }
  ASSERT_GT(Contents(file()).size(), 40'000u);
  std::fstream(file(), std::ios::in | std::ios::out | std::ios::binary).seekp(8192) << std::string(20'000, 'x');
  ExpectServesFromMemory(directory_.path(), "damaged");
}

TEST_F(StateDbTest, ADirectoryThatMayNotBeWrittenIsServedFromMemory) {
  for (const bool made_before : {false, true}) {
    SCOPED_TRACE(made_before);
    if (made_before) Add(MakeCertificate(5));
    ASSERT_EQ(::chmod(directory_.path().c_str(), 0555), 0);
    // Nothing is forbidden to root.
    EXPECT_EQ(RunInChild([this] {
                if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
                ExpectServesFromMemory(directory_.path(), "");
              }),
              0);
    ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  }
  EXPECT_EQ(Seconds(CertificateStore(directory_.path(), kBuild)), std::vector<int64_t>({5}));
}

TEST_F(StateDbTest, ADirectoryThatCannotBeMadeIsServedFromMemory) {
  std::ofstream(directory_.path() + "/file") << "no directory";
  ExpectServesFromMemory(directory_.path() + "/file/state", "Not a directory");
}

TEST_F(StateDbTest, AFullDiskIsServedFromMemory) {
  // Writing beyond the limit of the process's files fails as on a full disk.
  const auto limit_files = [](rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {bytes, RLIM_INFINITY};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  };
  // From the start ...
  EXPECT_EQ(RunInChild([&] {
              limit_files(1000);
              ExpectServesFromMemory(directory_.path(), "");
            }),
            0);
  // ... and later.
  EXPECT_EQ(RunInChild([&] {
              CertificateStore store(directory_.path(), kBuild);
              EXPECT_EQ(store.warning(), "");
              const std::string first = *store.Add(MakeCertificate(1));
              limit_files(1000);
              const auto second = store.Add(MakeCertificate(2));
              ASSERT_TRUE(second.ok()) << second.status();
              EXPECT_NE(store.warning(), "");
              EXPECT_TRUE(store.Get(first).ok());
              EXPECT_TRUE(store.Get(*second).ok());
              EXPECT_EQ(*store.Add(MakeCertificate(2)), *second);
              EXPECT_EQ(Seconds(store), std::vector<int64_t>({2, 1}));
              const v1::Certificate certificate = MakeCertificate(2);
              const auto found = store.Find(certificate.kernel(), certificate.parameters(), "exhaustive");
              ASSERT_TRUE(found.ok() && found->has_value());
              EXPECT_EQ((*found)->id(), *second);
            }),
            0);
  EXPECT_EQ(Seconds(CertificateStore(directory_.path(), kBuild)), std::vector<int64_t>({1}));
}

TEST_F(StateDbTest, TablesOfALaterVersionAreLeftAloneAndServedFromMemory) {
  ASSERT_TRUE(CertificateStore(directory_.path(), kBuild).Add(MakeCertificate(5)).ok());
  {
    StateDb db(directory_.path());
    ASSERT_TRUE(db.Execute("PRAGMA user_version = 1000").ok());
  }
  const std::string before = Contents(file());
  ExpectServesFromMemory(directory_.path(), "version 1000");
  EXPECT_EQ(Contents(file()), before);
}

TEST_F(StateDbTest, WithoutADirectoryThereIsNothingToWarnOf) {
  CertificateStore store("", kBuild);
  EXPECT_EQ(store.warning(), "");
  EXPECT_TRUE(store.Get(*store.Add(MakeCertificate(1))).ok());
}

TEST(DefaultStateDirTest, FollowsTheXdgSpecification) {
  const auto with = [](const char* state_home, const char* home) {
    std::string directory;
    const auto set = [](const char* name, const char* value) {
      value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
    };
    const char* const old_home = std::getenv("HOME");
    const std::string kept = old_home == nullptr ? "" : old_home;
    set("XDG_STATE_HOME", state_home);
    set("HOME", home);
    directory = DefaultStateDir();
    set("XDG_STATE_HOME", nullptr);
    set("HOME", kept.c_str());
    return directory;
  };
  EXPECT_EQ(with("/state", "/home/a"), "/state/actbench");
  EXPECT_EQ(with(nullptr, "/home/a"), "/home/a/.local/state/actbench");
  EXPECT_EQ(with("", "/home/a"), "/home/a/.local/state/actbench");
  EXPECT_EQ(with("relative", "/home/a"), "/home/a/.local/state/actbench");
  EXPECT_EQ(with(nullptr, nullptr), "");
}

}  // namespace
}  // namespace actbench

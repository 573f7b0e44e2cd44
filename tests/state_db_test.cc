// SPDX-License-Identifier: Apache-2.0
// The state database by what becomes of the certificates in it: several processes, and whatever may be wrong with the
// directory or the file.
#include "server/state_db.h"

#include <gmock/gmock.h>
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
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "server/run_store.h"
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

// The same without the rights of root, to whom nothing is forbidden.
int RunAsNobody(const std::function<void()>& body) {
  return RunInChild([&body] {
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
    body();
  });
}

class StateDbTest : public testing::Test {
 protected:
  std::string file() const { return directory_.path() + "/actbench.sqlite"; }

  static void ExpectNotUsed(const absl::Status& status, const std::string& directory, const std::string& reason) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                testing::AllOf(testing::HasSubstr(directory + "/actbench.sqlite"), testing::HasSubstr(reason)));
  }

  // A store that says why it is in memory, names the file, and serves.
  static void ExpectServesFromMemory(const std::string& directory, const std::string& reason) {
    std::string told;
    CertificateStore store(directory, kBuild, {}, [&told](const std::string& warning) { told += warning; });
    EXPECT_NE(store.warning().find(directory + "/actbench.sqlite"), std::string::npos) << store.warning();
    EXPECT_NE(store.warning().find(reason), std::string::npos) << store.warning();
    EXPECT_EQ(told, store.warning());
    // What may be stored there is not denied.
    ExpectNotUsed(store.CanWrite(), directory, reason);
    ExpectNotUsed(store.List({}, 0, "").status(), directory, reason);
    ExpectNotUsed(store.Get("0123456789").status(), directory, reason);
    ExpectNotUsed(store.Delete("0123456789").status(), directory, reason);
    const auto stored = store.Add(MakeCertificate(1));
    ASSERT_TRUE(stored.ok()) << stored.status();
    EXPECT_TRUE(stored->unsaved);
    EXPECT_TRUE(store.Get(stored->id)->unsaved());
    EXPECT_EQ(Seconds(store), std::vector<int64_t>({1}));
    EXPECT_FALSE(store.SaveUnsaved());
    RunStore runs(directory, 10);
    EXPECT_EQ(runs.warning(), store.warning());
    ExpectNotUsed(runs.CanWrite(), directory, reason);
    ExpectNotUsed(runs.List({}, 0, "").status(), directory, reason);
    ExpectNotUsed(runs.Get("a").status(), directory, reason);
    ExpectNotUsed(runs.Delete("a").status(), directory, reason);
  }

  const TemporaryDirectory directory_;
};

TEST_F(StateDbTest, AnotherProcessFindsThemLater) {
  std::string id;
  {
    CertificateStore store(directory_.path() + "/made/as/needed", kBuild);
    id = Add(store, MakeCertificate(7));
  }
  const CertificateStore store(directory_.path() + "/made/as/needed", kBuild);
  EXPECT_EQ(store.warning(), "");
  EXPECT_EQ(store.Get(id)->time().seconds(), 7);
}

TEST_F(StateDbTest, TwoHandlesSeeWhatEitherAdds) {
  CertificateStore first(directory_.path(), kBuild);
  CertificateStore second(directory_.path(), kBuild);
  const std::string id = Add(first, MakeCertificate(1));
  EXPECT_TRUE(second.Get(id).ok());
  EXPECT_EQ(Add(second, MakeCertificate(1)), id);
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
      for (int n = 0; n < kEach; ++n) good = store.Add(MakeUnlike(n % 2 == 0 ? n : 100 * (i + 1) + n)).ok() && good;
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
        const auto stored = store.Add(MakeUnlike(1'000'000 * round + n));
        if (!stored.ok() || stored->unsaved || ::write(pipe[1], stored->id.data(), 16) != 16) ::_exit(1);
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
    ASSERT_TRUE(store.Add(MakeUnlike(-1 - round)).ok());
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
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(store.Add(MakeUnlike(i)).ok());
  }
  ASSERT_GT(Contents(file()).size(), 40'000u);
  std::fstream(file(), std::ios::in | std::ios::out | std::ios::binary).seekp(8192) << std::string(20'000, 'x');
  ExpectServesFromMemory(directory_.path(), "damaged");
}

TEST_F(StateDbTest, AnEmptyDirectoryThatMayNotBeWrittenIsServedFromMemory) {
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0555), 0);
  EXPECT_EQ(RunAsNobody([this] { ExpectServesFromMemory(directory_.path(), ""); }), 0);
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
}

TEST_F(StateDbTest, WhatMayNotBeWrittenIsReadAndWhatIsNewIsKeptInMemory) {
  // A name that is not what it says in a URI, and a writer that is there or is not.
  const std::string directory = directory_.path() + "/100% #1?";
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  std::string id;
  for (const bool with_writer : {false, true}) {
    SCOPED_TRACE(with_writer);
    auto writer = std::make_unique<CertificateStore>(directory, kBuild);
    id = Add(*writer, MakeCertificate(5));
    if (!with_writer) writer.reset();
    ASSERT_EQ(::chmod(directory.c_str(), 0555), 0);
    ASSERT_EQ(::chmod((directory + "/actbench.sqlite").c_str(), 0444), 0);
    EXPECT_EQ(RunAsNobody([&] {
                CertificateStore store(directory, kBuild);
                EXPECT_NE(store.warning().find("cannot be written"), std::string::npos) << store.warning();
                EXPECT_TRUE(absl::IsFailedPrecondition(store.CanWrite()));
                EXPECT_TRUE(absl::IsNotFound(store.Get("0123456789").status()));
                EXPECT_EQ(Seconds(store), std::vector<int64_t>({5}));
                const auto stored = store.Add(MakeCertificate(6));
                ASSERT_TRUE(stored.ok()) << stored.status();
                EXPECT_TRUE(stored->unsaved);
                EXPECT_FALSE(store.Get(id)->unsaved());
                EXPECT_EQ(Seconds(store), std::vector<int64_t>({6, 5}));
                const absl::Status status = store.Delete(id).status();
                EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
                EXPECT_EQ(*store.Delete(stored->id), stored->id);
                EXPECT_EQ(Seconds(store), std::vector<int64_t>({5}));
              }),
              0);
    ASSERT_EQ(::chmod(directory.c_str(), 0755), 0);
    ASSERT_EQ(::chmod((directory + "/actbench.sqlite").c_str(), 0644), 0);
  }
  EXPECT_EQ(Seconds(CertificateStore(directory, kBuild)), std::vector<int64_t>({5}));
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
              const std::string first = Add(store, MakeCertificate(1));
              limit_files(1000);
              const auto second = store.Add(MakeCertificate(2));
              ASSERT_TRUE(second.ok()) << second.status();
              EXPECT_TRUE(second->unsaved);
              EXPECT_NE(store.warning(), "");
              EXPECT_TRUE(store.Get(first).ok());
              EXPECT_TRUE(store.Get(second->id).ok());
              EXPECT_EQ(Add(store, MakeCertificate(2)), second->id);
              EXPECT_EQ(Seconds(store), std::vector<int64_t>({2, 1}));
              EXPECT_TRUE(store.SaveUnsaved());
            }),
            0);
  EXPECT_EQ(Seconds(CertificateStore(directory_.path(), kBuild)), std::vector<int64_t>({1}));
}

TEST_F(StateDbTest, TablesOfALaterVersionAreLeftAloneAndServedFromMemory) {
  ASSERT_TRUE(CertificateStore(directory_.path(), kBuild).Add(MakeCertificate(5)).ok());
  ASSERT_TRUE((*StateDb::Open(directory_.path()))->Execute("PRAGMA user_version = 1000").ok());
  const std::string before = Contents(file());
  ExpectServesFromMemory(directory_.path(), "version 1000");
  EXPECT_EQ(Contents(file()), before);
}

TEST_F(StateDbTest, WithoutADirectoryThereIsNothingToWarnOf) {
  CertificateStore store("", kBuild);
  EXPECT_EQ(store.warning(), "");
  EXPECT_TRUE(store.CanWrite().ok());
  EXPECT_TRUE(store.List({}, 0, "").ok());
  EXPECT_TRUE(store.Get(Add(store, MakeCertificate(1)))->unsaved());
}

// ---- Locks ----

class StateLockTest : public StateDbTest {
 protected:
  StateLockTest() {
    EXPECT_EQ(store_.warning(), "");
    EXPECT_TRUE(other_.ok()) << other_.status();
  }
  void Lock() const { ASSERT_TRUE((*other_)->Execute("BEGIN IMMEDIATE").ok()); }
  void Unlock() const { ASSERT_TRUE((*other_)->Execute("COMMIT").ok()); }

  CertificateStore store_{directory_.path(), kBuild};
  const absl::StatusOr<std::unique_ptr<StateDb>> other_ = StateDb::Open(directory_.path());
};

TEST_F(StateLockTest, ReadsDoNotWaitForAWriter) {
  const std::string id = Add(store_, MakeCertificate(1));
  Lock();
  std::thread writer([this] { EXPECT_FALSE(store_.Add(MakeCertificate(2))->unsaved); });
  // While that waits.
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(store_.Get(id).ok());
    EXPECT_EQ(Seconds(store_), std::vector<int64_t>({1}));
    EXPECT_EQ(store_.warning(), "");
  }
  // So does one that is opened meanwhile.
  EXPECT_EQ(Seconds(CertificateStore(directory_.path(), kBuild)), std::vector<int64_t>({1}));
  Unlock();
  writer.join();
}

TEST_F(StateLockTest, WhatMetALockIsSavedOnceThatIsGone) {
  Lock();
  store_.StopWaiting();  // the test need not wait
  const auto first = store_.Add(MakeCertificate(1));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->unsaved);
  EXPECT_NE(store_.warning().find("locked"), std::string::npos) << store_.warning();
  const std::string second = Add(store_, MakeCertificate(2), /*imported=*/true);
  EXPECT_EQ(Add(store_, MakeCertificate(1)), first->id);
  EXPECT_EQ(Seconds(store_), std::vector<int64_t>({2, 1}));
  EXPECT_TRUE(store_.SaveUnsaved());
  EXPECT_TRUE(store_.Get(first->id)->unsaved());
  CertificateStore another(directory_.path(), kBuild);
  EXPECT_EQ(Seconds(another), std::vector<int64_t>());
  Unlock();
  EXPECT_FALSE(store_.SaveUnsaved());
  EXPECT_EQ(store_.warning(), "");
  EXPECT_FALSE(store_.Get(first->id)->unsaved());
  EXPECT_EQ(Seconds(store_), std::vector<int64_t>({2, 1}));
  EXPECT_EQ(Seconds(another), std::vector<int64_t>({2, 1}));
  EXPECT_TRUE(another.Get(second)->imported());
}

TEST_F(StateLockTest, TheNextWriteSavesWhatMetALockToo) {
  Lock();
  store_.StopWaiting();
  EXPECT_TRUE(store_.Add(MakeCertificate(1))->unsaved);
  Unlock();
  EXPECT_FALSE(store_.Add(MakeCertificate(2))->unsaved);
  EXPECT_EQ(store_.warning(), "");
  EXPECT_EQ(Seconds(CertificateStore(directory_.path(), kBuild)), std::vector<int64_t>({2, 1}));
}

TEST_F(StateLockTest, TheEndOfTheStoreSavesWhatMetALockToo) {
  Lock();
  {
    CertificateStore store(directory_.path(), kBuild);
    store.StopWaiting();
    EXPECT_TRUE(store.Add(MakeCertificate(1))->unsaved);
    Unlock();
  }
  EXPECT_EQ(Seconds(store_), std::vector<int64_t>({1}));
}

TEST_F(StateLockTest, ADeletionThatMeetsALockIsRefused) {
  const std::string id = Add(store_, MakeCertificate(1));
  Lock();
  store_.StopWaiting();
  const absl::Status status = store_.Delete(id).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted) << status;
  EXPECT_NE(status.message().find(id), std::string::npos) << status;
  EXPECT_TRUE(store_.Get(id).ok());
  Unlock();
  EXPECT_TRUE(store_.Delete(id).ok());
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

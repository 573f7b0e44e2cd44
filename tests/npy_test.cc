// SPDX-License-Identifier: Apache-2.0
#include "client/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/npy_header.h"
#include "client/tensor.h"

namespace actbench::client {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr char kHeader[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

// A file as NumPy lays it out: the header's length has 2 bytes in version 1, later 4.
std::string NpyBytes(int major, const std::string& header, const std::string& data) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(major);
  bytes += '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) bytes += static_cast<char>(header.size() >> (8 * i));
  return bytes + header + data;
}

template <class T>
std::string BytesOf(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

absl::Status WriteNpy(const std::string& path, const v1::Tensor& tensor) {
  absl::StatusOr<NpyWriter> writer = NpyWriter::Open(path);
  return writer.ok() ? writer->Write(tensor) : writer.status();
}

class NpyTest : public testing::Test {
 protected:
  NpyTest() : path_(absl::StrCat(testing::TempDir(), "/npy_test_", getpid(), ".npy")) {}
  ~NpyTest() override { unlink(path_.c_str()); }

  absl::StatusOr<v1::Tensor> Read(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return ReadNpy(path_);
  }

  // Expects the file to be refused for a reason that says `reason`.
  void ExpectRefused(const std::string& bytes, const std::string& reason) {
    const absl::StatusOr<v1::Tensor> tensor = Read(bytes);
    ASSERT_FALSE(tensor.ok()) << reason;
    EXPECT_EQ(tensor.status().code(), absl::StatusCode::kInvalidArgument) << tensor.status();
    EXPECT_THAT(std::string(tensor.status().message()), HasSubstr(reason));
    EXPECT_THAT(std::string(tensor.status().message()), HasSubstr(path_));
  }

  const std::string path_;
};

TEST_F(NpyTest, ReadsVersions1To3) {
  const std::string data = BytesOf<float>({1.5f, -2.0f});
  for (const int major : {1, 2, 3}) {
    const absl::StatusOr<v1::Tensor> tensor = Read(NpyBytes(major, kHeader, data));
    ASSERT_TRUE(tensor.ok()) << tensor.status();
    EXPECT_EQ(tensor->dtype(), v1::DTYPE_F32);
    EXPECT_THAT(tensor->shape(), ElementsAre(2));
    EXPECT_EQ(tensor->data(), data);
  }
}

TEST_F(NpyTest, ReadsEveryDtype) {
  const std::vector<std::pair<std::string, v1::Dtype>> cases = {{"<f8", v1::DTYPE_F64},
                                                                {"<f4", v1::DTYPE_F32},
                                                                {"<f2", v1::DTYPE_F16},
                                                                {"<V2", v1::DTYPE_BF16},
                                                                {"|V2", v1::DTYPE_BF16}};
  for (const auto& [description, dtype] : cases) {
    const std::string header =
        absl::StrCat("{'descr': '", description, "', 'fortran_order': False, 'shape': (3, 1), }   \n");
    const std::string data(3 * static_cast<size_t>(description[2] - '0'), '\x3f');
    const absl::StatusOr<v1::Tensor> tensor = Read(NpyBytes(1, header, data));
    ASSERT_TRUE(tensor.ok()) << tensor.status();
    EXPECT_EQ(tensor->dtype(), dtype);
    EXPECT_THAT(tensor->shape(), ElementsAre(3, 1));
    EXPECT_EQ(tensor->data(), data);
  }
}

TEST_F(NpyTest, ReadsEveryKindOfShape) {
  absl::StatusOr<v1::Tensor> tensor =
      Read(NpyBytes(1, "{'descr': '<f8', 'fortran_order': False, 'shape': ()}", BytesOf<double>({4})));
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_THAT(tensor->shape(), SizeIs(0));
  tensor = Read(NpyBytes(1, "{\"shape\": (3, 0), \"fortran_order\": False, \"descr\": \"<f8\"}", ""));
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_THAT(tensor->shape(), ElementsAre(3, 0));
  tensor = Read(NpyBytes(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1L, 2L), }", BytesOf<float>({1, 2})));
  ASSERT_TRUE(tensor.ok()) << tensor.status() << ": NumPy on Python 2 wrote shapes so";
  EXPECT_THAT(tensor->shape(), ElementsAre(1, 2));
}

TEST_F(NpyTest, FortranOrderIsReadOnlyWhereItIsAlsoCOrder) {
  const auto header = [](const std::string& shape) {
    return absl::StrCat("{'descr': '<f4', 'fortran_order': True, 'shape': ", shape, ", }");
  };
  const std::string data = BytesOf<float>({1, 2, 3, 4});
  EXPECT_TRUE(Read(NpyBytes(1, header("(4,)"), data)).ok());
  EXPECT_TRUE(Read(NpyBytes(1, header("(1, 4, 1)"), data)).ok());
  EXPECT_TRUE(Read(NpyBytes(1, header("(2, 0, 3)"), "")).ok());
  ExpectRefused(NpyBytes(1, header("(2, 2)"), data), "Fortran order");
}

TEST_F(NpyTest, RefusesOtherDtypesWithTheReason) {
  const auto with = [](const std::string& description) {
    return NpyBytes(1, absl::StrCat("{'descr': ", description, ", 'fortran_order': False, 'shape': (1,), }"),
                    std::string(8, '\0'));
  };
  ExpectRefused(with("'>f4'"), "big-endian");
  ExpectRefused(with("'|O'"), "Python objects");
  ExpectRefused(with("[('a', '<f4'), ('b', '<f4')]"), "structured");
  ExpectRefused(with("'<i8'"), "<i8");
  ExpectRefused(with("'|u1'"), "'<f8' '<f4' '<f2'");
}

TEST_F(NpyTest, RefusesTruncationEverywhere) {
  const std::string whole = NpyBytes(1, kHeader, BytesOf<float>({1, 2}));
  ASSERT_TRUE(Read(whole).ok());
  for (size_t size = 0; size < whole.size(); ++size) {
    ExpectRefused(whole.substr(0, size), "truncated");
  }
  ExpectRefused(whole + 'x', "more data");
}

TEST_F(NpyTest, RefusesWhatIsNotAnNpyFile) {
  ExpectRefused("PK\x03\x04 a zip file, such as .npz has", "magic");
  ExpectRefused("1 2 3\n", "not a .npy file");
  ExpectRefused("1", "not a .npy file");
  std::string bytes = NpyBytes(1, kHeader, BytesOf<float>({1, 2}));
  bytes[6] = 4;
  ExpectRefused(bytes, "version 4.0");
  ExpectRefused(std::string("\x93NUMPY\x02\x00\xff\xff\xff\x7f", 12), "header length");
}

TEST_F(NpyTest, RefusesDamagedHeaders) {
  const std::string data = BytesOf<float>({1, 2});
  for (const std::string header :
       {"", "{", "{}", "[]", "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': True}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 2}", "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}",
        "{'descr: '<f4', 'fortran_order': False, 'shape': (2,)}"}) {
    ExpectRefused(NpyBytes(1, header, data), "header");
  }
}

TEST_F(NpyTest, RefusesShapesThatAreNoTuples) {
  for (const std::string shape : {"[2]", "(2)", "'2'"}) {
    ExpectRefused(NpyBytes(1, absl::StrCat("{'descr': '<f4', 'fortran_order': False, 'shape': ", shape, ", }"),
                           BytesOf<float>({1, 2})),
                  "no tuple");
  }
}

TEST_F(NpyTest, RefusesAbsurdShapes) {
  const auto with = [](const std::string& shape) {
    return NpyBytes(1, absl::StrCat("{'descr': '<f4', 'fortran_order': False, 'shape': ", shape, ", }"), "12345678");
  };
  ExpectRefused(with("(-2,)"), "[-2]; each dimension must be at least 0");
  ExpectRefused(with("(0, -2)"), "[0, -2]");
  ExpectRefused(with("(4611686018427387904, 4611686018427387904)"), "below 2^63 bytes");
  ExpectRefused(with("(4611686018427387904,)"), "below 2^63 bytes");
  ExpectRefused(with("(99999999999999999999999,)"), "header");
  // Fits into 63 bits; must be found out without allocating it.
  ExpectRefused(with("(1152921504606846976,)"), "truncated");
}

TEST_F(NpyTest, AMissingFileAndADirectoryAreNamedWithTheSystemsReason) {
  EXPECT_THAT(std::string(ReadNpy("/nonexistent/x.npy").status().message()),
              testing::AllOf(HasSubstr("/nonexistent/x.npy"), HasSubstr("No such file")));
  EXPECT_THAT(std::string(ReadNpy(testing::TempDir()).status().message()), HasSubstr("Is a directory"));
}

TEST_F(NpyTest, UnwritableFilesAreNamedWithTheSystemsReason) {
  const v1::Tensor tensor = MakeTensor(Dtype::kF32, std::vector<double>(100000, 1.0));
  EXPECT_THAT(std::string(NpyWriter::Open("/nonexistent/y.npy").status().message()),
              testing::AllOf(HasSubstr("/nonexistent/y.npy"), HasSubstr("No such file")));
  EXPECT_THAT(std::string(NpyWriter::Open(testing::TempDir()).status().message()), HasSubstr("Is a directory"));
  EXPECT_THAT(std::string(WriteNpy("/dev/full", tensor).message()), HasSubstr("No space left"));
  EXPECT_THAT(std::string(WriteNpy("/dev/full", MakeTensor(Dtype::kF32, {1.0})).message()), HasSubstr("No space left"));
}

TEST_F(NpyTest, OpeningChangesNothingUntilSomethingIsWritten) {
  std::remove(path_.c_str());
  { EXPECT_TRUE(NpyWriter::Open(path_).ok()); }
  EXPECT_FALSE(std::ifstream(path_).is_open()) << "the file that only was opened is still there";

  const v1::Tensor large = MakeTensor(Dtype::kF64, std::vector<double>(1000, 2.5));
  ASSERT_TRUE(WriteNpy(path_, large).ok());
  { EXPECT_TRUE(NpyWriter::Open(path_).ok()); }
  EXPECT_EQ(ReadNpy(path_)->data(), large.data());
  // Nothing of the longer file is left.
  ASSERT_TRUE(WriteNpy(path_, MakeTensor(Dtype::kF32, {1.0})).ok());
  EXPECT_EQ(ReadNpy(path_)->data().size(), 4u);
}

// A limit on the size of files stands for a full disk.
TEST_F(NpyTest, WhereThereIsNoRoomTheFormerContentStays) {
  const v1::Tensor former = MakeTensor(Dtype::kF32, {1.5});
  const v1::Tensor large = MakeTensor(Dtype::kF64, std::vector<double>(10'000, 2.5));
  const std::string new_path = path_ + ".new";
  ASSERT_TRUE(WriteNpy(path_, former).ok());
  rlimit limit;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small = {1000, limit.rlim_max};
  std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status over_former = WriteNpy(path_, large);
  const absl::Status to_new = WriteNpy(new_path, large);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  EXPECT_THAT(std::string(over_former.message()), AllOf(HasSubstr(path_), HasSubstr("File too large")));
  EXPECT_FALSE(to_new.ok());
  EXPECT_EQ(ReadNpy(path_)->data(), former.data());
  EXPECT_FALSE(std::ifstream(new_path).is_open());
}

TEST_F(NpyTest, WhatIsWrittenIsReadBackAndAligned) {
  for (const DtypeInfo& info : AllDtypes()) {
    for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{{}, {6}, {2, 3}, {3, 0}, {1, 2, 3, 1}}) {
      v1::Tensor shaped;
      shaped.mutable_shape()->Assign(shape.begin(), shape.end());
      v1::Tensor tensor = MakeTensor(info.dtype, std::vector<double>(*CountElements(shaped, info.dtype), -0.75));
      tensor.mutable_shape()->Swap(shaped.mutable_shape());
      ASSERT_TRUE(WriteNpy(path_, tensor).ok());
      const absl::StatusOr<v1::Tensor> read = ReadNpy(path_);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(read->SerializeAsString(), tensor.SerializeAsString());

      std::ifstream file(path_, std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(file), {});
      EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
      EXPECT_EQ((bytes.size() - tensor.data().size()) % 64, 0u) << "the data must start aligned";
    }
  }
}

TEST_F(NpyTest, TheHeaderIsSpelledAsNumPySpellsIt) {
  EXPECT_EQ(FormatNpyHeader(Dtype::kF64, {}), "{'descr': '<f8', 'fortran_order': False, 'shape': (), }");
  EXPECT_EQ(FormatNpyHeader(Dtype::kBF16, {3}), "{'descr': '<V2', 'fortran_order': False, 'shape': (3,), }");
  EXPECT_EQ(FormatNpyHeader(Dtype::kF16, {3, 4}), "{'descr': '<f2', 'fortran_order': False, 'shape': (3, 4), }");
}

TEST(TensorTest, ConversionRoundsToNearestEven) {
  v1::Tensor tensor = MakeTensor(Dtype::kF64, {1 + 0x1p-11, 1 + 0x1.8p-10, 65520, 0x1p-25, -0.0});
  ASSERT_TRUE(ConvertTensor(Dtype::kF16, tensor).ok());
  const absl::StatusOr<TensorView> view = TensorView::Of(tensor);
  ASSERT_TRUE(view.ok());
  std::vector<double> values;
  for (int64_t i = 0; i < view->size(); ++i) values.push_back((*view)[i]);
  EXPECT_THAT(values, ElementsAre(1, 1 + 0x1p-9, HUGE_VAL, 0, 0));
}

}  // namespace
}  // namespace actbench::client

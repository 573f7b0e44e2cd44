// SPDX-License-Identifier: Apache-2.0
#include "server/wire.h"

#include <grpcpp/support/slice.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "actbench/v1/evaluation.pb.h"

namespace actbench {
namespace {

constexpr int64_t kManyValues = 1'000'000;

// A response with tensors of these sizes, and other fields around them.
std::shared_ptr<v1::EvaluateResponse> MakeResponse(const std::vector<size_t>& sizes) {
  auto response = std::make_shared<v1::EvaluateResponse>();
  for (const size_t size : sizes) {
    v1::EvaluateResult& result = *response->add_results();
    result.set_id("id of " + std::to_string(size));
    v1::Tensor& tensor = *result.add_outputs();
    tensor.set_dtype(v1::DTYPE_F16);
    tensor.add_shape(static_cast<int64_t>(size / 2));
    std::string& data = *tensor.mutable_data();
    for (size_t i = 0; i < size; ++i) data.push_back(static_cast<char>(i * 31 % 251));
    result.mutable_kernel()->set_name(std::string(100, 'k'));
    (*result.mutable_parameters())["beta"] = 0.5;
  }
  return response;
}

std::vector<grpc::Slice> SlicesOf(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(bytes.Dump(&slices).ok());
  return slices;
}

std::string TextOf(const grpc::ByteBuffer& bytes) {
  std::string text;
  for (const grpc::Slice& slice : SlicesOf(bytes)) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

class WireTest : public testing::TestWithParam<std::vector<size_t>> {};

TEST_P(WireTest, WritesWhatProtobufWritesAndReadsItBack) {
  const auto response = MakeResponse(GetParam());
  grpc::ByteBuffer bytes = SerializeMessage(response);
  EXPECT_EQ(bytes.Length(), response->ByteSizeLong());
  EXPECT_TRUE(TextOf(bytes) == response->SerializeAsString());
  v1::EvaluateResponse parsed;
  ASSERT_TRUE(ParseMessage(bytes, kManyValues, parsed).ok());
  EXPECT_EQ(bytes.Length(), 0u);
  EXPECT_TRUE(parsed.SerializeAsString() == response->SerializeAsString());
}

// Around the size from which strings are shared, and around that of the blocks that the rest is written to.
INSTANTIATE_TEST_SUITE_P(Sizes, WireTest,
                         testing::Values(std::vector<size_t>{}, std::vector<size_t>{0}, std::vector<size_t>{1},
                                         std::vector<size_t>{32'000}, std::vector<size_t>{33'000},
                                         std::vector<size_t>{1'000'000}, std::vector<size_t>(1000, 0),
                                         std::vector<size_t>(100, 3900), std::vector<size_t>(100, 4096),
                                         std::vector<size_t>{1'000'000, 1, 0, 50'000, 4000, 4000, 1'000'000}));

TEST(SerializeTest, DoesNotCopyLargeStrings) {
  const auto response = MakeResponse({100'000});
  const char* const data = response->results(0).outputs(0).data().data();
  bool found = false;
  for (const grpc::Slice& slice : SlicesOf(SerializeMessage(response))) {
    found |= reinterpret_cast<const char*>(slice.begin()) == data && slice.size() == 100'000;
  }
  EXPECT_TRUE(found);
}

TEST(SerializeTest, KeepsTheMessageAliveAsLongAsItsBytes) {
  std::weak_ptr<v1::EvaluateResponse> alive;
  {
    grpc::ByteBuffer bytes;
    std::string expected;
    {
      const auto response = MakeResponse({100'000});
      alive = response;
      expected = response->SerializeAsString();
      bytes = SerializeMessage(response);
    }
    EXPECT_FALSE(alive.expired());
    EXPECT_TRUE(TextOf(bytes) == expected);
  }
  EXPECT_TRUE(alive.expired());
}

TEST(ParseTest, RejectsWhatIsNoMessage) {
  // A length that goes beyond the end; a string that is not UTF-8; nothing but noise; a group, in an unknown field.
  for (const std::string text : {"\x0a\x05x", "\x0a\x04\x12\x02\xff\xfe", "\xff\xff\xff\xff", "\x7b\x7c"}) {
    const grpc::Slice slice(text);
    grpc::ByteBuffer bytes(&slice, 1);
    v1::EvaluateRequest request;
    const absl::Status status = ParseMessage(bytes, kManyValues, request);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_NE(std::string(status.message()).find("no actbench.v1.EvaluateRequest"), std::string::npos) << status;
  }
}

// An item of two fields and one input, whose shape has 3 dimensions: 1 + 2 + 1 + 2 values and the dimensions' 3 bytes.
std::string NineValues() {
  v1::EvaluateRequest request;
  v1::EvaluateItem& item = *request.add_items();
  item.set_id("id");
  item.set_activation("relu");
  v1::Tensor& input = *item.add_inputs();
  for (const int size : {1, 2, 3}) input.add_shape(size);
  input.set_data(std::string(100'000, 'x'));
  return request.SerializeAsString();
}

absl::Status Parse(const std::string& text, int64_t max_values) {
  // In two slices, so that fields lie across their border.
  const grpc::Slice slices[] = {grpc::Slice(text.substr(0, text.size() / 2)),
                                grpc::Slice(text.substr(text.size() / 2))};
  grpc::ByteBuffer bytes(slices, 2);
  v1::EvaluateRequest request;
  return ParseMessage(bytes, max_values, request);
}

TEST(ParseTest, RefusesMoreValuesThanAllowedBeforeItMakesAnythingOfThem) {
  EXPECT_TRUE(Parse(NineValues(), 9).ok()) << Parse(NineValues(), 9);
  const absl::Status refused = Parse(NineValues(), 8);
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_NE(refused.message().find("more than 8 fields"), absl::string_view::npos) << refused;
  // Ten million items in 20 MB; a packed array; fields that this server does not know.
  const std::string items = [] {
    std::string text;
    for (int i = 0; i < 10'000'000; ++i) text += std::string("\x0a\x00", 2);
    return text;
  }();
  EXPECT_TRUE(absl::IsResourceExhausted(Parse(items, kManyValues)));
  v1::EvaluateRequest request;
  v1::Tensor& input = *request.add_items()->add_inputs();
  for (int i = 0; i < 2000; ++i) input.add_shape(1);
  EXPECT_TRUE(absl::IsResourceExhausted(Parse(request.SerializeAsString(), 2000)));
  std::string unknown;
  for (int i = 0; i < 1000; ++i) unknown += "\x78\x01";
  EXPECT_TRUE(absl::IsResourceExhausted(Parse(unknown, 999)));
  EXPECT_TRUE(Parse(unknown, 1000).ok());
}

}  // namespace
}  // namespace actbench

// SPDX-License-Identifier: Apache-2.0
#include "kernels/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/few_kernels.h"

namespace actbench {
namespace {

TEST(CatalogTest, NamesAreSnakeCaseAndNoNameOrAliasOccursTwice) {
  std::set<std::string> seen;
  for (const ActivationInfo* activation : AllActivations()) {
    for (char c : activation->name) EXPECT_TRUE(std::islower(c) || std::isdigit(c) || c == '_') << activation->name;
    EXPECT_TRUE(seen.insert(std::string(activation->name)).second) << activation->name;
    for (std::string_view alias : activation->Aliases()) {
      EXPECT_NE(alias.find(':'), std::string_view::npos) << alias << " does not say whose name it is";
      EXPECT_TRUE(seen.insert(std::string(alias)).second) << alias;
    }
  }
}

TEST(CatalogTest, EveryActivationIsDescribed) {
  for (const ActivationInfo* activation : AllActivations()) {
    EXPECT_FALSE(activation->summary.empty()) << activation->name;
    EXPECT_FALSE(activation->source.empty()) << activation->name;
    EXPECT_LT(activation->domain_min, activation->domain_max) << activation->name;
    EXPECT_TRUE(activation->inputs == 2 || activation->Anchors().size() >= 2) << activation->name << " has no anchors";
    for (const Parameter& parameter : activation->Parameters()) {
      EXPECT_FALSE(parameter.description.empty()) << activation->name;
      EXPECT_TRUE(std::isfinite(parameter.min_value) && std::isfinite(parameter.max_value)) << activation->name;
      const auto is_named = [&](const Parameter& other) { return other.name == parameter.at_most; };
      EXPECT_TRUE(parameter.at_most.empty() || std::ranges::any_of(activation->Parameters(), is_named));
      const std::map<std::string, double> given = {{std::string(parameter.name), parameter.default_value}};
      EXPECT_TRUE(ResolveParameters(*activation, given).ok()) << activation->name;
    }
  }
}

TEST(CatalogTest, EveryActivationHasAKernelForEachDirectionDtypeAndIsa) {
  ACTBENCH_NEEDS_ALL_KERNELS();
  const Catalog& catalog = Catalog::Default();
  ASSERT_FALSE(catalog.isas().empty());
  EXPECT_EQ(catalog.isas().front(), "scalar");
  EXPECT_EQ(catalog.devices().front(), "cpu");
  for (const ActivationInfo* activation : AllActivations()) {
    for (Direction direction : {Direction::kForward, Direction::kGradient}) {
      for (const DtypeInfo& dtype : AllDtypes()) {
        for (const std::string& isa : catalog.isas()) {
          const auto kernel = catalog.FindKernel(activation->name, direction, dtype.dtype, {.isa = isa});
          ASSERT_TRUE(kernel.ok()) << kernel.status();
          EXPECT_EQ((*kernel)->isa, isa);
          EXPECT_EQ((*kernel)->activation, activation->name);
        }
      }
    }
  }
}

TEST(CatalogTest, KernelNamesAreUniqueAndSpelledAsDocumented) {
  std::set<std::string> names;
  for (const Kernel& kernel : Catalog::Default().kernels()) EXPECT_TRUE(names.insert(kernel.Name()).second);
  EXPECT_TRUE(names.contains("sigmoid/forward/f32/actbench/fast/scalar"));
  EXPECT_TRUE(names.contains("sigmoid/gradient/bf16/actbench/fast/scalar"));
}

TEST(CatalogTest, AnEmptySelectorMeansTheWidestIsa) {
  const Catalog& catalog = Catalog::Default();
  const auto kernel = catalog.FindKernel("sigmoid", Direction::kForward, Dtype::kF32, {});
  ASSERT_TRUE(kernel.ok());
  EXPECT_EQ((*kernel)->isa, catalog.isas().back());
}

TEST(CatalogTest, FindsActivationsByIdAndAlias) {
  EXPECT_EQ((*Catalog::FindActivation("silu"))->name, "silu");
  EXPECT_EQ((*Catalog::FindActivation("torch:SiLU"))->name, "silu");
}

TEST(CatalogTest, AnUnknownActivationIsAnsweredWithTheNearestAndTheList) {
  const absl::Status status = Catalog::FindActivation("gelu_err").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            "unknown activation \"gelu_err\"; did you mean \"gelu_erf\"? (ListActivations and `actbench list` have all "
            "of them)");
  const auto message = [](std::string_view name) {
    return std::string(Catalog::FindActivation(name).status().message());
  };
  EXPECT_NE(message("gelo").find("; did you mean \"gelu_erf\" or \"gelu_tanh\"?"), std::string::npos)
      << message("gelo");
  EXPECT_EQ(message("zzzzzzzz").find("did you mean"), std::string::npos) << message("zzzzzzzz");
  // What differs in case alone was meant, whatever else is near.
  for (const auto& [name, alias] : {std::pair("torch:gelu", "torch:GELU"),
                                    {"torch:elu", "torch:ELU"},
                                    {"tflite:gelu", "tflite:GELU"},
                                    {"onnx:gelu", "onnx:Gelu"},
                                    {"Torch:relu6", "torch:ReLU6"},
                                    {"JAX:HARD_SWISH", "jax:hard_swish"}}) {
    EXPECT_NE(message(name).find(absl::StrCat("; did you mean \"", alias, "\"?")), std::string::npos) << message(name);
  }
  EXPECT_NE(message("torch:gelv").find("\"torch:GELU\""), std::string::npos) << message("torch:gelv");
  // One line of whole characters, whatever was asked for.
  EXPECT_EQ(message("a\nb").find('\n'), std::string::npos);
  std::string accents;
  for (int i = 0; i < 100; ++i) accents += "a\u0301";  // 3 bytes each, so that 80 end within one
  const std::string quoted = message(accents);
  EXPECT_EQ(quoted.substr(quoted.rfind('"') - 4, 4), "a\u0301a") << quoted;
  EXPECT_EQ(Catalog::FindActivation("").status().code(), absl::StatusCode::kNotFound);
  EXPECT_LT(Catalog::FindActivation(std::string(100000, 'x')).status().message().size(), 300u);
}

// A bare name is never guessed at. Libraries disagree about what "gelu" is.
TEST(CatalogTest, AnAmbiguousNameIsAnsweredWithAllThatItMayMean) {
  const auto message = [](std::string_view name) {
    const absl::Status status = Catalog::FindActivation(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << name;
    return std::string(status.message());
  };
  for (const std::string name : {"gelu", "GELU"}) {
    EXPECT_EQ(message(name), "ambiguous activation \"" + name +
                                 "\": it may be gelu_erf (torch:GELU, onnx:Gelu, keras:gelu, tflite:GELU) or gelu_tanh "
                                 "(jax:gelu)");
  }
  EXPECT_EQ(message("Swish"),
            "ambiguous activation \"Swish\": it may be swish (onnx:Swish) or silu (jax:swish, keras:swish)");
  EXPECT_EQ(
      message("HardSwish"),
      "ambiguous activation \"HardSwish\": it may be hard_swish (torch:Hardswish, onnx:HardSwish, jax:hard_swish, "
      "keras:hard_swish, tflite:HARD_SWISH) or hard_swish_as_printed");
  // Of one activation alone it is a suggestion.
  for (const auto& [name, id] :
       {std::pair("SiLU", "silu"), {"LOGISTIC", "sigmoid"}, {"hard_sigmoid_as", "hard_sigmoid_as_printed"}}) {
    EXPECT_NE(message(name).find(absl::StrCat("; did you mean \"", id, "\"?")), std::string::npos) << message(name);
  }
  // An id or a whole alias is what it says, also where other names begin with it.
  EXPECT_EQ((*Catalog::FindActivation("hard_swish"))->name, "hard_swish");
  EXPECT_EQ((*Catalog::FindActivation("swish"))->name, "swish");
  EXPECT_EQ((*Catalog::FindActivation("jax:gelu"))->name, "gelu_tanh");
}

TEST(CatalogTest, AnUnknownPropertyIsAnsweredWithThoseThatExist) {
  const Catalog& catalog = Catalog::Default();
  const auto find = [&](const KernelSelector& selector) {
    return catalog.FindKernel("sigmoid", Direction::kForward, Dtype::kF32, selector).status();
  };
  const std::string no_provider(find({.provider = "nobody"}).message());
  EXPECT_TRUE(no_provider.starts_with("no kernel here has provider \"nobody\"; there are: actbench, ")) << no_provider;
  EXPECT_EQ(find({.tier = "slow"}),
            absl::NotFoundError("no kernel here has tier \"slow\"; there are: exact, fast, native"));
  EXPECT_EQ(find({.device = "cuda:0"}), absl::NotFoundError("no kernel here has device \"cuda:0\"; there are: cpu"));
  const absl::Status no_isa = find({.isa = "scaler"});
  EXPECT_EQ(no_isa.code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(std::string(no_isa.message()).ends_with("; did you mean \"scalar\"?")) << no_isa;
}

// One kernel only, for the combinations that are missing.
class OneKernelBackend final : public Backend {
 public:
  std::string Isa() const override { return "toy"; }
  std::vector<Kernel> Kernels() const override {
    return {{"sigmoid", Direction::kForward, Dtype::kF32, "actbench", "fast", "cpu", "toy", {}},
            {"not_an_activation", Direction::kForward, Dtype::kF32, "actbench", "fast", "cpu", "toy", {}}};
  }
};

TEST(CatalogTest, WhyAGpuIsNotUsedIsSaidToWhoAsksForOne) {
  const Catalog catalog(DefaultBackends(), {"cuda:0 is not used: it is old"});
  EXPECT_EQ(catalog.warnings().size(), 1u);
  const std::string message(catalog.CheckSelector({.device = "cuda:7"}).message());
  EXPECT_TRUE(message.ends_with("; cuda:0 is not used: it is old")) << message;
  EXPECT_EQ(catalog.CheckSelector({.tier = "slow"}).message(),
            "no kernel here has tier \"slow\"; there are: exact, fast, native");
}

TEST(CatalogTest, AMissingCombinationIsUnimplementedAndKernelsOfUnknownActivationsAreLeftOut) {
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(std::make_unique<OneKernelBackend>());
  const Catalog catalog(backends);
  EXPECT_EQ(catalog.kernels().size(), 1u);
  EXPECT_TRUE(catalog.FindKernel("sigmoid", Direction::kForward, Dtype::kF32, {}).ok());
  EXPECT_EQ(catalog.FindKernel("sigmoid", Direction::kForward, Dtype::kF64, {}).status().code(),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(catalog.FindKernel("tanh", Direction::kForward, Dtype::kF32, {.isa = "toy"}).status().code(),
            absl::StatusCode::kUnimplemented);
}

// Kernels of relu in f32 that differ from each other in what a selector names.
class PeerBackend final : public Backend {
 public:
  std::string Isa() const override { return "toy"; }
  std::vector<Kernel> Kernels() const override {
    const auto make = [](const char* provider, const char* tier, const char* device) {
      return Kernel{"relu", Direction::kForward, Dtype::kF32, provider, tier, device, "toy", {}};
    };
    return {make("peer", "native", "cpu"), make("actbench", "exact", "cpu"), make("actbench", "fast", "toy:0"),
            make("peer", "fast", "toy:0"), make("actbench", "fast", "cpu")};
  }
};

TEST(CatalogTest, DefaultsOnlyChooseAmongTheKernelsThatFitTheGivenFields) {
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(std::make_unique<PeerBackend>());
  const Catalog catalog(backends);
  const auto found = [&](const KernelSelector& selector) {
    const auto kernel = catalog.FindKernel("relu", Direction::kForward, Dtype::kF32, selector);
    return kernel.ok() ? (*kernel)->provider + " " + (*kernel)->tier + " " + (*kernel)->device
                       : std::string(kernel.status().message());
  };
  EXPECT_EQ(found({}), "actbench fast cpu");
  EXPECT_EQ(found({.provider = "peer"}), "peer native cpu");
  EXPECT_EQ(found({.tier = "native"}), "peer native cpu");
  EXPECT_EQ(found({.tier = "exact"}), "actbench exact cpu");
  EXPECT_EQ(found({.device = "toy:0"}), "actbench fast toy:0");
  EXPECT_EQ(found({.provider = "peer", .tier = "fast"}), "peer fast toy:0");
  EXPECT_EQ(found({.provider = "peer", .tier = "exact"}),
            "relu/forward/f32 has no kernel with tier \"exact\" here; there are: fast, native");
  EXPECT_EQ(found({.tier = "native", .device = "toy:0"}),
            "relu/forward/f32 has no kernel with tier \"native\" here; there are: fast");
  EXPECT_EQ(found({.provider = "nobody", .tier = "exact"}),
            "no kernel here has provider \"nobody\"; there are: actbench, peer");
}

// A library that chose an instruction set of its own.
class WiderPeerBackend final : public Backend {
 public:
  std::string Isa() const override { return "huge"; }
  std::string Provider() const override { return "peer"; }
  std::vector<Kernel> Kernels() const override {
    return {{"sigmoid", Direction::kForward, Dtype::kF32, "peer", "native", "cpu", "huge", {}}};
  }
};

TEST(CatalogTest, TheIsasAreThoseOfOurKernels) {
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(std::make_unique<OneKernelBackend>());
  backends.push_back(std::make_unique<WiderPeerBackend>());
  const Catalog catalog(backends);
  EXPECT_EQ(catalog.isas(), std::vector<std::string>{"toy"});
  const auto found = [&](const KernelSelector& selector) {
    return (*catalog.FindKernel("sigmoid", Direction::kForward, Dtype::kF32, selector))->provider;
  };
  EXPECT_EQ(found({}), "actbench");
  EXPECT_EQ(found({.isa = "huge"}), "peer");
}

TEST(CatalogTest, ParametersAreResolvedOrRefusedByName) {
  const ActivationInfo& swish = **Catalog::FindActivation("swish");
  const ActivationInfo& relu = **Catalog::FindActivation("relu");
  EXPECT_EQ(*ResolveParameters(swish, {}), std::vector<double>{1});
  EXPECT_EQ(*ResolveParameters(swish, {{"beta", -0.5}}), std::vector<double>{-0.5});
  EXPECT_EQ(
      ResolveParameters(swish, {{"bta", 1}}).status(),
      absl::InvalidArgumentError("parameters: swish has no parameter \"bta\"; it has beta; did you mean \"beta\"?"));
  EXPECT_EQ(ResolveParameters(relu, {{"slope", 1}}).status(),
            absl::InvalidArgumentError("parameters: relu has no parameter \"slope\"; it has none"));
  for (const auto& [bad, text] : {std::pair(std::nan(""), "nan"), {std::numeric_limits<double>::infinity(), "inf"}}) {
    EXPECT_EQ(ResolveParameters(swish, {{"beta", bad}}).status(),
              absl::InvalidArgumentError(absl::StrCat("parameters: beta is ", text, "; it must be finite")));
  }
}

// An activation with the given parameters.
ActivationInfo With(ShortList<Parameter, 4> parameters) {
  return {.name = "toy", .summary = {}, .source = {}, .parameters = parameters};
}

TEST(CatalogTest, AParameterOutOfItsRangeIsRefusedWithTheRange) {
  const double least = std::numeric_limits<double>::denorm_min();
  struct Case {
    Parameter parameter;
    std::vector<double> good;
    std::vector<double> bad;
    std::string range;
  };
  const Case cases[] = {
      {{"p", 1, "", 0, 2.5}, {0, 1, 2.5}, {-least, 2.6, INFINITY, NAN}, "at least 0 and at most 2.5"},
      {{.name = "p", .min_value = 0}, {0, 1e300}, {-1}, "at least 0"},
      {{.name = "p", .min_value = 0, .excludes_zero = true}, {least}, {0, -0.0, -1}, "greater than 0"},
      {{.name = "p", .excludes_zero = true}, {least, -1e300}, {0, -0.0, INFINITY}, "not 0"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(RangeOf(c.parameter), c.range);
    const ActivationInfo toy = With({c.parameter});
    for (double value : c.good) EXPECT_EQ(*ResolveParameters(toy, {{"p", value}}), std::vector<double>{value});
    for (double value : c.bad) {
      EXPECT_EQ(
          ResolveParameters(toy, {{"p", value}}).status(),
          absl::InvalidArgumentError(absl::StrCat("parameters: p is ", value, "; it must be finite and ", c.range)));
    }
  }
  EXPECT_EQ(RangeOf({.name = "p"}), "");
}

// The defaults count too.
TEST(CatalogTest, AParameterMayBeBoundedByAnother) {
  const ActivationInfo clip = With({{{.name = "low", .default_value = -1, .at_most = "high"}, {"high", 1, ""}}});
  EXPECT_EQ(RangeOf(clip.Parameters()[0]), "at most high");
  EXPECT_EQ(*ResolveParameters(clip, {{"low", 3}, {"high", 3}}), std::vector<double>({3, 3}));
  const auto message = [&](const std::map<std::string, double>& given) {
    return std::string(ResolveParameters(clip, given).status().message());
  };
  EXPECT_EQ(message({{"low", 2}}), "parameters: low is 2; it must be finite and at most high, which is 1");
  EXPECT_EQ(message({{"high", -2}}), "parameters: low is -1; it must be finite and at most high, which is -2");
}

}  // namespace
}  // namespace actbench

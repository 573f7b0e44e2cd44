// SPDX-License-Identifier: Apache-2.0
#include "server/certificate_check.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "kernels/accuracy/report.h"
#include "kernels/accuracy/tally.h"
#include "kernels/catalog.h"
#include "proto/tensor.h"
#include "server/accuracy_convert.h"
#include "server/accuracy_plan.h"
#include "server/convert.h"
#include "server/request_checks.h"

namespace actbench {
namespace {

constexpr std::array<std::string_view, 5> kModes = {"exhaustive", "exhaustive_unit_upstream", "sampled",
                                                    "sampled_unit_upstream", "given"};

// Far more than any report has, and than any machine or build says. What is larger did not come from a server.
constexpr int kMaxRows = 1 << 13;
constexpr int kMaxNames = 64;
constexpr size_t kMaxText = 256;
// Clocks differ.
constexpr absl::Duration kMostAhead = absl::Minutes(5);
// What errors in ulp may be off.
constexpr double kUlpError = 1e-6;

// What the report is of.
struct Subject {
  const ActivationInfo& activation;
  Direction direction;
  Dtype dtype;

  size_t inputs() const { return InputCount(activation, direction); }
  size_t outputs() const { return OutputCount(activation, direction); }
};

absl::Status Bad(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("certificate.", std::string(field), " ", std::string(what)));
}

std::string Quoted(const std::string& text) { return absl::StrCat("\"", absl::CHexEscape(text.substr(0, 64)), "\""); }

// A name that must be there.
absl::Status CheckToken(std::string_view field, const std::string& name) {
  if (name.empty()) return Bad(field, "is not given; every certificate has it");
  if (absl::Status status = CheckName(absl::StrCat("certificate.", std::string(field)), name); !status.ok()) {
    return status;
  }
  const bool is_token = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || std::string_view("_.:+-").find(c) != std::string::npos;
  });
  if (is_token) return absl::OkStatus();
  return Bad(field, absl::StrCat("is ", Quoted(name), "; a name has letters, digits and _ . : + - alone"));
}

// A text that may be empty.
absl::Status CheckText(std::string_view field, const std::string& text) {
  if (text.size() > kMaxText) {
    return Bad(field, absl::StrCat("has ", text.size(), " bytes; at most ", kMaxText, " are allowed"));
  }
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isprint(static_cast<unsigned char>(c)); });
  if (printable) return absl::OkStatus();
  return Bad(field, absl::StrCat("is ", Quoted(text), "; only printable ASCII is allowed"));
}

template <class Texts>
absl::Status CheckTexts(std::string_view field, const Texts& texts) {
  if (texts.size() > kMaxNames) {
    return Bad(field, absl::StrCat("has ", texts.size(), " values; at most ", kMaxNames, " are allowed"));
  }
  for (const std::string& text : texts) {
    if (absl::Status status = CheckText(field, text); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<Subject> CheckKernel(const v1::Kernel& kernel) {
  const std::pair<std::string_view, const std::string&> names[] = {
      {"kernel.activation", kernel.activation()},
      {"kernel.provider", kernel.provider()},
      {"kernel.tier", kernel.tier()},
      {"kernel.isa", kernel.isa()},
      {"kernel.device", kernel.device()},
  };
  for (const auto& [field, name] : names) {
    if (absl::Status status = CheckToken(field, name); !status.ok()) return status;
  }
  const absl::StatusOr<const ActivationInfo*> activation = Catalog::FindActivation(kernel.activation());
  if (!activation.ok()) {
    return absl::Status(activation.status().code(),
                        absl::StrCat("certificate.kernel.activation: ", activation.status().message()));
  }
  if ((*activation)->name != kernel.activation()) {
    return Bad("kernel.activation", absl::StrCat("is the alias ", Quoted(kernel.activation()),
                                                 "; it must be the id, \"", std::string((*activation)->name), "\""));
  }
  const std::optional<Direction> direction = FromProto(kernel.direction());
  if (!direction.has_value()) return Bad("kernel.direction", "must be forward or gradient");
  const std::optional<Dtype> dtype = FromProto(kernel.dtype());
  if (!dtype.has_value()) {
    return Bad("kernel.dtype", absl::StrCat("is ", DtypeText(kernel.dtype()), "; it must be one of ", DtypeNames()));
  }
  const Kernel named = {.activation = kernel.activation(),
                        .direction = *direction,
                        .dtype = *dtype,
                        .provider = kernel.provider(),
                        .tier = kernel.tier(),
                        .device = kernel.device(),
                        .isa = kernel.isa(),
                        .functions = {}};
  if (kernel.name() == named.Name()) return Subject{**activation, *direction, *dtype};
  return Bad("kernel.name",
             absl::StrCat("is ", Quoted(kernel.name()), "; from its parts it is \"", named.Name(), "\""));
}

absl::Status CheckAllParameters(const google::protobuf::Map<std::string, double>& parameters,
                                const ActivationInfo& activation) {
  absl::Status status = CheckParameters(parameters, activation).status();
  if (!status.ok()) return absl::Status(status.code(), absl::StrCat("certificate.", status.message()));
  for (const Parameter& parameter : activation.Parameters()) {
    if (parameters.contains(std::string(parameter.name))) continue;
    return Bad("parameters", absl::StrCat("has no ", std::string(parameter.name),
                                          "; a certificate has every parameter of its activation"));
  }
  return absl::OkStatus();
}

absl::Status CheckMode(const v1::Certificate& certificate, const Subject& of) {
  const std::string& mode = certificate.mode();
  if (std::find(kModes.begin(), kModes.end(), mode) == kModes.end()) {
    return Bad("mode", absl::StrCat("is ", Quoted(mode), "; it must be one of ",
                                    absl::StrJoin(kModes, ", ",
                                                  [](std::string* out, std::string_view name) { out->append(name); })));
  }
  const bool unit_upstream = mode == "exhaustive_unit_upstream";
  if (mode != "exhaustive" && !unit_upstream) return absl::OkStatus();
  if (unit_upstream && of.direction == Direction::kForward) {
    return Bad("mode", absl::StrCat("is \"", mode, "\"; in the forward direction it cannot be"));
  }
  const size_t bits = ExhaustiveBits(of.activation, of.direction, of.dtype, unit_upstream);
  if (bits > kMaxExhaustiveBits) {
    return Bad("mode", absl::StrCat("is \"", mode, "\", but there are 2^", bits, " inputs; at most 2^",
                                    kMaxExhaustiveBits, " can all be measured"));
  }
  const int64_t checked = static_cast<int64_t>(of.outputs()) << bits;
  if (certificate.report().checked() == checked) return absl::OkStatus();
  return Bad("report.checked",
             absl::StrCat("is ", certificate.report().checked(), "; of the mode \"", mode, "\" it is ", checked));
}

// Numbers that agree with their bits.
absl::Status CheckBits(std::string_view field, double value, const std::string& text, Dtype dtype) {
  uint64_t bits = 0;
  const bool has_width = text.size() == BitsText(dtype, 0).size();
  if (!has_width || !absl::SimpleHexAtoi(text, &bits) || BitsText(dtype, bits) != text) {
    return Bad(field, absl::StrCat("has the bits ", Quoted(text), "; those of a number in ", std::string(Name(dtype)),
                                   " look like ", BitsText(dtype, 0)));
  }
  const double expected = ValueOf(dtype, bits);
  if (value == expected || (std::isnan(value) && std::isnan(expected))) return absl::OkStatus();
  return Bad(field, absl::StrCat("is ", value, ", but its bits, ", text, ", are those of ", expected));
}

absl::Status CheckError(const std::string& field, const v1::InputError& error, const Subject& of) {
  const int inputs = static_cast<int>(of.inputs());
  if (error.inputs_size() != inputs || error.input_bits_size() != inputs) {
    return Bad(field, absl::StrCat("has ", error.inputs_size(), " inputs and the bits of ", error.input_bits_size(),
                                   "; this kernel has ", inputs));
  }
  absl::Status status = CheckBits(field + ".got", error.got(), error.got_bits(), of.dtype);
  if (status.ok()) status = CheckBits(field + ".expected", error.expected(), error.expected_bits(), of.dtype);
  for (int i = 0; i < inputs && status.ok(); ++i) {
    status = CheckBits(field + ".inputs", error.inputs(i), error.input_bits(i), of.dtype);
  }
  if (!status.ok()) return status;
  if (error.output() < 0 || error.output() >= static_cast<int>(of.outputs())) {
    return Bad(field, absl::StrCat("has output ", error.output(), "; this kernel has ", of.outputs()));
  }
  if (error.ulp() >= 0) return absl::OkStatus();
  return Bad(field, absl::StrCat("has ulp ", error.ulp(), "; it must be at least 0"));
}

absl::Status CheckCounts(const v1::AccuracyReport& report) {
  if (report.checked() <= 0) {
    return Bad("report.checked", absl::StrCat("is ", report.checked(), "; it must be at least 1"));
  }
  const std::pair<std::string_view, int64_t> counts[] = {
      {"report.misrounded", report.misrounded()},
      {"report.wrong_nan", report.wrong_nan()},
      {"report.wrong_inf", report.wrong_inf()},
      {"report.spurious_zero", report.spurious_zero()},
      {"report.wrong_sign", report.wrong_sign()},
      {"report.falls", report.falls()},
      {"report.decided_by_f64", report.decided_by_f64()},
      {"report.decided_by_pair", report.decided_by_pair()},
      {"report.decided_by_mpfr", report.decided_by_mpfr()},
  };
  for (const auto& [field, count] : counts) {
    if (count < 0 || count > report.checked()) {
      return Bad(field, absl::StrCat("is ", count, "; it must be from 0 to report.checked, ", report.checked()));
    }
  }
  return absl::OkStatus();
}

// The largest error, and what else says how large it can be.
absl::Status CheckErrors(const v1::AccuracyReport& report) {
  if (!(report.max_ulp() >= 0) || !(report.mean_ulp() >= 0) || report.mean_ulp() > report.max_ulp() + kUlpError ||
      std::isinf(report.mean_ulp())) {
    return Bad("report", absl::StrCat("has max_ulp ", report.max_ulp(), " and mean_ulp ", report.mean_ulp(),
                                      "; both must be at least 0, the mean finite and not above the maximum"));
  }
  if (report.misrounded() == 0 && report.max_ulp() > 0.5 + kUlpError) {
    return Bad("report.max_ulp",
               absl::StrCat("is ", report.max_ulp(), ", but report.misrounded is 0; it can then be at most 0.5"));
  }
  // A zero of the wrong sign alone is no distance away.
  if (report.misrounded() > report.wrong_sign() && report.max_ulp() < 0.5 - kUlpError) {
    return Bad("report.max_ulp", absl::StrCat("is ", report.max_ulp(), ", but report.misrounded is ",
                                              report.misrounded(), "; it must then be at least 0.5"));
  }
  const int worst = report.worst_size();
  if (worst > static_cast<int>(AccuracyReport::kWorst)) {
    return Bad("report.worst", absl::StrCat("has ", worst, " rows; at most ", AccuracyReport::kWorst, " are allowed"));
  }
  const double first = worst > 0 ? report.worst(0).ulp() : 0;
  if (worst > 0 ? first != report.max_ulp() : report.max_ulp() >= WorstList::kLeast) {
    return Bad("report.worst", absl::StrCat(worst > 0 ? absl::StrCat("begins with ulp ", first) : "is empty",
                                            "; its first row has that of report.max_ulp, ", report.max_ulp()));
  }
  for (int i = 1; i < worst; ++i) {
    if (report.worst(i).ulp() <= report.worst(i - 1).ulp()) continue;
    return Bad(absl::StrCat("report.worst[", i, "]"),
               absl::StrCat("has ulp ", report.worst(i).ulp(), ", more than the row before; the worst are first"));
  }
  return absl::OkStatus();
}

absl::Status CheckBinade(const std::string& field, const v1::BinadeError& binade, const v1::AccuracyReport& report) {
  constexpr int kMostExponent = 1100;  // beyond f64's
  if (std::abs(static_cast<int64_t>(binade.exponent())) > kMostExponent) {
    return Bad(field, absl::StrCat("has exponent ", binade.exponent(), "; it must be from -", kMostExponent, " to ",
                                   kMostExponent));
  }
  if (binade.checked() < 0 || binade.checked() > report.checked()) {
    return Bad(field, absl::StrCat("has checked ", binade.checked(), "; it must be from 0 to report.checked, ",
                                   report.checked()));
  }
  if (binade.max_ulp() >= 0 && binade.mean_ulp() >= 0 && std::isfinite(binade.mean_ulp())) return absl::OkStatus();
  return Bad(field, absl::StrCat("has max_ulp ", binade.max_ulp(), " and mean_ulp ", binade.mean_ulp(),
                                 "; both must be at least 0, and the mean finite"));
}

absl::Status CheckRows(const v1::AccuracyReport& report, const Subject& of) {
  if (report.binades_size() > kMaxRows || report.special_values_size() > kMaxRows) {
    return Bad("report", absl::StrCat("has ", report.binades_size(), " binades and ", report.special_values_size(),
                                      " special values; at most ", kMaxRows, " of each are allowed"));
  }
  absl::Status status;
  for (int i = 0; i < report.worst_size() && status.ok(); ++i) {
    status = CheckError(absl::StrCat("report.worst[", i, "]"), report.worst(i), of);
  }
  for (int i = 0; i < report.binades_size() && status.ok(); ++i) {
    status = CheckBinade(absl::StrCat("report.binades[", i, "]"), report.binades(i), report);
  }
  for (int i = 0; i < report.special_values_size() && status.ok(); ++i) {
    const std::string field = absl::StrCat("report.special_values[", i, "]");
    status = CheckText(field + ".name", report.special_values(i).name());
    if (status.ok()) status = CheckError(field + ".error", report.special_values(i).error(), of);
  }
  return status;
}

absl::Status CheckReport(const v1::Certificate& certificate, const Subject& of) {
  if (!certificate.has_report()) return Bad("report", "is not given; every certificate has it");
  const v1::AccuracyReport& report = certificate.report();
  absl::Status status = CheckCounts(report);
  if (status.ok()) status = CheckMode(certificate, of);
  if (status.ok()) status = CheckErrors(report);
  if (!status.ok()) return status;
  const std::string& hash = report.output_hash();
  uint64_t bits = 0;
  if (hash.size() != 16 || !absl::SimpleHexAtoi(hash, &bits)) {
    return Bad("report.output_hash", absl::StrCat("is ", Quoted(hash), "; it must have 16 hexadecimal digits"));
  }
  return CheckRows(report, of);
}

absl::Status CheckOrigin(const v1::Certificate& certificate) {
  const v1::BuildInfo& build = certificate.build();
  const v1::MachineInfo& machine = certificate.machine();
  const std::pair<std::string_view, const std::string&> texts[] = {
      {"build.version", build.version()},
      {"build.revision", build.revision()},
      {"build.compiler", build.compiler()},
      {"build.grpc_version", build.grpc_version()},
      {"build.protobuf_version", build.protobuf_version()},
      {"machine.cpu_model", machine.cpu_model()},
  };
  absl::Status status = CheckToken("build_id", certificate.build_id());
  for (const auto& [field, text] : texts) {
    if (status.ok()) status = CheckText(field, text);
  }
  if (status.ok()) status = CheckTexts("machine.isas", machine.isas());
  if (status.ok()) status = CheckTexts("machine.devices", machine.devices());
  if (!status.ok() || machine.cpu_count() >= 0) return status;
  return Bad("machine.cpu_count", absl::StrCat("is ", machine.cpu_count(), "; it must be at least 0"));
}

absl::Status CheckTime(const v1::Certificate& certificate, absl::Time now) {
  if (!certificate.has_time()) return Bad("time", "is not given; every certificate has it");
  const google::protobuf::Timestamp& given = certificate.time();
  const absl::Time first = absl::FromCivil(absl::CivilYear(2020), absl::UTCTimeZone());
  const absl::Time time = absl::FromUnixSeconds(given.seconds());
  const bool is_one = given.nanos() >= 0 && given.nanos() < 1'000'000'000;
  if (!is_one || time < first || time > now + kMostAhead) {
    constexpr char kFormat[] = "%Y-%m-%dT%H:%M:%SZ";
    return Bad("time",
               absl::StrCat("has ", given.seconds(), " seconds and ", given.nanos(), " nanos; it must be from ",
                            absl::FormatTime(kFormat, first, absl::UTCTimeZone()), " to now, ",
                            absl::FormatTime(kFormat, now, absl::UTCTimeZone()), ", with 0 to 999999999 nanos"));
  }
  if (certificate.seconds() >= 0 && std::isfinite(certificate.seconds())) return absl::OkStatus();
  return Bad("seconds", absl::StrCat("is ", certificate.seconds(), "; it must be finite and at least 0"));
}

// Bits that were checked.
double ValueOf(Dtype dtype, const std::string& text) {
  uint64_t bits = 0;
  return absl::SimpleHexAtoi(text, &bits) ? ValueOf(dtype, bits) : 0;
}

void MakeCanonical(v1::InputError& error, Dtype dtype) {
  for (int i = 0; i < error.inputs_size(); ++i) error.set_inputs(i, ValueOf(dtype, error.input_bits(i)));
  error.set_got(ValueOf(dtype, error.got_bits()));
  error.set_expected(ValueOf(dtype, error.expected_bits()));
}

}  // namespace

absl::Status CheckCertificate(const v1::Certificate& certificate, absl::Time now) {
  if (!certificate.has_kernel()) return Bad("kernel", "is not given; every certificate has it");
  const absl::StatusOr<Subject> of = CheckKernel(certificate.kernel());
  if (!of.ok()) return of.status();
  absl::Status status = CheckAllParameters(certificate.parameters(), of->activation);
  if (status.ok()) status = CheckReport(certificate, *of);
  if (status.ok()) status = CheckOrigin(certificate);
  return status.ok() ? CheckTime(certificate, now) : status;
}

void MakeCanonical(v1::Certificate& certificate) {
  const Dtype dtype = *FromProto(certificate.kernel().dtype());
  v1::AccuracyReport& report = *certificate.mutable_report();
  for (v1::InputError& error : *report.mutable_worst()) MakeCanonical(error, dtype);
  for (v1::SpecialValue& value : *report.mutable_special_values()) MakeCanonical(*value.mutable_error(), dtype);
  certificate.DiscardUnknownFields();
}

}  // namespace actbench

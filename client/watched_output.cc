// SPDX-License-Identifier: Apache-2.0
#include "client/watched_output.h"

#include <cerrno>

namespace actbench::client {

void WatchedOutput::Keep(bool good) {
  if (!good && error_ == 0) error_ = errno;
}

WatchedOutput::int_type WatchedOutput::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
  const int_type written = buffer_->sputc(traits_type::to_char_type(character));
  Keep(!traits_type::eq_int_type(written, traits_type::eof()));
  return written;
}

std::streamsize WatchedOutput::xsputn(const char* text, std::streamsize size) {
  const std::streamsize written = buffer_->sputn(text, size);
  Keep(written == size);
  return written;
}

int WatchedOutput::sync() {
  const int status = buffer_->pubsync();
  Keep(status == 0);
  return status;
}

}  // namespace actbench::client

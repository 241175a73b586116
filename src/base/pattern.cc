#include "base/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <array>
#include <atomic>

#include <pcre2.h>

#include "base/check.h"
#include "base/hex.h"

namespace harrier::base {
namespace {

constexpr std::string_view kEverything = ".*";
constexpr std::string_view kOnlyEmpty = "^$";

// Each for itself: a match that sees one of them old and one new is bounded all the same.
struct CurrentLimits {
  std::atomic<std::uint32_t> steps{Pattern::Limits{}.steps};
  std::atomic<std::uint32_t> depth{Pattern::Limits{}.depth};
  std::atomic<std::uint32_t> heap_kib{Pattern::Limits{}.heap_kib};
};
CurrentLimits current_limits;  // NOLINT: one for the process, as the level of the log

PCRE2_SPTR units(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

struct FreeCompileContext {
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
};

// What a match needs to write to; kept per thread, so that asking takes nothing from the heap.
class Scratch {
 public:
  Scratch()
      : context_(pcre2_match_context_create(nullptr)), data_(pcre2_match_data_create(1, nullptr)) {
    CHECK(context_ != nullptr && data_ != nullptr);
  }
  ~Scratch() {
    pcre2_match_data_free(data_);
    pcre2_match_context_free(context_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  bool match(const pcre2_code* code, std::string_view text) {
    pcre2_set_match_limit(context_, current_limits.steps.load(std::memory_order_relaxed));
    pcre2_set_depth_limit(context_, current_limits.depth.load(std::memory_order_relaxed));
    limit_heap(current_limits.heap_kib.load(std::memory_order_relaxed));
    return pcre2_match(code, units(text), text.size(), 0, PCRE2_NO_JIT, data_, context_) >= 0;
  }

 private:
  // PCRE2 keeps what it has taken and holds only further memory against the limit.
  void limit_heap(std::uint32_t heap_kib) {
    if (heap_kib == heap_kib_) return;
    heap_kib_ = heap_kib;
    pcre2_set_heap_limit(context_, heap_kib);
    pcre2_match_data_free(data_);
    data_ = pcre2_match_data_create(1, nullptr);
    CHECK(data_ != nullptr);
  }

  pcre2_match_context* context_;
  pcre2_match_data* data_;
  std::uint32_t heap_kib_ = 0;  // before the first match
};

std::string text_of(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

// By number instead of behind a backslash: this holds inside \Q…\E and (?x), too.
void append_literal(std::string& pattern, std::string_view text) {
  for (const char c : text) {
    if (is_plain(c)) {
      pattern += c;
    } else {
      pattern.append("\\x");
      append_hex(pattern, c);
    }
  }
}

bool behind_backslash(std::string_view source, std::size_t at) {
  std::size_t backslashes = 0;
  while (backslashes < at && source[at - backslashes - 1] == '\\')
    ++backslashes;
  return backslashes % 2 == 1;
}

}  // namespace

struct Pattern::Code {
  explicit Code(pcre2_code* compiled) : code(compiled) {}
  ~Code() { pcre2_code_free(code); }
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;

  pcre2_code* const code;
};

Result<Pattern> Pattern::compile(std::string_view source) {
  if (source.size() > kSourceMax)
    return fail("the pattern is longer than " + std::to_string(kSourceMax) + " bytes");
  if (source.empty()) source = kOnlyEmpty;
  const std::unique_ptr<pcre2_compile_context, FreeCompileContext> context(
      pcre2_compile_context_create(nullptr));
  CHECK(context != nullptr);
  // Whatever PCRE2 was built with: a pattern means the same everywhere.
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  pcre2_set_bsr(context.get(), PCRE2_BSR_UNICODE);
  int error = 0;
  PCRE2_SIZE at = 0;
  pcre2_code* code = pcre2_compile(units(source), source.size(), 0, &error, &at, context.get());
  if (code == nullptr)
    return fail("the pattern is wrong at byte " + std::to_string(at) + ": " + text_of(error));
  Pattern pattern;
  pattern.code_ = std::make_shared<const Code>(code);
  pattern.everything_ = source == kEverything;
  return pattern;
}

bool Pattern::matches(std::string_view text) const {
  if (everything_) return true;
  if (code_ == nullptr) return false;
  thread_local Scratch scratch;
  return scratch.match(code_->code, text);
}

void Pattern::set_limits(const Limits& limits) {
  current_limits.steps.store(limits.steps, std::memory_order_relaxed);
  current_limits.depth.store(limits.depth, std::memory_order_relaxed);
  current_limits.heap_kib.store(limits.heap_kib, std::memory_order_relaxed);
}

Result<std::string> expand_pattern(std::string_view source,
                                   std::span<const PatternVariable> variables) {
  std::string expanded;
  std::size_t at = 0;
  while (at != source.size()) {
    const PatternVariable* found = nullptr;
    if (source[at] == '{') {
      for (const PatternVariable& variable : variables) {
        const std::string_view rest = source.substr(at + 1);
        if (rest.starts_with(variable.first) && rest.substr(variable.first.size()).starts_with('}'))
          found = &variable;
      }
    }
    if (found == nullptr) {
      expanded += source[at++];
      continue;
    }
    if (behind_backslash(source, at))
      return fail("the pattern has a backslash before {" + std::string(found->first) + "}");
    append_literal(expanded, found->second);
    at += found->first.size() + 2;
  }
  return expanded;
}

}  // namespace harrier::base

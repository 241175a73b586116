// CHECK and DCHECK: the end of the process for our own bugs.
//
// Role:   states what must hold whatever a peer sends or the disk does. A CHECK that fails prints
//         the expression and its place on stderr and aborts; it is on in every build. DCHECK is for
//         conditions that cost something to evaluate and is compiled out with NDEBUG.
// Errors: never used for bytes from outside: those get a ProtocolError or a Result.
#pragma once

namespace harrier::base {

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace harrier::base

#define CHECK(condition)                                             \
  do {                                                               \
    if (!(condition)) [[unlikely]]                                   \
      ::harrier::base::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)

#ifdef NDEBUG
#define DCHECK(condition)       \
  do {                          \
    if (false && (condition)) { \
    }                           \
  } while (false)
#else
#define DCHECK(condition) CHECK(condition)
#endif

#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace harrier::base {

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "harriermq: bug: CHECK(%s) failed at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace harrier::base

// harrierctl: operates a broker from the command line.
#include <iostream>

#include <unistd.h>

#include "ctl/program.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  harrier::ctl::Streams streams{std::cin, std::cout, std::cerr, isatty(STDIN_FILENO) == 1};
  return harrier::ctl::run_program(argc > 0 ? argv[0] : "harrierctl",
                                   std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc),
                                   streams);
}

#include "ctl/password_input.h"

#include <fstream>
#include <istream>
#include <ostream>

#include <unistd.h>

#include <termios.h>

#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

// While it lives, the terminal does not show what is typed.
class EchoOff {
 public:
  EchoOff() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  ~EchoOff() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

std::string read_line(std::istream& in) {
  std::string line;
  for (int c = in.get(); c != std::istream::traits_type::eof() && c != '\n'; c = in.get()) {
    if (line.size() == kPasswordBytesMax) throw Trouble(kExitUsage, "the password is too long");
    line += static_cast<char>(c);
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace

std::string read_password(Streams& streams) {
  std::string line;
  if (streams.terminal) {
    streams.err << "Password: " << std::flush;
    const EchoOff quiet;
    line = read_line(streams.in);
    streams.err << '\n';
  } else {
    line = read_line(streams.in);
  }
  if (line.empty() && streams.in.eof())
    throw Trouble(kExitUsage, "no password: neither as an argument nor on standard input");
  return line;
}

std::string read_password_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Trouble(kExitConfig, "cannot read " + path);
  return read_line(file);
}

}  // namespace harrier::ctl

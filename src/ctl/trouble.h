// Why a command did not do what was asked: a text for standard error and an exit code.
//
// Role:   thrown anywhere in this layer and caught by run_program(); nothing above sees it.
// Thread: immutable value.
// Spec:   sysexits.h, as RabbitMQ's tools use it.
#pragma once

#include <stdexcept>
#include <string>

namespace harrier::ctl {

enum ExitCode {
  kExitOk = 0,
  kExitUsage = 64,         // the command line
  kExitNoSuchObject = 65,  // no such virtual host, no such file, a wrong password
  kExitNoSuchUser = 67,
  kExitUnavailable = 69,  // no broker there, it refuses, or a check failed
  kExitSoftware = 70,     // an answer that makes no sense; an object that is there already
  kExitIoFailure = 74,    // a file or standard output cannot be written
  kExitTimeout = 75,
  kExitNoPermission = 77,  // not logged in, or not allowed
  kExitConfig = 78,        // the address of the broker, a password file
};

class Trouble : public std::runtime_error {
 public:
  Trouble(ExitCode code, const std::string& text) : std::runtime_error(text), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

}  // namespace harrier::ctl

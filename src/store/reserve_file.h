// Room kept aside on the disk, for what makes room on a full one: one run and one checkpoint.
//
// Role:   when a spill or a checkpoint finds no space, the file goes and the work is tried again;
//         once there is space, it is made anew.
// Thread: confined to the worker.
// Errors: not being able to make it is only logged: it is a precaution.
// Spec:   ruling B3; the key disk.reserve.
#pragma once

#include <cstdint>
#include <string_view>

#include "journal/file_system.h"

namespace harrier::store {

class ReserveFile {
 public:
  // In the data directory. Who needs room before there is a store may remove it.
  static constexpr std::string_view kPath = "reserve.bin";

  ReserveFile(journal::FileSystem& files, std::uint64_t bytes) : files_(files), bytes_(bytes) {}

  // Makes it, if it is not there and the disk has more than twice its size free.
  void make();
  // Gives the room away; false when there is none.
  bool release();

 private:
  bool fill();

  journal::FileSystem& files_;
  const std::uint64_t bytes_;
  bool there_ = false;
};

}  // namespace harrier::store

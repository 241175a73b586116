// The journal's files by name, and how they are made.
//
// Model:  journal/NN.seg, all of one size, filled with zeros before they get that name, so a file
//         with that name has its whole size unless somebody cut it.
// Thread: compatible.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/file_system.h"
#include "journal/journal.h"

namespace harrier::journal {

inline constexpr std::string_view kJournalFolder = "journal";

std::string segment_path(std::uint32_t file);
// nullopt for a name that no segment has.
std::optional<std::uint32_t> file_of_segment_name(std::string_view name);

// The numbers of the segment files, growing. A folder that does not exist has none.
IoResult<std::vector<std::uint32_t>> list_segment_files(FileSystem& files);

// Makes the segment files that are missing among `wanted`, and removes half-made ones; everything
// is durable when it returns.
IoStatus make_segment_files(FileSystem& files, const std::vector<std::uint32_t>& wanted,
                            std::uint64_t file_bytes);

IoStatus write_zeros(File& file, std::uint64_t offset, std::uint64_t bytes);

}  // namespace harrier::journal

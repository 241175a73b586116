// The values of many objects of one kind, taken while they are walked and written family by family
// afterwards: the format wants a family's samples together, and a walk per family would ask the
// loops once for each.
//
// Model:  add() for each object → write() until it says that all is written. A column per family, a
//         row per object; numbers only, so an object takes about 8 bytes for each family that is
//         wanted, and its labels.
// Thread: confined to the scrape.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tsl/robin_map.h>

#include "metrics/object_family.h"
#include "metrics/selection.h"
#include "metrics/text_writer.h"

namespace harrier::metrics {

template <class View>
class ObjectTable {
 public:
  // Only what `selection` wants.
  ObjectTable(std::span<const ObjectFamily<View>> families, const Selection& selection) {
    for (const ObjectFamily<View>& family : families)
      if (selection.wants(family.detailed))
        columns_.push_back({&family, name_on(selection.endpoint, family.name), {}, {}});
  }

  // False: nothing of it is wanted, and nobody need walk.
  bool wanted() const { return !columns_.empty(); }
  std::size_t size() const { return labels_.size(); }

  // `labels` as label_text() has them. One that is there already is left out: a walk may meet an
  // object twice, and a page with a series twice is refused.
  void add(std::string labels, const View& view) {
    const auto [seen, fresh] = seen_.try_emplace(std::hash<std::string>()(labels), labels_.size());
    if (!fresh && labels_[seen->second] == labels) return;
    for (Column& column : columns_) {
      if (column.family->distribution != nullptr) {
        const server::Distribution& spread = column.family->distribution(view);
        // Without counts it is not kept, to take no memory.
        if (spread.count() != 0) column.spreads.emplace_back(labels_.size(), spread);
      } else {
        column.values.push_back(column.family->value(view).value_or(kAbsent));
      }
    }
    labels_.push_back(std::move(labels));
  }

  // Appends until there are `enough` bytes. False: all is written, and forgotten.
  bool write(std::string& text, std::size_t enough) {
    TextWriter writer(text);
    for (; column_ != columns_.size(); ++column_, row_ = 0) {
      Column& column = columns_[column_];
      // Rows of one name are one family.
      if (row_ == 0 && (column_ == 0 || columns_[column_ - 1].name != column.name)) begun_ = false;
      if (!write_column(writer, column, enough)) return true;
      // Its memory is no longer needed.
      column.values = {};
      column.spreads = {};
    }
    return false;
  }

 private:
  static constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

  struct Column {
    const ObjectFamily<View>* family;
    std::string name;
    std::vector<double> values;
    std::vector<std::pair<std::size_t, server::Distribution>> spreads;
  };

  // False: there are enough, and more is to come.
  bool write_column(TextWriter& writer, const Column& column, std::size_t enough) {
    writer.family(column.name, column.family->type, column.family->help, begun_);
    const bool spread = column.family->distribution != nullptr;
    const std::size_t rows = spread ? column.spreads.size() : column.values.size();
    for (; row_ != rows; ++row_) {
      if (writer.size() >= enough) return false;
      if (spread) {
        const auto& [row, distribution] = column.spreads[row_];
        writer.histogram(labels_[row], distribution.upper_bounds, distribution.counts,
                         distribution.sum);
        begun_ = true;
      } else if (!std::isnan(column.values[row_])) {
        sample(writer, column, row_);
        begun_ = true;
      }
    }
    return true;
  }

  void sample(TextWriter& writer, const Column& column, std::size_t row) {
    if (column.family->label == nullptr) return writer.sample(labels_[row], column.values[row]);
    scratch_.assign(labels_[row]).append(",").append(column.family->label);
    writer.sample(scratch_, column.values[row]);
  }

  std::vector<Column> columns_;
  std::vector<std::string> labels_;
  tsl::robin_map<std::size_t, std::size_t> seen_;  // the row, by hash of its labels
  std::size_t column_ = 0;
  std::size_t row_ = 0;
  bool begun_ = false;  // HELP and TYPE of the family are out; it may go on in another call
  std::string scratch_;
};

}  // namespace harrier::metrics

#include "support/durable_machine.h"

#include <cstdlib>

#include "base/log.h"

namespace harrier::test {

DurableMachine::DurableMachine(DurableOptions options, std::uint64_t seed)
    : options_(std::move(options)), seed_(seed), files_(std::make_unique<FaultyFileSystem>()) {
  // The faults are made on purpose.
  if (std::getenv("HARRIER_TEST_LOG") == nullptr)
    base::configure_log(base::LogLevel::kOff, base::LogFormat::kText);
}

void DurableMachine::fail_at(std::uint64_t call, Fault fault) {
  plan_ = {call, fault};
  files_->fail_at(call - calls_before_, fault);
}

bool DurableMachine::over() const {
  return broker_ == nullptr || !broker_->opened() || broker_->failed() || crashed();
}

void DurableMachine::complain(const std::string& what) {
  if (problems.size() < 20) problems.push_back(what);
}

bool DurableMachine::open(const DurableBroker::ModelOf& model_of) {
  wrapped_ = wrap ? wrap(*files_) : nullptr;
  journal::FileSystem& disk = wrapped_ ? *wrapped_ : static_cast<journal::FileSystem&>(*files_);
  ++epoch_;
  calls_at_open_ = calls();
  broker_ = std::make_unique<DurableBroker>(disk, clock_, options_, epoch_, seed_ + epoch_);
  return broker_->open(model_of);
}

bool DurableMachine::begin() {
  const bool good = open([](std::size_t, broker::Lsn) { return DurableModel(); });
  if (!good && !crashed() && !plan_) complain("a new disk is refused: " + broker_->error());
  return good;
}

// The recorders outlive the broker that is gone: they know what should be there.
std::vector<broker::Lsn> DurableMachine::take_recorders() {
  std::vector<broker::Lsn> lasts(options_.hosts.size());
  // One that was never opened wrote nothing.
  const bool opened = broker_->hosts().size() == options_.hosts.size() &&
                      broker_->hosts().back().recorder != nullptr;
  if (!opened) return lasts;
  recorders_.clear();
  for (DurableBroker::Host& host : broker_->hosts())
    recorders_.push_back(std::move(host.recorder));
  for (std::size_t i = 0; i != lasts.size(); ++i)
    lasts[i] = recorders_[i]->inner_last();
  return lasts;
}

void DurableMachine::change_disk(std::unique_ptr<FaultyFileSystem> disk) {
  calls_before_ += files_->calls();
  if (plan_ && plan_->first > calls_before_)
    disk->fail_at(plan_->first - calls_before_, plan_->second);
  plans_restart_ = next_plan_.has_value();
  if (next_plan_) disk->fail_at(next_plan_->first, next_plan_->second);
  next_plan_.reset();
  files_ = std::move(disk);
}

bool DurableMachine::reopen(std::unique_ptr<FaultyFileSystem> disk, bool clean) {
  for (const std::string& complaint : broker_->complaints)
    complain(complaint);
  for (DurableBroker::Host& host : broker_->hosts()) {
    if (host.recorder) host.recorder->look();
  }
  left_out_unreadable();
  for (DurableBroker::Host& host : broker_->hosts())
    host.host.reset();
  const std::vector<broker::Lsn> lasts = take_recorders();
  // They use the disk until they end.
  broker_.reset();
  wrapped_.reset();
  if (disk) change_disk(std::move(disk));
  if (!clean) exact_ = false;
  const bool good = open([&](std::size_t host, broker::Lsn recovered) {
    if (recorders_.empty()) return DurableModel();
    const broker::Lsn needed = clean ? lasts[host] : recorders_[host]->promised();
    if (recovered < needed)
      complain("confirmed records are lost: " + std::to_string(recovered.value) + " of " +
               std::to_string(needed.value));
    return recorders_[host]->state_at(recovered);
  });
  if (!good && !excused()) complain("the disk is refused: " + broker_->error());
  return good;
}

bool DurableMachine::left_out_unreadable() {
  for (DurableBroker::Host& host : broker_->hosts())
    if (host.host && host.host->counters().unreadable.value() != 0) unreadable_ = true;
  // Counted there only when the middle that had them is used up.
  if (broker_->opened() && broker_->loop_store().pager().damaged_blocks().value() != 0)
    unreadable_ = true;
  return unreadable_;
}

}  // namespace harrier::test

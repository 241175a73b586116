// Methods of the tx class (90) and RabbitMQ's confirm class (85).
//
// Model: rows of the method table, see method_traits.h. Fields stand in wire order.
// Spec:  AMQP 0-9-1 XML, classes confirm and tx.
#pragma once

#include "amqp/method_traits.h"

namespace harrier::amqp {

struct ConfirmSelect {
  static constexpr MethodTraits kTraits{
      {85, 10}, "confirm.select", Sender::kClient, Level::kChannel};
  bool no_wait = false;

  static constexpr auto fields() { return std::tuple(named("no_wait", &ConfirmSelect::no_wait)); }
};

struct ConfirmSelectOk {
  static constexpr MethodTraits kTraits{
      {85, 11}, "confirm.select-ok", Sender::kServer, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

struct TxSelect {
  static constexpr MethodTraits kTraits{{90, 10}, "tx.select", Sender::kClient, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

struct TxSelectOk {
  static constexpr MethodTraits kTraits{{90, 11}, "tx.select-ok", Sender::kServer, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

struct TxCommit {
  static constexpr MethodTraits kTraits{{90, 20}, "tx.commit", Sender::kClient, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

struct TxCommitOk {
  static constexpr MethodTraits kTraits{{90, 21}, "tx.commit-ok", Sender::kServer, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

struct TxRollback {
  static constexpr MethodTraits kTraits{{90, 30}, "tx.rollback", Sender::kClient, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

struct TxRollbackOk {
  static constexpr MethodTraits kTraits{
      {90, 31}, "tx.rollback-ok", Sender::kServer, Level::kChannel};
  static constexpr auto fields() { return std::tuple(); }
};

}  // namespace harrier::amqp

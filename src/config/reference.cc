#include "config/reference.h"

#include <array>
#include <string_view>
#include <utility>

#include "config/options_table.h"
#include "config/yaml_writer.h"

namespace harrier::config {
namespace {

constexpr std::size_t kProseColumns = 98;

constexpr const char* kIntroduction = R"(# Configuration

Made by `script/configuration` from the table of keys in `src/config`; a test fails when it is
stale.

`harriermq --config FILE` reads one YAML file.
[`config/harriermq.yaml`](../../config/harriermq.yaml) holds every key with its default and a
reason, [`config/production.yaml`](../../config/production.yaml) is an example for production.

- A key that is left out keeps its default. Lists replace the default list as a whole.
- Unknown keys, keys given twice, wrong types and impossible values are errors. All of them are
  reported, one per line: `harriermq.yaml:12: limits.connection.frame_max: 1024 is below 4KiB`.
  The exit code is 78.
- **Sizes**: a number and `B`, `KiB`, `MiB`, `GiB`, `KB`, `MB` or `GB`; a bare number is bytes.
- **Durations**: a number and `ms`, `s`, `min`, `h` or `d`; only `0` may stand bare.
- The command line (`--bind` and `--port`, both of `listeners.amqp`, and `--data-dir`) wins over
  the environment, the environment over the file, the file over the defaults.
- `--check-config` reads all of them, says what is wrong and does not start.
- `--print-config` prints what results as YAML, which can be read again. A secret is shown as
  `********`, unless it was read from a file, which is shown then, or is built in. No broker
  starts with `********` as a secret.

## The environment

A variable stands for a key with one value: `HARRIERMQ_`, then the key in capitals, with `_` for
each dot and bracket. `listeners.amqp.port` is `HARRIERMQ_LISTENERS_AMQP_PORT`; `users[0].name`,
of the first user in the file or, without users there, of the default one, is
`HARRIERMQ_USERS_0_NAME`. Variables add no elements to lists, and lists of texts and maps have
none. Values are written as in the file, without quotes; errors name the variable.

A variable that begins with `HARRIERMQ_` and stands for no key is warned of, not an error:
Kubernetes makes such variables for a service named harriermq.

RabbitMQ's variables, which compose files and charts set, are understood, too; where a variable of
ours stands for the same key, ours wins, and an empty one is not set:

- `RABBITMQ_DEFAULT_USER`, `RABBITMQ_DEFAULT_PASS`: an administrator, in the place of `guest`, or
  beside the users that the file names. Without a password it is `guest`, for this machine only.
- `RABBITMQ_DEFAULT_VHOST`: the virtual host it may use, in the place of `/`, or beside those that
  the file names.
- The same with `_FILE` at the end: a file that holds the value.
- `RABBITMQ_NODE_PORT`, `RABBITMQ_NODE_IP_ADDRESS`: `listeners.amqp.port` and `bind`.
- `RABBITMQ_MNESIA_BASE`, `RABBITMQ_MNESIA_DIR`: `data_dir`.
- `RABBITMQ_LOG`: `log.level`, from the level that is for no single category.
- `RABBITMQ_LOGS`: nothing; the log goes to standard output, and any value but `-` is warned of.
- `RABBITMQ_SSL_CERTFILE`, `_KEYFILE`, `_CACERTFILE`, `_VERIFY`, `_FAIL_IF_NO_PEER_CERT`, `_DEPTH`:
  `listeners.amqps`, opened if the first two are set.
- `RABBITMQ_VM_MEMORY_HIGH_WATERMARK`: `memory.high_watermark`.
- `RABBITMQ_PRODUCT_NAME`, `RABBITMQ_PRODUCT_VERSION`: `server_properties.product` and `version`.

Users and virtual hosts are made at the first start, like those of the file
([operations/administration.md](../operations/administration.md)). RabbitMQ's other variables, such
as `RABBITMQ_ERLANG_COOKIE`, are warned of; what RabbitMQ does not know either is passed over.

## Secrets

A key marked *secret* can be given as `<key>_file` instead, in the environment with `_FILE` at the
end: the path of a file that holds it. One newline at its end is left out; an empty file, one that
holds more than the secret may, and what is no regular file are errors. Every other key that ends in
`_file` is the path of a file that the broker itself reads, such as a certificate's: it stands for
nothing else, and no key without `_file` belongs to it.

## Changes at run time

SIGHUP reads the file, and the files of secrets, again; the environment and the command line are
those of the start. If anything is wrong, nothing changes, and the log has a warning with file and
line for each mistake. Otherwise keys marked *SIGHUP* take effect: those of `limits.connection` and
`limits.session` for connections that begin later, those of `auth` for logins that begin later,
those of `limits.virtual_host` for what is added later (above a new limit nothing is taken away),
those of `listeners.amqps` if it was enabled at the start, the rest at once. The other keys stay as
they were until a restart. The log names each key that differs once: `in effect`, or `waits for a
restart`. What stands in the files of certificates and keys is read again, too
([operations/tls.md](../operations/tls.md)).
)";

constexpr const char* kExitCodes = R"(
## Exit codes

| Code | Meaning |
|--|--|
| 0 | Stopped by SIGTERM or SIGINT. |
| 64 | The command line is wrong. |
| 65 | What lies in `data_dir` is damaged; the log says where. Nothing was changed. |
| 69 | A port cannot be opened, or the system refused something else. |
| 73 | Another process uses `data_dir`. |
| 74 | `data_dir` cannot be read or written. |
| 78 | The configuration is wrong. |
)";

constexpr const char* kHolding =
    "Publishers are held while a resource is short: connections that have published are not read "
    "until it is over, their heartbeats are not expected meanwhile, everything else goes on; "
    "connections that only consume are never held. In an alarm (disk, memory) they are told by "
    "`connection.blocked`, if they asked for it; the journal's holds are short and not told.";
constexpr const char* kPatterns =
    "Patterns are PCRE2, at most 4096 bytes, searched for anywhere in the name: anchor them with "
    "`^` and `$`. A wrong one is an error with its line. "
    "[operations/permissions.md](../operations/permissions.md) says which operation asks for what.";
constexpr const char* kPolicies =
    "What is wrong with one stops the start and is shown with file and line. "
    "[operations/policies.md](../operations/policies.md) has the keys of a definition.";

constexpr const char* kTenants =
    "`unset` in `limits.virtual_hosts` leaves the decision to the first entry of `limits.defaults` "
    "whose pattern is found in the name; where that leaves it open, too, nothing is limited. `-1` "
    "is not limited, whatever a default says. [operations/limits.md](../operations/limits.md) says "
    "how the limits work together.";

// What a section says beside its keys.
constexpr std::array<std::pair<std::string_view, const char*>, 5> kProse{{
    {"journal", kHolding},
    {"users", kPatterns},
    {"policies", kPolicies},
    {"operator_policies", kPolicies},
    {"limits.virtual_hosts", kTenants},
}};

constexpr const char* kExampleHead =
    "The configuration of HarrierMQ: every key with its default. A key left out keeps its default; "
    "an unknown key is an error. Sizes: 64KiB, 16MiB, 1GiB or bytes. Durations: 250ms, 60s, 30min, "
    "2h, 1d. In brackets: how a value is written, and its limits; SIGHUP applies what says so, the "
    "rest needs a restart. docs/reference/configuration.md says more. `harriermq --check-config "
    "--config FILE` checks a file. Made by script/configuration.";

std::string below(const std::string& path, const Key& key) {
  return path.empty() ? key.name : path + "." + key.name;
}

void list_keys(const Table& table, const std::string& path, std::vector<std::string>& keys) {
  for (const Key& key : table.keys) {
    if (key.is_leaf()) {
      keys.push_back(below(path, key));
    } else {
      if (key.is_list()) keys.push_back(below(path, key));
      list_keys(*key.below, below(path, key) + (key.is_list() ? "[]" : ""), keys);
    }
  }
}

// As text of a table's cell, where bars and asterisks have meanings.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|' || c == '*') escaped.push_back('\\');
    escaped.push_back(c);
  }
  return escaped;
}

std::string default_of(const Key& key, const void* owner) {
  if (key.needed) return "needed";
  if (key.is_list()) {
    const std::size_t count = elements_of(key, owner).size();
    return count == 0 ? "none" : "[one](../../config/harriermq.yaml)";
  }
  const std::string value = key.write(owner);
  if (value == "\"\"" || value == "[]" || value == "{}") return "none";
  return "`" + value + "`";
}

void add_row(std::string& text, const std::string& path, const Key& key, const void* owner) {
  std::string form = cell(key.form);
  if (key.secret) form.insert(0, "*").insert(form.find(' '), "*");
  text.append("| `" + path + "` | " + default_of(key, owner) + " | " + form + " | " +
              cell(key.meaning) + " *" + cell(key.reason) + "* | " +
              (key.applies == Applies::kAtReload ? "SIGHUP" : "restart") + " |\n");
}

void add_rows(std::string& text, const Table& table, const void* owner, const std::string& path) {
  for (const Key& key : table.keys) {
    const std::string key_path = below(path, key);
    if (key.is_section()) {
      add_rows(text, *key.below, part_of(key, owner), key_path);
      continue;
    }
    add_row(text, key_path, key, owner);
    if (key.is_list()) add_rows(text, *key.below, key.sample.get(), key_path + "[]");
  }
}

constexpr const char* kTableHead =
    "\n| Key | Default | Value | Meaning, and *why the default* | Change |\n|--|--|--|--|--|\n";

void add_chapter(std::string& text, const Key& key, const void* owner, const std::string& path);

// One chapter for what stands alone, then one for each part.
void add_chapters(std::string& text, const Key& key, const void* owner, const std::string& path) {
  const void* const parts = part_of(key, owner);
  text.append("\n## `" + path + "`\n\n" + key.meaning + "\n").append(kTableHead);
  for (const Key& part : key.below->keys)
    if (part.is_leaf()) add_row(text, below(path, part), part, parts);
  for (const Key& part : key.below->keys)
    if (!part.is_leaf()) add_chapter(text, part, parts, below(path, part));
}

// A section or a list has a heading of its own; the limits are several.
void add_chapter(std::string& text, const Key& key, const void* owner, const std::string& path) {
  if (path == "limits") return add_chapters(text, key, owner, path);
  text.append("\n## `" + path + "`\n");
  const auto add_prose = [&](std::string_view prose) {
    text.push_back('\n');
    for (const std::string& line : wrapped(prose, "", kProseColumns))
      text.append(line).push_back('\n');
  };
  if (key.is_section() && !key.meaning.empty()) add_prose(key.meaning);
  for (const auto& [name, prose] : kProse)
    if (name == path) add_prose(prose);
  text.append(kTableHead);
  if (key.is_section()) {
    add_rows(text, *key.below, part_of(key, owner), path);
  } else {
    add_row(text, path, key, owner);
    add_rows(text, *key.below, key.sample.get(), path + "[]");
  }
}

}  // namespace

std::vector<std::string> key_paths() {
  std::vector<std::string> keys;
  list_keys(options_table(), "", keys);
  return keys;
}

std::string reference_markdown() {
  const Table& table = options_table();
  const Options defaults;
  std::string text = kIntroduction;
  text.append("\n## The node\n").append(kTableHead);
  for (const Key& key : table.keys)
    if (key.is_leaf()) add_row(text, key.name, key, &defaults);
  for (const Key& key : table.keys)
    if (!key.is_leaf()) add_chapter(text, key, &defaults, key.name);
  return text.append(kExitCodes);
}

std::string example_yaml() {
  const Options defaults;
  std::string text;
  for (const std::string& line : wrapped(kExampleHead, "# ", 100))
    text.append(line).push_back('\n');
  YamlWriter::Style style;
  style.comments = true;
  return text + "\n" + YamlWriter(style).text(options_table(), &defaults);
}

}  // namespace harrier::config

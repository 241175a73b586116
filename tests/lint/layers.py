"""The layer table: who may include whom, and which library's headers may be read where.

docs/architecture.md explains it; this is the copy that is enforced. src/<layer>/CMakeLists.txt must
name the same layers as DEPS.
"""

# Lowest first. Each layer may use the layers named here and include/harrier/, nothing else.
LAYERS = {
    "base": [],
    "amqp": ["base"],
    "journal": ["base"],
    "audit": ["base"],
    "auth": ["base"],
    "config": ["base"],
    "broker": ["base", "auth", "amqp"],
    "session": ["base", "amqp", "auth", "broker"],
    "store": ["base", "amqp", "journal", "broker"],
    "server": ["base", "amqp", "journal", "audit", "auth", "broker", "session", "store"],
    "http": ["base"],
    "metrics": ["base", "amqp", "journal", "audit", "auth", "broker", "session", "store",
                "server", "http"],
    "management": ["base", "amqp", "journal", "audit", "auth", "broker", "session", "store",
                   "server", "http", "metrics"],
    "app": ["base", "amqp", "journal", "audit", "auth", "broker", "session", "store", "config",
            "server", "http", "metrics", "management"],
    # harrier-perf: a client, which knows the wire and nothing of the broker.
    "perf": ["base", "amqp"],
    # harrierctl: a client of the management API.
    "ctl": ["base"],
}

# No I/O, no lock, no thread, no clock, no source of randomness of their own.
PURE_LAYERS = ["amqp", "broker", "session"]

# (start of the header's name, paths relative to src/ that may include it; "" is everywhere)
THIRD_PARTY = [
    ("asio.hpp", ["server/"]),
    ("asio/", ["server/"]),
    ("openssl/", ["base/", "audit/", "auth/", "server/", "http/stream.", "perf/", "ctl/base64.cc",
                  "ctl/password_hash.cc"]),
    ("yaml-cpp/", ["config/"]),
    ("prometheus/", ["metrics/"]),
    ("boost/asio", ["http/", "ctl/http_client.cc"]),
    ("boost/beast", ["http/", "ctl/http_client.cc"]),
    ("boost/system", ["http/"]),
    ("zlib.h", ["http/gzip."]),
    ("spdlog/", ["base/log.", "base/log_"]),
    ("CLI/", ["app/", "perf/", "ctl/"]),
    ("tsl/", [""]),
    ("isa-l/", ["base/"]),
    ("pcre2.h", ["base/pattern.cc"]),
    ("cjose/", ["auth/token_"]),
    ("nlohmann/", ["ctl/", "audit/", "auth/strict_json.h", "server/definitions_",
                   "server/otlp_json.",
                   "management/", "app/main.cc"]),
    ("curl/", ["server/http_client."]),
]

# What the operating system offers: not for the pure layers, and not for include/harrier/.
SYSTEM_PREFIXES = ("arpa/", "linux/", "net/", "netinet/", "sys/")
SYSTEM_HEADERS = {
    "dirent.h", "execinfo.h", "fcntl.h", "grp.h", "immintrin.h", "malloc.h", "netdb.h",
    "nmmintrin.h", "poll.h", "pthread.h", "pwd.h", "sched.h", "signal.h", "spawn.h", "termios.h",
    "unistd.h", "x86intrin.h",
}

# The standard library: names without a dot or slash are taken as such.
IMPURE_STANDARD_HEADERS = {
    "barrier", "condition_variable", "filesystem", "fstream", "future", "iostream", "latch",
    "mutex", "print", "semaphore", "shared_mutex", "stop_token", "syncstream", "thread",
}

# (what to say, pattern) that must not occur in the code of a pure layer.
IMPURE_CODE = [
    ("a thread", r"\bstd::j?thread\b|\bthis_thread\b|\bpthread_\w+"),
    ("a lock", r"\bstd::(\w*_)?mutex\b|\bstd::(lock_guard|unique_lock|scoped_lock)\b"),
    ("a clock", r"\b\w*[Cc]lock\w*(<[^>]*>)?::now\b|\bclock_gettime\b|\bgettimeofday\b"
                r"|\bstd::time\s*\("),
    ("a random device", r"\brandom_device\b|\bgetrandom\b|\bs?rand\s*\(\s*\)"),
    ("output", r"\bstd::(cout|cerr|clog|cin)\b|\b(f?printf|fputs|puts)\s*\("),
    ("Asio", r"\basio::"),
    ("the environment", r"\bgetenv\b"),
]

# Words that name nothing (docs/style.md, "Names"): not in a file's, a class's or a struct's name.
BANNED_WORDS = {
    "data": "say what the bytes are",
    "helper": "name what it does",
    "helpers": "name what it does",
    "info": "name the thing itself",
    "manager": "name what it does: registry, loop, listener ...",
    "misc": "put each thing where it belongs",
    "subscriber": "AMQP says consumer",
    "util": "name what it does",
    "utils": "name what it does",
}

LINES_MAX = {".cc": 600, ".h": 300}
TEST_LINES_MAX = 800
COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70

//! What scripts expect of their surroundings and QuickJS has not, as plain JavaScript in `js/polyfills`.

/// Evaluated at start, in this order; the first defines what native code calls.
pub(crate) const GLOBALS: &[(&str, &str)] = &[
    ("understudy:polyfills/native.js", include_str!("js/polyfills/native.js")),
    ("understudy:polyfills/system.js", include_str!("js/polyfills/system.js")),
    ("understudy:polyfills/json.js", include_str!("js/polyfills/json.js")),
    ("understudy:polyfills/boot.js", include_str!("js/polyfills/boot.js")),
    ("understudy:polyfills/events.js", include_str!("js/polyfills/events.js")),
    ("understudy:polyfills/text.js", include_str!("js/polyfills/text.js")),
    ("understudy:polyfills/url.js", include_str!("js/polyfills/url.js")),
    ("understudy:polyfills/clone.js", include_str!("js/polyfills/clone.js")),
    ("understudy:polyfills/buffer.js", include_str!("js/polyfills/buffer.js")),
    ("understudy:polyfills/intl.js", include_str!("js/polyfills/intl.js")),
    ("understudy:polyfills/helpers.js", include_str!("js/polyfills/helpers.js")),
    ("understudy:polyfills/commonjs.js", include_str!("js/polyfills/commonjs.js")),
    ("understudy:polyfills/console.js", include_str!("js/polyfills/console.js")),
    ("understudy:polyfills/forms.js", include_str!("js/polyfills/forms.js")),
];

/// Evaluated when something imports them.
pub(crate) const LIBRARY: &[(&str, &str)] = &[
    ("understudy:polyfills/latin1.js", include_str!("js/polyfills/latin1.js")),
    ("understudy:polyfills/intl/ask.js", include_str!("js/polyfills/intl/ask.js")),
    ("understudy:polyfills/intl/collate.js", include_str!("js/polyfills/intl/collate.js")),
    ("understudy:polyfills/intl/formatters.js", include_str!("js/polyfills/intl/formatters.js")),
    ("understudy:polyfills/intl/numbers.js", include_str!("js/polyfills/intl/numbers.js")),
    ("understudy:polyfills/explain.js", include_str!("js/polyfills/explain.js")),
    ("understudy:polyfills/inspect.js", include_str!("js/polyfills/inspect.js")),
    ("understudy:polyfills/node/assert.js", include_str!("js/polyfills/node/assert.js")),
    ("understudy:polyfills/node/buffer.js", include_str!("js/polyfills/node/buffer.js")),
    ("understudy:polyfills/node/crypto.js", include_str!("js/polyfills/node/crypto.js")),
    ("understudy:polyfills/node/events.js", include_str!("js/polyfills/node/events.js")),
    ("understudy:polyfills/node/fs.js", include_str!("js/polyfills/node/fs.js")),
    ("understudy:polyfills/node/fs-promises.js", include_str!("js/polyfills/node/fs-promises.js")),
    ("understudy:polyfills/node/os.js", include_str!("js/polyfills/node/os.js")),
    ("understudy:polyfills/node/path.js", include_str!("js/polyfills/node/path.js")),
    ("understudy:polyfills/node/process.js", include_str!("js/polyfills/node/process.js")),
    ("understudy:polyfills/node/stream.js", include_str!("js/polyfills/node/stream.js")),
    ("understudy:polyfills/node/stream-consumers.js", include_str!("js/polyfills/node/stream-consumers.js")),
    ("understudy:polyfills/node/stream-promises.js", include_str!("js/polyfills/node/stream-promises.js")),
    ("understudy:polyfills/node/timers.js", include_str!("js/polyfills/node/timers.js")),
    ("understudy:polyfills/node/timers-promises.js", include_str!("js/polyfills/node/timers-promises.js")),
    ("understudy:polyfills/node/perf-hooks.js", include_str!("js/polyfills/node/perf-hooks.js")),
    ("understudy:polyfills/node/tty.js", include_str!("js/polyfills/node/tty.js")),
    ("understudy:polyfills/node/url.js", include_str!("js/polyfills/node/url.js")),
    ("understudy:polyfills/node/util.js", include_str!("js/polyfills/node/util.js")),
];

/// What Node.js has built in and we do not hand out. An import of one of these is answered here, not by the host.
const REFUSED: &[&str] = &[
    "child_process",
    "cluster",
    "dgram",
    "dns",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "readline",
    "repl",
    "string_decoder",
    "tls",
    "v8",
    "vm",
    "worker_threads",
    "zlib",
];

/// What a bare specifier means by itself.
pub(crate) enum Builtin {
    /// A module of ours.
    Module(&'static str),
    /// Node.js has it, tests here do not; why, as a sentence.
    Refused(String),
}

/// Our answer to an import that names the test framework or a module of Node.js; none for everything else. `has_files` is whether
/// tests may use files.
pub(crate) fn builtin(specifier: &str, has_files: bool) -> Option<Builtin> {
    let name = specifier.strip_prefix("node:").unwrap_or(specifier);
    let module = match name {
        "@playwright/test" | "playwright/test" | "playwright" | "playwright-core" => "understudy:facade/index.js",
        "assert" | "assert/strict" => "understudy:polyfills/node/assert.js",
        "buffer" => "understudy:polyfills/node/buffer.js",
        "crypto" => "understudy:polyfills/node/crypto.js",
        "events" => "understudy:polyfills/node/events.js",
        "fs" if has_files => "understudy:polyfills/node/fs.js",
        "fs/promises" if has_files => "understudy:polyfills/node/fs-promises.js",
        "os" if has_files => "understudy:polyfills/node/os.js",
        "path" | "path/posix" => "understudy:polyfills/node/path.js",
        "perf_hooks" => "understudy:polyfills/node/perf-hooks.js",
        "tty" => "understudy:polyfills/node/tty.js",
        "process" => "understudy:polyfills/node/process.js",
        "stream" => "understudy:polyfills/node/stream.js",
        "stream/consumers" => "understudy:polyfills/node/stream-consumers.js",
        "stream/promises" => "understudy:polyfills/node/stream-promises.js",
        "timers" => "understudy:polyfills/node/timers.js",
        "timers/promises" => "understudy:polyfills/node/timers-promises.js",
        "url" => "understudy:polyfills/node/url.js",
        "util" => "understudy:polyfills/node/util.js",
        _ if has_files && (REFUSED.contains(&name) || specifier.starts_with("node:")) => {
            return Some(Builtin::Refused(format!(
                "Module '{specifier}' is not available: test code runs without Node.js, without sockets and processes. `--runner node` \
                 runs these tests with it. Here there are: assert, buffer, crypto, events, fs, os, path, process, stream, timers, url, util"
            )));
        }
        "fs" | "fs/promises" | "os" => return Some(refused(specifier)),
        _ if REFUSED.contains(&name) || specifier.starts_with("node:") => return Some(refused(specifier)),
        _ => return None,
    };
    Some(Builtin::Module(module))
}

fn refused(specifier: &str) -> Builtin {
    Builtin::Refused(format!(
        "Module '{specifier}' is not available: test code runs without access to files, network and processes. \
         Of Node.js there are: assert, buffer, crypto, events, path, process, stream, timers, timers/promises, url, util"
    ))
}

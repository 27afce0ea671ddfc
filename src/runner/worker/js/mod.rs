//! The Playwright Test facade: plain modules.

macro_rules! modules {
    ($($path:literal),* $(,)?) => {
        /// Name and source; the last is evaluated at start.
        pub(super) const MODULES: &[(&str, &str)] = &[
            ("understudy:model/serialize.js", concat!("export default ", include_str!("../../../model/serialize.js"))),
            $((concat!("understudy:", $path), include_str!($path)),)*
        ];
    };
}

modules![
    "facade/api/actions.js",
    "facade/api/context.js",
    "facade/api/emitter.js",
    "facade/api/events.js",
    "facade/api/frame.js",
    "facade/api/handle.js",
    "facade/api/input.js",
    "facade/api/locator.js",
    "facade/api/network.js",
    "facade/api/page.js",
    "facade/api/registry.js",
    "facade/api/screenshot.js",
    "facade/api/timeouts.js",
    "facade/api/unsupported.js",
    "facade/api/url.js",
    "facade/api/waiter.js",
    "facade/describe.js",
    "facade/devices.js",
    "facade/errors.js",
    "facade/expect/assertion.js",
    "facade/expect/asymmetric.js",
    "facade/expect/call.js",
    "facade/expect/contents.js",
    "facade/expect/defaults.js",
    "facade/expect/diff.js",
    "facade/expect/equals.js",
    "facade/expect/index.js",
    "facade/expect/misuse.js",
    "facade/expect/plain.js",
    "facade/expect/print.js",
    "facade/expect/throwing.js",
    "facade/expect/utils.js",
    "facade/expect/waiting.js",
    "facade/expect/web.js",
    "facade/index.js",
    "facade/native.js",
    "facade/op.js",
    "facade/selectors.js",
    "facade/steps.js",
    "facade/test/attach.js",
    "facade/test/attempt.js",
    "facade/test/builtin.js",
    "facade/test/declare.js",
    "facade/test/fixtures.js",
    "facade/test/folder.js",
    "facade/test/info.js",
    "facade/test/registration.js",
    "facade/test/runner.js",
    "facade/test/screenshots.js",
    "facade/test/suite.js",
    "facade/test/timing.js",
    "facade/values.js",
    "facade/main.js",
];

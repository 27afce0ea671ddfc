//! How Chromium is started.

use super::{Mode, Wishes, Without};
use std::path::Path;
use std::sync::Once;

/// `/dev/shm` below this size makes renderers crash on large pages: bytes. Docker's default is 64 MiB.
const SMALL_SHM: u64 = 512 * 1024 * 1024;

/// Same behaviour on every machine, nothing throttled in the background, no traffic of Chromium's own.
const FLAGS: &[&str] = &[
    "--allow-pre-commit-input",
    "--disable-back-forward-cache",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-field-trial-config",
    "--disable-hang-monitor",
    "--disable-ipc-flooding-protection",
    "--disable-popup-blocking",
    "--disable-prompt-on-repost",
    "--disable-renderer-backgrounding",
    "--disable-search-engine-choice-screen",
    "--enable-automation",
    "--export-tagged-pdf",
    "--force-color-profile=srgb",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-service-autorun",
    "--no-startup-window",
    "--password-store=basic",
    "--remote-debugging-pipe",
    "--use-mock-keychain",
];

/// A headless Chromium takes these for a desktop with a mouse.
const HEADLESS_FLAGS: &[&str] = &[
    "--headless",
    "--hide-scrollbars",
    "--mute-audio",
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
];

/// What of Chromium is off.
const DISABLED_FEATURES: &[&str] = &[
    "AcceptCHFrame",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "CertificateTransparencyComponentUpdater",
    "DestroyProfileOnBrowserClose",
    "DialMediaRouteProvider",
    "GlobalMediaControls",
    "HttpsUpgrades",
    "ImprovedCookieControls",
    "LazyFrameLoading",
    "LensOverlay",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "Translate",
    // A renderer for each window, to draw a list nobody ever opens.
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
];

/// How to name features that are off. Chromium heeds only the last of several.
const DISABLE_FEATURES: &str = "--disable-features=";

/// Without these nobody can talk to it.
const NEEDED: [&str; 2] = ["--remote-debugging-pipe", NO_SANDBOX];
const NO_SANDBOX: &str = "--no-sandbox";
/// A profile that is kept has a window.
const NO_WINDOW: &str = "--no-startup-window";

/// Everything but the profile; `more` is what the user wants.
pub(super) fn all(mode: Mode, more: &[String], wishes: &Wishes) -> Vec<String> {
    let headless = if mode == Mode::Headless { HEADLESS_FLAGS } else { &[] };
    let ours = [FLAGS, headless, &Surroundings::here().flags(wishes.sandbox)].concat();
    let theirs = more.iter().filter_map(|flag| flag.strip_prefix(DISABLE_FEATURES));
    let disabled: Vec<&str> = DISABLED_FEATURES.iter().copied().chain(theirs).collect();
    let more = more.iter().filter(|flag| !flag.starts_with(DISABLE_FEATURES)).cloned();
    let disabled = format!("{DISABLE_FEATURES}{}", disabled.join(","));
    let stays = |flag: &String| {
        NEEDED.contains(&flag.as_str())
            || match &wishes.without {
                Without::Nothing => true,
                Without::All => false,
                Without::These(these) => !these.contains(flag),
            }
    };
    let window = wishes.profile.is_some();
    let mut all: Vec<String> = ours
        .into_iter()
        .filter(|flag| !window || *flag != NO_WINDOW)
        .map(str::to_owned)
        .chain([disabled])
        .filter(stays)
        .chain(more)
        .collect();
    if let Some(proxy) = &wishes.proxy {
        all.push(format!("--proxy-server={}", proxy.server));
        let bypass =
            proxy.bypass.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|host| !host.is_empty());
        let bypass = bypass.map(|host| if host.starts_with('.') { format!("*{host}") } else { host.to_owned() });
        // This machine is reached through it too.
        let bypass: Vec<String> = ["<-loopback>".to_owned()].into_iter().chain(bypass).collect();
        all.push(format!("--proxy-bypass-list={}", bypass.join(";")));
    }
    if window {
        all.push("about:blank".to_owned());
    }
    all
}

/// Whether Chromium's sandbox does not start here.
#[must_use]
pub fn is_confined() -> bool {
    Surroundings::here().confined
}

/// What of the machine matters.
struct Surroundings {
    /// Chromium's sandbox does not start as root, nor in most containers.
    confined: bool,
    /// Bytes of `/dev/shm`; none where there is no such thing.
    shared_memory: Option<u64>,
}

impl Surroundings {
    fn here() -> Self {
        let container = ["/.dockerenv", "/run/.containerenv"].iter().any(|file| Path::new(file).exists());
        let linux = cfg!(target_os = "linux");
        let size = || rustix::fs::statvfs("/dev/shm").map_or(0, |shm| shm.f_blocks.saturating_mul(shm.f_frsize));
        Self { confined: linux && (rustix::process::geteuid().is_root() || container), shared_memory: linux.then(size) }
    }

    /// `sandbox` is what somebody wants, where he says so.
    fn flags(&self, sandbox: Option<bool>) -> Vec<&'static str> {
        let mut flags = Vec::new();
        if self.confined && sandbox.is_none() {
            static WARNED: Once = Once::new();
            WARNED.call_once(|| tracing::warn!("running as root or in a container: Chromium starts with --no-sandbox"));
        }
        if !sandbox.unwrap_or(!self.confined) {
            flags.push(NO_SANDBOX);
        }
        if self.shared_memory.is_some_and(|size| size < SMALL_SHM) {
            flags.push("--disable-dev-shm-usage");
        }
        flags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_the_user_are_off_besides_ours() {
        let more = ["--disable-features=A,B", "--lang=de", "--disable-features=C"].map(str::to_owned);
        let flags = all(Mode::Headless, &more, &Wishes::default());
        let disabled: Vec<_> = flags.iter().filter(|flag| flag.starts_with(DISABLE_FEATURES)).collect();
        assert!(
            disabled.len() == 1
                && disabled[0]
                    .ends_with(",Translate,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,WebUIOmniboxPopup,A,B,C"),
            "{disabled:?}"
        );
        assert_eq!(flags.last().unwrap(), "--lang=de");
        assert!(flags.contains(&"--headless".to_owned()));
        assert!(!all(Mode::Headed, &[], &Wishes::default()).contains(&"--headless".to_owned()));
    }

    #[test]
    fn what_a_test_wishes() {
        let these = Without::These(vec!["--hide-scrollbars".into()]);
        let proxy = crate::browser::context::ContextProxy {
            server: "a:1".into(),
            bypass: Some("b, .c".into()),
            ..Default::default()
        };
        let wishes = Wishes { without: these, sandbox: Some(false), proxy: Some(proxy), ..Wishes::default() };
        let flags = all(Mode::Headless, &[], &wishes);
        for (flag, expected) in [
            ("--hide-scrollbars", false),
            ("--mute-audio", true),
            (NO_SANDBOX, true),
            (NO_WINDOW, true),
            ("--proxy-server=a:1", true),
            ("--proxy-bypass-list=<-loopback>;b;*.c", true),
        ] {
            assert_eq!(flags.contains(&flag.to_owned()), expected, "{flag}");
        }
        let kept = Wishes { profile: Some(super::super::Kept::Fresh), without: Without::All, ..Wishes::default() };
        let flags = all(Mode::Headless, &["--lang=de".into()], &kept);
        let flags: Vec<_> = flags.iter().filter(|flag| *flag != NO_SANDBOX).collect();
        assert_eq!(flags, ["--remote-debugging-pipe", "--lang=de", "about:blank"]);
    }

    #[test]
    fn what_a_machine_needs() {
        const GIB: u64 = 1 << 30;
        let cases: [(bool, Option<u64>, &[&str]); 4] = [
            (false, Some(8 * GIB), &[]),
            (true, Some(8 * GIB), &["--no-sandbox"]),
            // As Docker makes them.
            (true, Some(64 << 20), &["--no-sandbox", "--disable-dev-shm-usage"]),
            (false, None, &[]),
        ];
        for (confined, shared_memory, expected) in cases {
            assert_eq!(Surroundings { confined, shared_memory }.flags(None), expected, "{confined} {shared_memory:?}");
        }
    }
}

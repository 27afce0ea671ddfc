//! How Chromium is started.

use super::Mode;
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

/// Everything but the profile; `more` is what the user wants.
pub(super) fn all(mode: Mode, more: &[String]) -> Vec<String> {
    let headless = if mode == Mode::Headless { HEADLESS_FLAGS } else { &[] };
    let ours = [FLAGS, headless, &Surroundings::here().flags()].concat();
    let theirs = more.iter().filter_map(|flag| flag.strip_prefix(DISABLE_FEATURES));
    let disabled: Vec<&str> = DISABLED_FEATURES.iter().copied().chain(theirs).collect();
    let more = more.iter().filter(|flag| !flag.starts_with(DISABLE_FEATURES)).cloned();
    let disabled = format!("{DISABLE_FEATURES}{}", disabled.join(","));
    ours.into_iter().map(str::to_owned).chain([disabled]).chain(more).collect()
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

    fn flags(&self) -> Vec<&'static str> {
        let mut flags = Vec::new();
        if self.confined {
            static WARNED: Once = Once::new();
            WARNED.call_once(|| tracing::warn!("running as root or in a container: Chromium starts with --no-sandbox"));
            flags.push("--no-sandbox");
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
        let flags = all(Mode::Headless, &more);
        let disabled: Vec<_> = flags.iter().filter(|flag| flag.starts_with(DISABLE_FEATURES)).collect();
        assert!(
            disabled.len() == 1
                && disabled[0]
                    .ends_with(",Translate,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,WebUIOmniboxPopup,A,B,C"),
            "{disabled:?}"
        );
        assert_eq!(flags.last().unwrap(), "--lang=de");
        assert!(flags.contains(&"--headless".to_owned()));
        assert!(!all(Mode::Headed, &[]).contains(&"--headless".to_owned()));
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
            assert_eq!(Surroundings { confined, shared_memory }.flags(), expected, "{confined} {shared_memory:?}");
        }
    }
}

//! What pages are made to believe: size, place, language, media.

use super::cdp::{Reply, Session};
use super::context::{ContextOptions, Geolocation, Size};
use serde_json::{Map, Value, json};

/// What media queries see. The outer none means: as it was; the inner: Chromium's own.
#[derive(Debug, Clone, Default)]
pub struct Media {
    /// `screen`, `print`
    pub media: Option<Option<String>>,
    /// `light`, `dark`, `no-preference`
    pub color_scheme: Option<Option<String>>,
    /// `reduce`, `no-preference`
    pub reduced_motion: Option<Option<String>>,
    /// `active`, `none`
    pub forced_colors: Option<Option<String>>,
    /// `more`, `no-preference`
    pub contrast: Option<Option<String>>,
}

impl Media {
    pub(super) fn update(&mut self, other: Self) {
        for (mine, theirs) in [
            (&mut self.media, other.media),
            (&mut self.color_scheme, other.color_scheme),
            (&mut self.reduced_motion, other.reduced_motion),
            (&mut self.forced_colors, other.forced_colors),
            (&mut self.contrast, other.contrast),
        ] {
            if theirs.is_some() {
                *mine = theirs;
            }
        }
    }

    /// Parameters of `Emulation.setEmulatedMedia`. What is said nowhere is as on a light desktop, as in Playwright.
    pub(super) fn params(&self, options: &ContextOptions) -> Value {
        let choose = |own: &Option<Option<String>>, context: Option<Option<String>>, default: &str| {
            own.clone().or(context).unwrap_or_else(|| Some(default.into())).unwrap_or_default()
        };
        let features = [
            ("prefers-color-scheme", choose(&self.color_scheme, options.color_scheme.clone(), "light")),
            (
                "prefers-reduced-motion",
                choose(&self.reduced_motion, options.reduced_motion.clone().map(Some), "no-preference"),
            ),
            ("forced-colors", choose(&self.forced_colors, options.forced_colors.clone().map(Some), "none")),
            ("prefers-contrast", choose(&self.contrast, options.contrast.clone().map(Some), "no-preference")),
        ];
        let features: Vec<Value> =
            features.into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        json!({ "media": self.media.clone().flatten().unwrap_or_default(), "features": features })
    }
}

/// Parameters of `Emulation.setDeviceMetricsOverride`.
pub(super) fn metrics(options: &ContextOptions, size: Size) -> Value {
    let screen = options.screen.unwrap_or(size);
    let landscape = size.width > size.height;
    let orientation = match (options.is_mobile, landscape) {
        (true, false) => json!({ "angle": 0, "type": "portraitPrimary" }),
        (true, true) => json!({ "angle": 90, "type": "landscapePrimary" }),
        (false, _) => json!({ "angle": 0, "type": "landscapePrimary" }),
    };
    json!({
        "width": size.width,
        "height": size.height,
        "screenWidth": screen.width,
        "screenHeight": screen.height,
        "deviceScaleFactor": options.device_scale_factor.unwrap_or(1.0),
        "mobile": options.is_mobile,
        "screenOrientation": orientation,
    })
}

/// Sends all that the options ask for; answers are not waited for, but those that may be refusals are handed back.
pub(super) fn set_up(session: &Session, options: &ContextOptions, is_main: bool, viewport: Option<Size>) -> Vec<Reply> {
    let mut answers = Vec::new();
    let post = |method: &'static str, params: Value| drop(session.request(method, &params));
    if is_main {
        if let Some(size) = viewport {
            post("Emulation.setDeviceMetricsOverride", metrics(options, size));
        }
        if options.ignore_https_errors || options.gateway.as_ref().is_some_and(|gateway| gateway.ends_tls()) {
            post("Security.setIgnoreCertificateErrors", json!({ "ignore": true }));
        }
    }
    if !options.as_it_is {
        post("Emulation.setFocusEmulationEnabled", json!({ "enabled": true }));
        post("Emulation.setEmulatedMedia", Media::default().params(options));
    }
    if options.bypass_csp {
        post("Page.setBypassCSP", json!({ "enabled": true }));
    }
    if options.has_touch {
        post("Emulation.setTouchEmulationEnabled", json!({ "enabled": true }));
    }
    if options.java_script_enabled == Some(false) {
        post("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    }
    agent(session, options);
    if let Some(locale) = &options.locale {
        answers.push(session.request("Emulation.setLocaleOverride", &json!({ "locale": locale })));
    }
    if let Some(timezone) = &options.timezone_id {
        answers.push(session.request("Emulation.setTimezoneOverride", &json!({ "timezoneId": timezone })));
    }
    if options.geolocation.is_some() {
        post("Emulation.setGeolocationOverride", geolocation(options.geolocation));
    }
    if options.offline {
        post("Network.emulateNetworkConditions", network(true));
    }
    answers
}

/// What the options say about the browser's name and language.
pub(super) fn agent(session: &Session, options: &ContextOptions) {
    if options.user_agent.is_some() || options.locale.is_some() {
        let agent = json!({
            "userAgent": options.user_agent.clone().unwrap_or_default(),
            "acceptLanguage": options.locale.clone().unwrap_or_default(),
        });
        drop(session.request("Emulation.setUserAgentOverride", &agent));
    }
}

/// Parameters of `Emulation.setGeolocationOverride`.
pub(super) fn geolocation(place: Option<Geolocation>) -> Value {
    place.map_or_else(
        || json!({}),
        |place| json!({ "latitude": place.latitude, "longitude": place.longitude, "accuracy": place.accuracy }),
    )
}

/// Parameters of `Network.emulateNetworkConditions`.
pub(super) fn network(offline: bool) -> Value {
    json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 })
}

/// The context's headers with the page's own over them.
pub(super) fn merged(context: Option<&Map<String, Value>>, page: Option<&Map<String, Value>>) -> Map<String, Value> {
    let mut all = context.cloned().unwrap_or_default();
    for (name, value) in page.into_iter().flatten() {
        all.retain(|other, _| !other.eq_ignore_ascii_case(name));
        all.insert(name.clone(), value.clone());
    }
    all
}

pub(super) fn headers(session: &Session, context: Option<&Map<String, Value>>, page: Option<&Map<String, Value>>) {
    let all = merged(context, page);
    if !all.is_empty() {
        drop(session.request("Network.setExtraHTTPHeaders", &json!({ "headers": all })));
    }
}

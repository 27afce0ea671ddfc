//! How the pages of a context see the world.

use crate::browser::overlays::ActionLook;
use crate::browser::warden::Warden;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Width and height in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Size {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// What a page gets that says nothing else. Same as Playwright's.
const DEFAULT_VIEWPORT: Size = Size { width: 1280, height: 720 };

/// A place on earth.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Geolocation {
    /// Degrees.
    pub latitude: f64,
    /// Degrees.
    pub longitude: f64,
    /// Metres.
    #[serde(default)]
    pub accuracy: f64,
}

/// User and password for servers that ask.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Credentials {
    /// User.
    pub username: String,
    /// Password.
    pub password: String,
    /// The only one that may have them.
    #[serde(default)]
    pub origin: Option<String>,
    /// `always`: requests of ours carry them without having been asked.
    #[serde(default)]
    pub send: Option<String>,
}

impl Credentials {
    /// Whether they are for whom answers at this URL.
    pub fn fit(&self, url: &str) -> bool {
        let origin = |url: &str| url::Url::parse(url).ok().map(|url| url.origin());
        self.origin.as_ref().is_none_or(|own| origin(own).is_some() && origin(own) == origin(url))
    }
}

/// Through whom its pages reach the network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ContextProxy {
    /// `http://host:port`, `socks5://host:port`, `host:port`
    pub server: String,
    /// Hosts that are reached without it, with commas between.
    pub bypass: Option<String>,
    /// User for it.
    pub username: Option<String>,
    /// Password for it.
    pub password: Option<String>,
}

/// Cookies and local storage to start with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct StorageState {
    /// In Playwright's form.
    pub cookies: Vec<Value>,
    /// Local storage by origin.
    pub origins: Vec<Origin>,
    /// Passkeys.
    pub credentials: Vec<Value>,
}

/// Local storage of an origin.
#[derive(Debug, Clone, Default, Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Origin {
    /// `https://host:port`
    pub origin: String,
    /// `{name, value}` each.
    pub local_storage: Vec<Value>,
    /// Databases.
    #[serde(rename = "indexedDB")]
    pub indexed_db: Vec<Value>,
    /// Files and folders.
    pub opfs: Option<Vec<Value>>,
}

/// How the pages of a context see the world. Names and meanings are Playwright's.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContextOptions {
    /// Absent is 1280×720; null is the window's own size.
    #[serde(deserialize_with = "given")]
    pub viewport: Option<Option<Size>>,
    /// What `screen` says; absent is the viewport's size.
    pub screen: Option<Size>,
    /// Device pixels per CSS pixel.
    pub device_scale_factor: Option<f64>,
    /// Whether the `meta viewport` tag counts.
    pub is_mobile: bool,
    /// Whether there are touch events.
    pub has_touch: bool,
    /// Instead of Chromium's own.
    pub user_agent: Option<String>,
    /// `de-DE`, …
    pub locale: Option<String>,
    /// `Europe/Berlin`, …
    pub timezone_id: Option<String>,
    /// Where the device is.
    pub geolocation: Option<Geolocation>,
    /// For all origins.
    pub permissions: Vec<String>,
    /// `light`, `dark`, `no-preference`; null is Chromium's own.
    #[serde(deserialize_with = "given")]
    pub color_scheme: Option<Option<String>>,
    /// `reduce`, `no-preference`
    pub reduced_motion: Option<String>,
    /// `active`, `none`
    pub forced_colors: Option<String>,
    /// `more`, `no-preference`
    pub contrast: Option<String>,
    /// Sent with every request.
    #[serde(rename = "extraHTTPHeaders")]
    pub extra_http_headers: Option<Map<String, Value>>,
    /// For servers that ask.
    #[serde(deserialize_with = "one_or_many")]
    pub http_credentials: Vec<Credentials>,
    /// Whether there is no network.
    pub offline: bool,
    /// Through whom its pages reach the network instead; not told to tests.
    #[serde(skip)]
    pub gateway: Option<Arc<dyn Warden>>,
    /// Whether certificates are not looked at.
    #[serde(rename = "ignoreHTTPSErrors")]
    pub ignore_https_errors: bool,
    /// Whether content security policies are not looked at.
    #[serde(rename = "bypassCSP")]
    pub bypass_csp: bool,
    /// False: pages run no scripts.
    pub java_script_enabled: Option<bool>,
    /// To start with.
    pub storage_state: Option<StorageState>,
    /// `block`: pages can register none.
    pub service_workers: Option<String>,
    /// Through whom its pages reach the network.
    pub proxy: Option<ContextProxy>,
    /// False: downloads are refused.
    pub accept_downloads: Option<bool>,
    /// Its pages are filmed.
    pub record_video: Option<RecordVideo>,
    /// Of a browser's own context: what nobody asks for stays as it is, media, focus and downloads too.
    #[serde(skip)]
    pub as_it_is: bool,
}

/// How pages are filmed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RecordVideo {
    /// Where videos go.
    pub dir: String,
    /// Width and height; absent is the page's, made smaller to fit.
    pub size: Option<Size>,
    /// Pictures in a second.
    #[serde(default)]
    pub fps: Option<u32>,
    /// Shows what the test does.
    #[serde(default, rename = "showActions")]
    pub show_actions: Option<ActionLook>,
    /// They are made when somebody saves them, not when the context closes.
    #[serde(default)]
    pub lazy: bool,
}

/// None, one or a list.
///
/// # Errors
/// When it is something else.
pub fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Credentials>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(Credentials),
        Many(Vec<Credentials>),
    }
    Ok(match Option::deserialize(deserializer)? {
        Some(OneOrMany::One(one)) => vec![one],
        Some(OneOrMany::Many(many)) => many,
        None => Vec::new(),
    })
}

/// Tells an explicit null from nothing.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl ContextOptions {
    /// None is the window's own size.
    pub fn viewport(&self) -> Option<Size> {
        self.viewport.unwrap_or(Some(DEFAULT_VIEWPORT))
    }
}

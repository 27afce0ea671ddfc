//! Playwright's device descriptors: what a browser context must look like to pass for a device.

use super::Viewport;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Name and descriptor of each, as Playwright 1.65.1 has them.
pub const DEVICES_JSON: &str = include_str!("devices.json");

/// What a context must look like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// What the browser says it is.
    pub user_agent: String,
    /// Size of the page, CSS pixels.
    pub viewport: Viewport,
    /// Device pixels per CSS pixel.
    pub device_scale_factor: f64,
    /// Whether the `meta viewport` tag counts.
    pub is_mobile: bool,
    /// Whether there are touch events.
    pub has_touch: bool,
}

/// A name that no device has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no device “{name}”{}", hint(.near))]
pub struct UnknownDevice {
    name: String,
    near: Vec<&'static str>,
}

fn hint(near: &[&str]) -> String {
    if near.is_empty() { String::new() } else { format!(". Did you mean {}?", near.join(", ")) }
}

/// The device of a name.
///
/// # Errors
/// When there is none; similar names are in the error.
pub fn device(name: &str) -> Result<&'static Device, UnknownDevice> {
    static DEVICES: LazyLock<BTreeMap<String, Device>> =
        LazyLock::new(|| serde_json::from_str(DEVICES_JSON).unwrap_or_default());
    DEVICES.get(name).ok_or_else(|| {
        let mut near: Vec<_> = DEVICES
            .keys()
            .map(|known| (strsim::levenshtein(&known.to_lowercase(), &name.to_lowercase()), known.as_str()))
            .collect();
        near.sort_unstable();
        let most = name.len() / 2;
        let near = near.into_iter().filter(|(distance, _)| *distance <= most).take(3).map(|(_, name)| name).collect();
        UnknownDevice { name: name.to_owned(), near }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_found_by_name() {
        let pixel = device("Pixel 7").expect("a device");
        assert!(pixel.is_mobile && pixel.has_touch && pixel.user_agent.contains("Pixel 7"), "{pixel:?}");
        assert_eq!(device("Desktop Chrome").expect("a device").viewport, Viewport { width: 1280, height: 720 });
    }

    #[test]
    fn an_unknown_name_gets_similar_ones() {
        let text = |name| device(name).expect_err("no device").to_string();
        assert_eq!(text("iphone13"), "there is no device “iphone13”. Did you mean iPhone 13, iPhone 11, iPhone 12?");
        assert_eq!(text("my toaster in the kitchen"), "there is no device “my toaster in the kitchen”");
    }
}

//! What a start of a recording means for the browser, and for the code.

use super::RecordingError;
use crate::browser::context::{ContextOptions, Size};
use crate::model::StartRecording;
use crate::model::action::RecordingOptions;
use crate::model::device::device;
use serde_json::json;

/// The context, and what the code says of it.
pub(super) fn context_options(
    start: &StartRecording,
    written: &RecordingOptions,
) -> Result<(ContextOptions, RecordingOptions), RecordingError> {
    let mut context = json!({});
    let mut viewport = start.config.viewport;
    if let Some(name) = &start.config.device {
        let device = device(name)?;
        context = json!(device);
        viewport = viewport.or(Some(device.viewport));
    }
    let mut context: ContextOptions = serde_json::from_value(context).unwrap_or_default();
    if let Some(viewport) = viewport {
        context.viewport = Some(Some(Size { width: viewport.width, height: viewport.height }));
    }
    let written =
        RecordingOptions { device: start.config.device.clone(), viewport: start.config.viewport, ..written.clone() };
    Ok((context, written))
}

/// What a person types into an address bar: without a scheme it is `http://`.
pub(super) fn address(typed: &str) -> String {
    let has_scheme = typed.split_once(':').is_some_and(|(scheme, rest)| {
        let word = scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        // `localhost:8080` is a host with a port.
        word && !scheme.is_empty() && !rest.starts_with(|c: char| c.is_ascii_digit())
    });
    match typed.trim() {
        "" => "about:blank".to_owned(),
        typed if has_scheme => typed.to_owned(),
        typed => format!("http://{typed}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordingConfig, Viewport};

    #[test]
    fn addresses_are_what_a_person_means() {
        for (typed, url) in [
            ("https://a.test/x", "https://a.test/x"),
            ("a.test", "http://a.test"),
            ("localhost:8080/x", "http://localhost:8080/x"),
            ("data:text/html,x", "data:text/html,x"),
            ("about:blank", "about:blank"),
            ("", "about:blank"),
        ] {
            assert_eq!(address(typed), url, "{typed}");
        }
    }

    #[test]
    fn a_viewport_beats_the_devices() {
        let viewport = Some(Viewport { width: 500, height: 400 });
        let start = |device: &str, viewport| StartRecording {
            flow: "f".into(),
            execution: "e".into(),
            url: String::new(),
            language: "typescript".into(),
            config: RecordingConfig { viewport, device: Some(device.into()), preview: None },
        };
        let size = |start| {
            context_options(&start, &RecordingOptions::default()).expect("a device").0.viewport().map(|size| size.width)
        };
        assert_eq!(size(start("Pixel 7", None)), Some(412));
        assert_eq!(size(start("Pixel 7", viewport)), Some(500));
        let error =
            context_options(&start("Pixle 7", None), &RecordingOptions::default()).expect_err("no device").to_string();
        assert!(error.contains("Did you mean Pixel 7"), "{error}");
    }
}

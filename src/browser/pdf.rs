//! A page as paper.

use super::error::BrowserError;
use super::page::Page;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::json;

/// What is printed how. Lengths are `10px`, `2in`, `3cm`, `4mm`; a number alone is pixels.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PdfOptions {
    scale: f64,
    display_header_footer: bool,
    header_template: String,
    footer_template: String,
    print_background: bool,
    landscape: bool,
    page_ranges: String,
    format: Option<String>,
    width: Option<String>,
    height: Option<String>,
    #[serde(rename = "preferCSSPageSize")]
    prefer_css_page_size: bool,
    margin: Margin,
    tagged: bool,
    outline: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Margin {
    top: Option<String>,
    right: Option<String>,
    bottom: Option<String>,
    left: Option<String>,
}

impl Default for PdfOptions {
    fn default() -> Self {
        Self {
            scale: 1.0,
            display_header_footer: false,
            header_template: String::new(),
            footer_template: String::new(),
            print_background: false,
            landscape: false,
            page_ranges: String::new(),
            format: None,
            width: None,
            height: None,
            prefer_css_page_size: false,
            margin: Margin::default(),
            tagged: false,
            outline: false,
        }
    }
}

/// Width and height by name, inches.
const FORMATS: [(&str, f64, f64); 11] = [
    ("letter", 8.5, 11.0),
    ("legal", 8.5, 14.0),
    ("tabloid", 11.0, 17.0),
    ("ledger", 17.0, 11.0),
    ("a0", 33.1, 46.8),
    ("a1", 23.4, 33.1),
    ("a2", 16.54, 23.4),
    ("a3", 11.7, 16.54),
    ("a4", 8.27, 11.7),
    ("a5", 5.83, 8.27),
    ("a6", 4.13, 5.83),
];
/// What is taken where nothing is said, inches.
const LETTER: (f64, f64) = (8.5, 11.0);
/// CSS pixels of a unit, as Playwright reckons.
const UNITS: [(&str, f64); 4] = [("px", 1.0), ("in", 96.0), ("cm", 37.8), ("mm", 3.78)];
const PIXELS_OF_AN_INCH: f64 = 96.0;

impl Page {
    /// A PDF of it.
    ///
    /// # Errors
    /// When an option means nothing, Chromium cannot print it, or the page is gone.
    pub async fn pdf(&self, options: &PdfOptions) -> Result<Vec<u8>, BrowserError> {
        #[derive(Deserialize)]
        struct Printed {
            data: String,
        }
        let (width, height) = options.paper()?;
        let margin = |side: &Option<String>| Ok::<_, BrowserError>(inches(side.as_deref())?.unwrap_or(0.0));
        let params = json!({
            "landscape": options.landscape,
            "displayHeaderFooter": options.display_header_footer,
            "headerTemplate": options.header_template,
            "footerTemplate": options.footer_template,
            "printBackground": options.print_background,
            "scale": options.scale,
            "paperWidth": width,
            "paperHeight": height,
            "marginTop": margin(&options.margin.top)?,
            "marginRight": margin(&options.margin.right)?,
            "marginBottom": margin(&options.margin.bottom)?,
            "marginLeft": margin(&options.margin.left)?,
            "pageRanges": options.page_ranges,
            "preferCSSPageSize": options.prefer_css_page_size,
            "generateTaggedPDF": options.tagged,
            "generateDocumentOutline": options.outline,
        });
        let printed: Printed = self.session().request("Page.printToPDF", &params).unlimited().parse().await?;
        BASE64.decode(printed.data).map_err(|error| BrowserError::other(format!("failed to decode a PDF: {error}")))
    }
}

impl PdfOptions {
    /// Inches.
    fn paper(&self) -> Result<(f64, f64), BrowserError> {
        let Some(format) = self.format.as_deref().filter(|format| !format.is_empty()) else {
            let side = |length: &Option<String>, usual| {
                Ok::<_, BrowserError>(inches(length.as_deref())?.filter(|length| *length > 0.0).unwrap_or(usual))
            };
            return Ok((side(&self.width, LETTER.0)?, side(&self.height, LETTER.1)?));
        };
        FORMATS
            .iter()
            .find(|(name, ..)| format.eq_ignore_ascii_case(name))
            .map(|(_, width, height)| (*width, *height))
            .ok_or_else(|| BrowserError::other(format!("Unknown paper format: {format}")))
    }
}

/// None where nothing is said.
fn inches(length: Option<&str>) -> Result<Option<f64>, BrowserError> {
    let Some(length) = length.filter(|length| !length.is_empty()) else { return Ok(None) };
    let lower = length.to_ascii_lowercase();
    let (number, pixels) =
        UNITS.iter().find_map(|(unit, pixels)| Some((lower.strip_suffix(unit)?, *pixels))).unwrap_or((&lower, 1.0));
    let number = number.trim();
    // As JavaScript reads numbers: nothing is zero.
    let number =
        if number.is_empty() { Some(0.0) } else { number.parse::<f64>().ok().filter(|number| number.is_finite()) };
    match number {
        Some(number) => Ok(Some(number * pixels / PIXELS_OF_AN_INCH)),
        None => Err(BrowserError::other(format!("Failed to parse parameter value: {length}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_in_all_units() {
        for (length, expected) in
            [("96px", 1.0), ("2in", 2.0), ("10cm", 3.9375), ("100mm", 3.9375), ("48", 0.5), (" 1 IN", 1.0)]
        {
            assert_eq!(inches(Some(length)).unwrap(), Some(expected), "{length}");
        }
        assert_eq!(inches(None).unwrap(), None);
        let error = inches(Some("wide")).unwrap_err().to_string();
        assert_eq!(error, "Failed to parse parameter value: wide");
    }

    #[test]
    fn papers_by_name_and_size() {
        let of =
            |text: &str| serde_json::from_str::<PdfOptions>(text).unwrap().paper().map_err(|error| error.to_string());
        assert_eq!(of("{}"), Ok((8.5, 11.0)));
        assert_eq!(of(r#"{"format":"A4"}"#), Ok((8.27, 11.7)));
        assert_eq!(of(r#"{"width":"3in"}"#), Ok((3.0, 11.0)));
        assert_eq!(of(r#"{"format":"B5"}"#), Err("Unknown paper format: B5".into()));
    }
}

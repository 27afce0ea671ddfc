//! Steps, as the format has them.

use serde::{Serialize, Serializer};
use serde_json::Value;

/// A whole file.
#[derive(Debug, Serialize)]
pub(super) struct Flow<'a> {
    pub(super) title: &'a str,
    pub(super) steps: &'a [Targeted],
}

/// A step and where it is done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Targeted {
    #[serde(flatten)]
    pub(super) step: Step,
    /// `main`, or the address of another page.
    pub(super) target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) frame: Option<Vec<usize>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) asserted_events: Vec<Event>,
}

impl Targeted {
    pub(super) fn main(step: Step) -> Self {
        Self { step, target: "main".into(), frame: None, asserted_events: Vec::new() }
    }
}

/// A way to an element: parts that lead from shadow root to shadow root. Any of several will do.
type Selectors = Vec<Vec<String>>;

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Step {
    SetViewport {
        width: u32,
        height: u32,
        #[serde(serialize_with = "number")]
        device_scale_factor: f64,
        is_mobile: bool,
        has_touch: bool,
        is_landscape: bool,
    },
    Navigate {
        url: String,
    },
    Click(Press),
    DoubleClick(Press),
    Hover {
        selectors: Selectors,
    },
    Change {
        selectors: Selectors,
        value: String,
    },
    KeyDown {
        key: String,
    },
    KeyUp {
        key: String,
    },
    Scroll {
        selectors: Selectors,
        #[serde(serialize_with = "number")]
        x: f64,
        #[serde(serialize_with = "number")]
        y: f64,
    },
    Close {},
    WaitForElement {
        selectors: Selectors,
        #[serde(skip_serializing_if = "Option::is_none")]
        properties: Option<Value>,
    },
    WaitForExpression {
        expression: String,
    },
    #[serde(rename = "customStep")]
    Custom {
        name: String,
        parameters: Value,
    },
}

/// Of a mouse button, where in the element.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Press {
    pub(super) selectors: Selectors,
    #[serde(serialize_with = "number")]
    pub(super) offset_x: f64,
    #[serde(serialize_with = "number")]
    pub(super) offset_y: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) button: Option<Button>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Button {
    Auxiliary,
    Secondary,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) enum Event {
    Navigation { url: String, title: String },
}

impl Event {
    pub(super) fn navigation(url: &str) -> Self {
        Self::Navigation { url: url.to_owned(), title: String::new() }
    }
}

impl Step {
    pub(super) fn expression(expression: String) -> Self {
        Self::WaitForExpression { expression }
    }

    pub(super) fn wait(selectors: Selectors, properties: Option<Value>) -> Self {
        Self::WaitForElement { selectors, properties }
    }

    /// The keyboard is the page's.
    pub(super) fn is_in_a_frame(&self) -> bool {
        !matches!(self, Self::KeyDown { .. } | Self::KeyUp { .. } | Self::Navigate { .. } | Self::Close {})
    }
}

/// 3 rather than 3.0.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.fract() == 0.0 && value.abs() < 1e9 {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

//! Recorded actions in this protocol's words, and back.

use super::control::point;
use super::sessions::{ActionType, Element, RecordedAction};
use crate::dialect::reading::{Refusal, read};
use crate::dialect::values::Id;
use crate::model::Viewport;
use crate::model::action::{self, Action, MouseButton};
use serde_json::{Map, Value, json};

/// The keys of `modifiers`, by their bits.
const MODIFIERS: [(u32, &str); 4] = [(1, "Alt"), (2, "Control"), (4, "Meta"), (8, "Shift")];

/// The action of a recording, counted from 0, as it is told.
pub(super) fn told(index: usize, recorded: &action::RecordedAction, viewport: Option<Viewport>) -> RecordedAction {
    let order = u32::try_from(index).unwrap_or(u32::MAX - 1) + 1;
    let (action_type, value) = kind(&recorded.action);
    let held = match &recorded.action {
        Action::Click { modifiers, .. } | Action::Press { modifiers, .. } => *modifiers,
        _ => 0,
    };
    let keys = MODIFIERS.iter().filter(|(bit, _)| held & bit != 0).map(|(_, key)| (*key).to_owned());
    let keys: Vec<String> = keys.collect();
    RecordedAction {
        id: Id::from(&format!("action-{order}")),
        order,
        action_type,
        element: recorded.action.selector().map(|selector| element(selector, &recorded.alternatives)),
        value,
        coordinates: recorded.place.offset.map(point),
        modifiers: (!keys.is_empty()).then_some(keys),
        page_url: recorded.place.page_url.clone(),
        viewport_size: viewport,
        recorded: Some(json!(recorded)),
    }
}

fn kind(action: &Action) -> (ActionType, Option<Value>) {
    let secret = |name: &str| json!(format!("${{{name}}}"));
    match action {
        Action::OpenPage { url } | Action::Navigate { url } => (ActionType::Navigate, Some(json!(url))),
        // There is no word for it; what plays it again is in `recorded`.
        Action::ClosePage {} => (ActionType::Navigate, Some(json!("about:blank"))),
        Action::Click { .. } | Action::Check { .. } | Action::Uncheck { .. } => (ActionType::Click, None),
        Action::Hover { .. } => (ActionType::Hover, None),
        Action::Fill { secret: Some(name), .. } => (ActionType::Type, Some(secret(name))),
        Action::Fill { text, .. } => (ActionType::Type, Some(json!(text))),
        Action::Press { key, .. } => (ActionType::Keypress, Some(json!(key))),
        Action::Select { secret: Some(name), .. } => (ActionType::Select, Some(secret(name))),
        Action::Select { options, .. } => (ActionType::Select, Some(json!(options))),
        Action::SetInputFiles { files, .. } => (ActionType::Upload, Some(json!(files))),
        Action::DragTo { target, .. } => (ActionType::Drag, Some(json!({"target": target}))),
        Action::Wheel { delta_x, delta_y, .. } => (ActionType::Scroll, Some(json!({"x": delta_x, "y": delta_y}))),
        Action::AssertText { text, .. } => (ActionType::Assert, Some(json!(text))),
        Action::AssertValue { secret: Some(name), .. } => (ActionType::Assert, Some(secret(name))),
        Action::AssertValue { value, .. } => (ActionType::Assert, Some(json!(value))),
        Action::AssertChecked { checked, .. } => (ActionType::Assert, Some(json!(checked))),
        Action::AssertVisible { .. } => (ActionType::Assert, None),
        Action::AssertSnapshot { aria_snapshot, .. } => (ActionType::Assert, Some(json!(aria_snapshot))),
    }
}

fn element(selector: &str, alternatives: &[String]) -> Element {
    let path = alternatives.iter().rev().chain([&selector.to_owned()]).find_map(|other| path(other));
    Element {
        selector: Some(selector.to_owned()),
        tag_name: path.as_ref().map(|(_, tag)| tag.clone()),
        xpath: path.map(|(path, _)| path),
        text_content: named(selector).or_else(|| alternatives.iter().find_map(|other| named(other))),
        attributes: attributes(selector, alternatives),
        bounding_box: None,
    }
}

/// A CSS path by places, as the recorder writes it, as XPath; and the kind of element it leads to.
fn path(selector: &str) -> Option<(String, String)> {
    let mut path = String::from("/html");
    let mut last = String::new();
    for (place, step) in selector.split(" > ").enumerate() {
        let (tag, nth) = match step.split_once(":nth-child(") {
            Some((tag, nth)) => (tag, Some(nth.strip_suffix(')')?.parse::<u32>().ok()?)),
            None => (step, None),
        };
        let is_name = |tag: &str| !tag.is_empty() && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        match (place, tag.split_once('#')) {
            (0, Some((tag, id))) if is_name(id) && (tag.is_empty() || is_name(tag)) && nth.is_none() => {
                path = format!("//{}[@id='{id}']", if tag.is_empty() { "*" } else { tag });
                last = tag.to_owned();
                continue;
            }
            (_, Some(_)) => return None,
            (_, None) if !is_name(tag) => return None,
            (_, None) => {}
        }
        last = tag.to_owned();
        match nth {
            _ if place == 0 && tag == "html" => {}
            Some(nth) => path += &format!("/*[{nth}][self::{tag}]"),
            None => path += &format!("/{tag}"),
        }
    }
    (!last.is_empty()).then_some((path, last))
}

/// What stands in the element, where a selector finds it by that.
fn named(selector: &str) -> Option<String> {
    let last = selector.rsplit(" >> ").next().unwrap_or(selector);
    let quoted = match last.strip_prefix("internal:text=") {
        Some(text) => text,
        None => last.strip_prefix("internal:role=")?.split_once("[name=")?.1,
    };
    serde_json::Deserializer::from_str(quoted).into_iter::<String>().next()?.ok()
}

/// Those by which selectors find it.
fn attributes(selector: &str, alternatives: &[String]) -> Option<Map<String, Value>> {
    let mut known = Map::new();
    for selector in alternatives.iter().map(String::as_str).chain([selector]) {
        let last = selector.rsplit(" >> ").next().unwrap_or(selector);
        if let Some(id) =
            last.strip_prefix('#').filter(|id| id.chars().all(|c| c.is_alphanumeric() || "-_".contains(c)))
        {
            known.insert("id".to_owned(), json!(id));
        }
        let attribute = last.strip_prefix("internal:attr=[").or_else(|| last.strip_prefix("internal:testid=["));
        if let Some((name, quoted)) = attribute.and_then(|attribute| attribute.split_once('='))
            && let Some(Ok(value)) = serde_json::Deserializer::from_str(quoted).into_iter::<String>().next()
        {
            known.insert(name.to_owned(), json!(value));
        }
    }
    (!known.is_empty()).then_some(known)
}

/// Actions to be played: as `docs/actions.md` has them, or as this protocol tells them.
pub(super) fn actions(given: &[Value]) -> Result<Vec<action::RecordedAction>, Refusal> {
    let read = |(index, value): (usize, &Value)| {
        let action = if value.get("name").is_some() { ours(value) } else { theirs(value) };
        action.map_err(|refusal| refusal.at(index).within("actions"))
    };
    given.iter().enumerate().map(read).collect()
}

fn ours(value: &Value) -> Result<action::RecordedAction, Refusal> {
    serde_json::from_value(value.clone()).map_err(|error| {
        let why = error.to_string();
        Refusal::new(format!("is no action of a recording: {}", why.chars().take(200).collect::<String>()))
    })
}

fn theirs(value: &Value) -> Result<action::RecordedAction, Refusal> {
    let told: RecordedAction = read(value)?;
    if let Some(recorded) = &told.recorded {
        return ours(recorded).map_err(|refusal| refusal.within("recorded"));
    }
    let mut found = told.element.as_ref().map(selectors).unwrap_or_default().into_iter();
    let best = found.next();
    let needed = || best.clone().ok_or_else(|| Refusal::new("must have `element` with `selector` or `xpath`"));
    let text = || match &told.value {
        Some(Value::String(text)) => Ok(text.clone()),
        other => Err(Refusal::expected("a string", other.as_ref()).within("value")),
    };
    let texts = || match &told.value {
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(list) => read::<Vec<String>>(list).map_err(|refusal| refusal.within("value")),
        None => Err(Refusal::expected("an array", None).within("value")),
    };
    let number = |field: &str| told.value.as_ref().and_then(|value| value.get(field)).and_then(Value::as_f64);
    let held = told.modifiers.iter().flatten();
    let modifiers = held.filter_map(|key| MODIFIERS.iter().find(|(_, name)| name == key)).map(|(bit, _)| bit).sum();
    let action = match told.action_type {
        ActionType::Navigate => Action::Navigate { url: text()? },
        ActionType::Click => {
            Action::Click { selector: needed()?, button: MouseButton::Left, modifiers, click_count: 1, position: None }
        }
        ActionType::Type => Action::Fill { selector: needed()?, text: text()?, secret: None },
        ActionType::Scroll => Action::Wheel {
            selector: best.clone().unwrap_or_else(|| "html".to_owned()),
            delta_x: number("x").unwrap_or(0.0),
            delta_y: number("y").unwrap_or(0.0),
        },
        ActionType::Hover => Action::Hover { selector: needed()?, position: None },
        ActionType::Keypress => {
            let selector = best.clone().unwrap_or_else(|| "body".to_owned());
            Action::Press { selector, key: text()?, modifiers }
        }
        ActionType::Select => Action::Select { selector: needed()?, options: texts()?, secret: None },
        ActionType::Upload => Action::SetInputFiles { selector: needed()?, files: texts()? },
        ActionType::Drag | ActionType::Drop => {
            let target = told.value.as_ref().and_then(|value| value.get("target")).and_then(Value::as_str);
            let target = target.ok_or_else(|| Refusal::new("must have `target`, a selector").within("value"))?;
            let (source_position, target_position) = (None, None);
            Action::DragTo { selector: needed()?, target: target.to_owned(), source_position, target_position }
        }
        ActionType::Assert => match &told.value {
            Some(Value::String(text)) => {
                Action::AssertText { selector: needed()?, text: text.clone(), substring: true }
            }
            Some(Value::Bool(checked)) => Action::AssertChecked { selector: needed()?, checked: *checked },
            _ => Action::AssertVisible { selector: needed()? },
        },
    };
    Ok(action::RecordedAction {
        action,
        page: "page".to_owned(),
        signals: Vec::new(),
        alternatives: found.collect(),
        place: Box::new(action::Place { page_url: told.page_url.clone(), ..action::Place::default() }),
    })
}

/// All that may find an element, the best first.
fn selectors(element: &Element) -> Vec<String> {
    let text = element.text_content.as_ref().filter(|text| !text.trim().is_empty() && text.len() < 200);
    let xpath = element.xpath.as_ref().map(|path| format!("xpath={path}"));
    let text = text.map(|text| format!("internal:text={}i", json!(text.trim())));
    element.selector.clone().into_iter().chain(xpath).chain(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(value: Value) -> action::RecordedAction {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn an_action_is_told_with_all_that_may_find_its_element_again() {
        let click = recorded(json!({
            "name": "click", "selector": "internal:role=button[name=\"Save\"i]", "modifiers": 10, "pageGuid": "page",
            "pageUrl": "http://x/", "offset": {"x": 3, "y": 4.5},
            "alternatives": ["internal:testid=[data-testid=\"save\"s]", "#save", "body > div:nth-child(2) > button"],
        }));
        let told = told(1, &click, Some(Viewport { width: 800, height: 600 }));
        let mut value = json!(told);
        assert_eq!(value["recorded"].take(), json!(click));
        value.as_object_mut().unwrap().remove("recorded");
        assert_eq!(
            value,
            json!({
                "id": "action-2", "order": 2, "action_type": "click",
                "element": {
                    "selector": "internal:role=button[name=\"Save\"i]", "xpath": "/html/body/*[2][self::div]/button",
                    "text_content": "Save", "tag_name": "button", "attributes": {"data-testid": "save", "id": "save"},
                },
                "coordinates": {"x": 3, "y": 4.5}, "modifiers": ["Control", "Shift"], "page_url": "http://x/",
                "viewport_size": {"width": 800, "height": 600},
            })
        );
    }

    #[test]
    fn paths_by_places_are_xpath_too() {
        for (css, xpath) in [
            ("body > main > p:nth-child(3)", Some("/html/body/main/*[3][self::p]")),
            ("html > body", Some("/html/body")),
            ("#cart > li:nth-child(1)", Some("//*[@id='cart']/*[1][self::li]")),
            ("div.row > p", None),
            ("internal:text=\"a > b\"i", None),
            ("", None),
        ] {
            assert_eq!(path(css).map(|(path, _)| path).as_deref(), xpath, "{css}");
        }
    }

    #[test]
    fn what_was_told_is_played_as_it_was_recorded() {
        let all = include_str!("../../../fixtures/recordings/everything/jsonl.txt");
        let recording = crate::model::action_file::read(all).unwrap().recording;
        let values: Vec<Value> =
            recording.actions.iter().enumerate().map(|(n, action)| json!(told(n, action, None))).collect();
        assert_eq!(actions(&values).unwrap(), recording.actions);
        // Without the extension what matters is there all the same.
        for value in values {
            let mut value = value;
            value.as_object_mut().unwrap().remove("recorded");
            let first = actions(std::slice::from_ref(&value)).unwrap().remove(0);
            assert_eq!(first.action.selector(), value["element"]["selector"].as_str(), "{value}");
        }
    }

    #[test]
    fn what_cannot_be_played_is_refused_by_name() {
        for (value, words) in [
            (json!(7), "`actions[0]` must be an object, got a number"),
            (json!({"name": "fly"}), "`actions[0]` is no action of a recording: "),
            (json!({"id": "a", "order": 1, "action_type": "fly"}), "`actions[0].action_type` must be one of "),
            (
                json!({"id": "a", "order": 1, "action_type": "click"}),
                "`actions[0]` must have `element` with `selector` or `xpath`",
            ),
            (
                json!({"id": "a", "order": 1, "action_type": "navigate", "value": 7}),
                "`actions[0].value` must be a string, got a number",
            ),
        ] {
            let refusal = actions(&[value]).unwrap_err().to_string();
            assert!(refusal.starts_with(words), "{refusal}");
        }
    }
}

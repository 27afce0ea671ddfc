//! Selectors as the JavaScript a person would have written for them.

use super::{Part, Pattern, Selector, parse};

/// The locator as Playwright prints it: `getByRole('button', { name: 'x' }).first()`. What can't be read stays as it is.
pub fn render(selector: &str) -> String {
    parse(selector).map_or_else(|_| selector.into(), |parsed| parsed.to_string())
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let calls = self.parts.iter().filter_map(call).collect::<Vec<_>>();
        f.write_str(&calls.join("."))
    }
}

fn call(part: &Part) -> Option<String> {
    Some(match part {
        Part::Describe(_) => return None,
        Part::Role { role, name, description, states } => {
            let mut options = Vec::new();
            for (key, value) in [("name", name), ("description", description)] {
                match value {
                    Some(Pattern::Text { text, .. }) => options.push(format!("{key}: {}", quote(text))),
                    Some(Pattern::Regex { source, flags }) => options.push(format!("{key}: /{source}/{flags}")),
                    None => {}
                }
            }
            if [name, description].iter().any(|value| matches!(value, Some(Pattern::Text { exact: true, .. }))) {
                options.push("exact: true".into());
            }
            options.extend(states.iter().map(|(key, value)| {
                let key = if key == "include-hidden" { "includeHidden" } else { key };
                let literal = matches!(value.as_str(), "true" | "false") || value.parse::<f64>().is_ok();
                format!("{key}: {}", if literal { value.clone() } else { quote(value.trim_matches('"')) })
            }));
            if options.is_empty() {
                format!("getByRole({})", quote(role))
            } else {
                format!("getByRole({}, {{ {} }})", quote(role), options.join(", "))
            }
        }
        Part::Text(pattern) => with_exact("getByText", pattern),
        Part::Label(pattern) => with_exact("getByLabel", pattern),
        Part::Attribute(name, pattern) => match name.as_str() {
            "placeholder" => with_exact("getByPlaceholder", pattern),
            "alt" => with_exact("getByAltText", pattern),
            "title" => with_exact("getByTitle", pattern),
            _ => format!("locator({})", quote(&format!("internal:attr=[{name}={}]", notation(pattern)))),
        },
        Part::TestId(pattern) => format!("getByTestId({})", plain(pattern)),
        Part::HasText(pattern) => match pattern {
            // No option says "exactly".
            Pattern::Text { exact: true, .. } => {
                format!("locator({})", quote(&format!("internal:has-text={}", notation(pattern))))
            }
            _ => format!("filter({{ hasText: {} }})", plain(pattern)),
        },
        Part::HasNotText(pattern) => match pattern {
            Pattern::Text { exact: true, .. } => {
                format!("locator({})", quote(&format!("internal:has-not-text={}", notation(pattern))))
            }
            _ => format!("filter({{ hasNotText: {} }})", plain(pattern)),
        },
        Part::Has(inner) => format!("filter({{ has: {inner} }})"),
        Part::HasNot(inner) => format!("filter({{ hasNot: {inner} }})"),
        Part::And(inner) => format!("and({inner})"),
        Part::Or(inner) => format!("or({inner})"),
        Part::Chain(inner) => format!("locator({inner})"),
        Part::Nth(0) => "first()".into(),
        Part::Nth(-1) => "last()".into(),
        Part::Nth(n) => format!("nth({n})"),
        Part::Visible(true) => "visible()".into(),
        Part::Visible(false) => "filter({ visible: false })".into(),
        Part::EnterFrame => "contentFrame()".into(),
        Part::Engine { engine, body, .. } => {
            let bare = engine == "css" || (engine == "xpath" && (body.starts_with("//") || body.starts_with("..")));
            format!("locator({})", quote(&if bare { body.clone() } else { format!("{engine}={body}") }))
        }
    })
}

fn with_exact(name: &str, pattern: &Pattern) -> String {
    match pattern {
        Pattern::Text { exact: true, .. } => format!("{name}({}, {{ exact: true }})", plain(pattern)),
        _ => format!("{name}({})", plain(pattern)),
    }
}

fn plain(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Text { text, .. } => quote(text),
        Pattern::Regex { source, flags } => format!("/{source}/{flags}"),
    }
}

fn notation(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Text { text, exact } => {
            format!("{}{}", serde_json::Value::from(text.as_str()), if *exact { "s" } else { "i" })
        }
        Pattern::Regex { source, flags } => format!("/{source}/{flags}"),
    }
}

/// A string of JavaScript in single quotes.
pub fn quote(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let inside = json[1..json.len() - 1].replace("\\\"", "\"").replace('\'', "\\'");
    format!("'{inside}'")
}

#[cfg(test)]
mod tests {
    use super::render;

    /// Left what Playwright 1.65.1 keeps in a locator, right what its `toString()` says.
    #[test]
    fn selectors_read_like_playwright_prints_them() {
        for (selector, text) in CASES {
            assert_eq!(render(selector), *text, "{selector}");
        }
    }

    const CASES: &[(&str, &str)] = &[
        ("#a", "locator('#a')"),
        ("xpath=//a", "locator('//a')"),
        ("//a", "locator('//a')"),
        ("text=foo", "locator('text=foo')"),
        (r#""foo""#, r#"locator('text="foo"')"#),
        ("a[x='1']", r#"locator('a[x=\'1\']')"#),
        ("internal:role=button", "getByRole('button')"),
        (r#"internal:role=button[name="It's \"x\""i]"#, r#"getByRole('button', { name: 'It\'s "x"' })"#),
        (r#"internal:role=button[name="x"s]"#, "getByRole('button', { name: 'x', exact: true })"),
        (r#"internal:role=button[name=/a\/b/i]"#, r#"getByRole('button', { name: /a\/b/i })"#),
        (r#"internal:role=heading[level=2][name="x"i]"#, "getByRole('heading', { name: 'x', level: 2 })"),
        ("internal:role=checkbox[checked=true]", "getByRole('checkbox', { checked: true })"),
        (
            "internal:role=button[disabled=false][selected=true][expanded=false][include-hidden=true][pressed=true]",
            "getByRole('button', { disabled: false, selected: true, expanded: false, includeHidden: true, pressed: true })",
        ),
        (r#"internal:text="x"i"#, "getByText('x')"),
        (r#"internal:text="x"s"#, "getByText('x', { exact: true })"),
        ("internal:text=/x/i", "getByText(/x/i)"),
        (r#"internal:label="x"i"#, "getByLabel('x')"),
        (r#"internal:label="x"s"#, "getByLabel('x', { exact: true })"),
        (r#"internal:attr=[placeholder="x"i]"#, "getByPlaceholder('x')"),
        (r#"internal:attr=[alt="x"s]"#, "getByAltText('x', { exact: true })"),
        ("internal:attr=[title=/x/]", "getByTitle(/x/)"),
        (r#"internal:testid=[data-testid="x"s]"#, "getByTestId('x')"),
        ("internal:testid=[data-testid=/x/]", "getByTestId(/x/)"),
        (r#"div >> internal:has-text="x"i"#, "locator('div').filter({ hasText: 'x' })"),
        ("div >> internal:has-text=/x/", "locator('div').filter({ hasText: /x/ })"),
        (r#"div >> internal:has-not-text="x"i"#, "locator('div').filter({ hasNotText: 'x' })"),
        (r#"div >> internal:has="internal:text=\"a\"i""#, "locator('div').filter({ has: getByText('a') })"),
        (r#"div >> internal:has-not="a >> nth=0""#, "locator('div').filter({ hasNot: locator('a').first() })"),
        (r#"a >> internal:and="b""#, "locator('a').and(locator('b'))"),
        (r#"a >> internal:or="internal:text=\"b\"i""#, "locator('a').or(getByText('b'))"),
        (r#"a >> internal:chain="internal:text=\"b\"i""#, "locator('a').locator(getByText('b'))"),
        ("a >> nth=0", "locator('a').first()"),
        ("a >> nth=-1", "locator('a').last()"),
        ("a >> nth=3", "locator('a').nth(3)"),
        ("a >> visible=true", "locator('a').visible()"),
        (r#"#f >> internal:control=enter-frame >> internal:text="x"i"#, "locator('#f').contentFrame().getByText('x')"),
        ("#f >> internal:control=enter-frame >> a", "locator('#f').contentFrame().locator('a')"),
        (
            "iframe >> nth=0 >> internal:control=enter-frame >> x",
            "locator('iframe').first().contentFrame().locator('x')",
        ),
        ("a >> b", "locator('a').locator('b')"),
        ("a >> text=b >> nth=1", "locator('a').locator('text=b').nth(1)"),
        ("data-testid=x", "locator('data-testid=x')"),
        ("*css=a >> b", "locator('a').locator('b')"),
        (r#"role=button[name="x"]"#, r#"locator('role=button[name="x"]')"#),
        (r#"internal:text="line\nbreak"i"#, r#"getByText('line\nbreak')"#),
        (r#"internal:text="ü…"i"#, "getByText('ü…')"),
        (r#"a >> internal:has-text="x"s"#, r#"locator('a').locator('internal:has-text="x"s')"#),
        (r#"a:has-text("x")"#, r#"locator('a:has-text("x")')"#),
        (r#"internal:label="x"i >> internal:text="y"i >> nth=-2"#, "getByLabel('x').getByText('y').nth(-2)"),
    ];
}

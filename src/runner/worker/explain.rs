//! The engine's own errors in the words of V8, which people know and search for; what is not called by its name gets one from the
//! source text.

use super::stack::Sources;

/// `message` of an error with this (raw) stack, as V8 would put it; unknown ones as they are.
pub(crate) fn explain(sources: &Sources, message: &str, stack: &str) -> String {
    let property = |rest: &str| rest.split_once("' of ").map(|(name, of)| (name.to_owned(), of.to_owned()));
    if let Some((name, of)) = message.strip_prefix("cannot read property '").and_then(property) {
        return match name.as_str() {
            "Symbol.iterator" => format!("{of} is not iterable (cannot read property Symbol(Symbol.iterator))"),
            _ => format!("Cannot read properties of {of} (reading '{name}')"),
        };
    }
    if let Some((name, of)) = message.strip_prefix("cannot set property '").and_then(property) {
        return format!("Cannot set properties of {of} (setting '{name}')");
    }
    if let Some(name) = message.strip_suffix(" is not initialized") {
        return match name {
            "this" => NO_SUPER.to_owned(),
            _ => format!("Cannot access '{name}' before initialization"),
        };
    }
    if let Some(name) = message.strip_prefix('\'').and_then(|rest| rest.strip_suffix("' is read-only")) {
        let variable = Place::innermost(sources, stack).is_none_or(|place| {
            let (_, after) = place.around;
            after.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c| is_name(c) || c == '.'))
        });
        return match variable {
            true => "Assignment to constant variable.".to_owned(),
            false => format!("Cannot assign to read only property '{name}' of object"),
        };
    }
    let words = match message {
        "not a function" => return callee(sources, stack).unwrap_or_else(|| message.to_owned()),
        "class constructors must be invoked with 'new'" => {
            let name = Place::innermost(sources, stack).map(|place| name_at(place.around.1, false).to_owned());
            return format!("Class constructor {} cannot be invoked without 'new'", name.unwrap_or_default());
        }
        "invalid array length" => "Invalid array length",
        "invalid repeat count" => "Invalid count value",
        "BigInt are forbidden in JSON.stringify" => "Do not know how to serialize a BigInt",
        "expecting hex digit" => "URI malformed",
        "circular reference" => "Converting circular structure to JSON",
        "empty array" => "Reduce of empty array with no initial value",
        "cannot convert BigInt to number" => "Cannot mix BigInt and other types, use explicit conversions",
        "cannot convert symbol to string" => "Cannot convert a Symbol value to a string",
        "cannot convert symbol to number" => "Cannot convert a Symbol value to a number",
        "Date value is NaN" => "Invalid time value",
        other => other,
    };
    words.to_owned()
}

const NO_SUPER: &str =
    "Must call super constructor in derived class before accessing 'this' or returning from derived constructor";

/// Where in the user's text an error came from.
struct Place<'s> {
    /// The file, before and from there on.
    around: (&'s str, &'s str),
}

impl<'s> Place<'s> {
    fn innermost(sources: &'s Sources, stack: &str) -> Option<Self> {
        let mapped = sources.map_stack(stack);
        let place = mapped.lines().next()?.trim_end_matches(')');
        let (rest, column) = place.rsplit_once(':')?;
        let (rest, line) = rest.rsplit_once(':')?;
        let file = rest.rsplit_once(['(', ' ']).map_or(rest, |(_, file)| file);
        let source = sources.source(file)?;
        let begin = match line.parse::<usize>().ok()?.checked_sub(1)? {
            0 => 0,
            above => source.match_indices('\n').nth(above - 1)?.0 + 1,
        };
        let line = source[begin..].lines().next().unwrap_or_default();
        let start = byte_of(line, column.parse::<usize>().ok()?.checked_sub(1)?)?;
        // What is created stands at its `new`; its name is what errors are about.
        let created = line[start..].strip_prefix("new").filter(|rest| rest.starts_with([' ', '\t']));
        let start = created.map_or(start, |rest| line.len() - rest.trim_start().len());
        Some(Self { around: source.split_at(begin + start) })
    }
}

/// The name a text begins with; with those of members, if they belong to it.
fn name_at(text: &str, members: bool) -> &str {
    let end = text.find(|c| !(is_name(c) || members && c == '.')).unwrap_or(text.len());
    &text[..end]
}

/// `page.goThere is not a function`: the expression at the innermost place, if that is a call.
fn callee(sources: &Sources, stack: &str) -> Option<String> {
    // Called by a builtin: what is wrong is an argument of it.
    if let Some(native) = stack.lines().next()?.trim().strip_suffix(" (native)") {
        let name = native.strip_prefix("at ")?;
        return Some(format!("The argument of {name} is not a function"));
    }
    let (before, after) = Place::innermost(sources, stack)?.around;
    // The place of `new a.b()` is that of `a`, the place of `a.b()` that of `b`.
    let created = before.trim_end().ends_with("new");
    let name = name_at(after, created);
    let next = after[name.len()..].trim_start_matches('!').chars().next();
    // `throw new TypeError('not a function')` are somebody's own words.
    let thrown = created && name.ends_with("Error");
    if name.is_empty() || thrown || !matches!(next, Some('(' | '<' | '?')) {
        return None;
    }
    let what = if created { "constructor" } else { "function" };
    Some(format!("{}{name} is not a {what}", plain(object(before))))
}

/// Byte offset of a column in UTF-16 units.
fn byte_of(line: &str, column: usize) -> Option<usize> {
    let mut units = 0;
    for (at, c) in line.char_indices() {
        if units >= column {
            return Some(at);
        }
        units += c.len_utf16();
    }
    (units >= column).then_some(line.len())
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || c == '#'
}

/// What stands before a member's name, `.` included: names, calls and brackets that belong together.
fn object(before: &str) -> &str {
    if !before.ends_with('.') {
        return "";
    }
    let mut depth = 0_u32;
    let mut start = before.len();
    for (at, c) in before.char_indices().rev() {
        match c {
            ')' | ']' => depth += 1,
            '(' | '[' if depth == 0 => break,
            '(' | '[' => depth -= 1,
            _ if depth > 0 || is_name(c) || matches!(c, '.' | '?' | '!') => {}
            // Calls in a chain have lines of their own.
            _ if c.is_whitespace() && before[start..].trim_start().starts_with(['.', '?']) => {}
            _ => break,
        }
        start = at;
    }
    &before[start..]
}

/// Arguments as `(...)`, brackets around a cast gone, without `!` and `?`.
fn plain(object: &str) -> String {
    let mut plain = String::new();
    let mut rest = object;
    while let Some(c) = rest.chars().next() {
        if c == '(' {
            let end = closing(rest);
            let inside = &rest[1..end.saturating_sub(1).max(1)];
            if plain.is_empty() {
                plain.push_str(inside.split(" as ").next().unwrap_or_default().trim_end_matches('!'));
            } else {
                plain.push_str("(...)");
            }
            rest = &rest[end..];
            continue;
        }
        if !matches!(c, '!' | '?') && !c.is_whitespace() {
            plain.push(c);
        }
        rest = &rest[c.len_utf8()..];
    }
    plain
}

/// Length of the bracketed part a text begins with.
fn closing(text: &str) -> usize {
    let mut depth = 0_u32;
    let mut quoted = None;
    for (at, c) in text.char_indices() {
        match c {
            _ if quoted == Some(c) => quoted = None,
            _ if quoted.is_some() => {}
            '\'' | '"' | '`' => quoted = Some(c),
            '(' => depth += 1,
            ')' if depth == 1 => return at + 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::super::calls::Calls;
    use super::super::positions::PositionMap;
    use super::*;

    #[test]
    fn messages_are_those_of_v8() {
        let cases = [
            ("cannot read property 'b' of undefined", "Cannot read properties of undefined (reading 'b')"),
            ("cannot set property 'x' of null", "Cannot set properties of null (setting 'x')"),
            (
                "cannot read property 'Symbol.iterator' of undefined",
                "undefined is not iterable (cannot read property Symbol(Symbol.iterator))",
            ),
            ("'c' is read-only", "Assignment to constant variable."),
            ("x is not initialized", "Cannot access 'x' before initialization"),
            ("this is not initialized", NO_SUPER),
            ("empty array", "Reduce of empty array with no initial value"),
            ("anything else", "anything else"),
        ];
        for (message, expected) in cases {
            assert_eq!(explain(&Sources::default(), message, ""), expected);
        }
    }

    #[test]
    fn what_cannot_be_assigned_is_a_variable_or_a_member() {
        let cases = [
            ("c = 2;", "Assignment to constant variable."),
            ("o.c = 2;", "Cannot assign to read only property 'c' of object"),
        ];
        for (source, expected) in cases {
            let mut sources = Sources::default();
            sources.insert("a.ts".to_owned(), source.to_owned(), PositionMap::default(), Calls::default());
            assert_eq!(explain(&sources, "'c' is read-only", "    at f (a.ts:1:1)\n"), expected);
        }
    }

    #[test]
    fn what_is_no_function_gets_its_name() {
        let cases = [
            ("o.f();", 3, "o.f is not a function"),
            ("f();", 1, "f is not a function"),
            ("await (page as any).route2('x');", 21, "page.route2 is not a function"),
            ("page.locator('a)').foo!<T>();", 20, "page.locator(...).foo is not a function"),
            ("a?.b![0].c.d(1)", 12, "a.b[0].c.d is not a function"),
            ("g(new o.X());", 7, "o.X is not a constructor"),
            ("new X();", 5, "X is not a constructor"),
            ("'ä😀', o.f();", 10, "o.f is not a function"),
            ("o[Symbol.iterator]();", 10, "not a function"),
            ("return page .goTo();", 14, "page.goTo is not a function"),
            ("", 1, "not a function"),
        ];
        for (source, column, expected) in cases {
            let mut sources = Sources::default();
            sources.insert("a.ts".to_owned(), source.to_owned(), PositionMap::default(), Calls::default());
            let stack = format!("    at f (a.ts:1:{column})\n");
            assert_eq!(explain(&sources, "not a function", &stack), expected, "{source}");
        }
        let native = "    at reduce (native)\n    at f (a.ts:1:1)\n";
        let expected = "The argument of reduce is not a function";
        assert_eq!(explain(&Sources::default(), "not a function", native), expected);
    }
}

//! TypeScript and JavaScript in colours, as the code frames of Babel have them. A frame is a part of a file: what cannot be
//! told from it alone (a text that began above) is coloured as it looks.

use super::style::Style;

/// Words of the language, reserved ones of strict mode, and those that are words in some places.
const KEYWORDS: &[&str] = &[
    "as",
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "from",
    "function",
    "get",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "of",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "set",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// Punctuators of more than one character, longest first.
const PUNCTUATORS: &[&str] = &[
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=", "=>", "==", "!=", "<=", ">=", "++",
    "--", "&&", "||", "??", "?.", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "**", "<<", ">>",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Space,
    Bracket,
    Name,
    Keyword,
    Capitalized,
    Punctuator,
    Text,
    Number,
    Regex,
    Comment,
}

/// Lines of code, coloured; as many as went in.
pub(super) fn highlight(code: &str, style: Style) -> Vec<String> {
    let mut painted = String::new();
    let mut rest = code;
    let mut before = Token::Punctuator;
    while !rest.is_empty() {
        let (token, length) = next(rest, before, code.len() - rest.len(), code);
        let (text, after) = rest.split_at(length);
        let lines: Vec<String> = text.split('\n').map(|line| paint(token, line, style)).collect();
        painted.push_str(&lines.join("\n"));
        if !matches!(token, Token::Space | Token::Comment) {
            before = match (token, text) {
                // After these a slash divides.
                (Token::Bracket, ")" | "]" | "}") => Token::Name,
                (Token::Bracket, _) => Token::Punctuator,
                _ => token,
            };
        }
        rest = after;
    }
    painted.split('\n').map(str::to_owned).collect()
}

fn paint(token: Token, text: &str, style: Style) -> String {
    match token {
        Token::Space | Token::Bracket | Token::Name => text.to_owned(),
        Token::Keyword => style.cyan(text),
        Token::Capitalized | Token::Punctuator => style.yellow(text),
        Token::Text => style.green(text),
        Token::Number | Token::Regex => style.magenta(text),
        Token::Comment => style.gray(text),
    }
}

/// What `rest` begins with and how many bytes it takes. `before` is the last token that was no space.
fn next(rest: &str, before: Token, at: usize, code: &str) -> (Token, usize) {
    let Some(first) = rest.chars().next() else { return (Token::Space, 0) };
    let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
    match first {
        c if c.is_whitespace() => (Token::Space, run(char::is_whitespace)),
        '(' | ')' | '[' | ']' | '{' | '}' => (Token::Bracket, 1),
        '"' | '\'' => (Token::Text, quoted(rest, first, '\n')),
        '`' => (Token::Text, quoted(rest, '`', '\0')),
        '/' if rest.starts_with("//") => (Token::Comment, rest.find('\n').unwrap_or(rest.len())),
        '/' if rest.starts_with("/*") => (Token::Comment, rest.find("*/").map_or(rest.len(), |end| end + 2)),
        '/' if matches!(before, Token::Punctuator | Token::Keyword) && regex(rest).is_some() => {
            (Token::Regex, regex(rest).unwrap_or(1))
        }
        c if c.is_ascii_digit() => (Token::Number, run(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_')),
        c if is_name(c) => {
            let length = run(is_name);
            (name(&rest[..length], &code[..at]), length)
        }
        c => {
            let long = PUNCTUATORS.iter().find(|long| rest.starts_with(**long));
            (Token::Punctuator, long.map_or(c.len_utf8(), |long| long.len()))
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn name(word: &str, before: &str) -> Token {
    let is_tag = before.ends_with('<') || before.ends_with("</");
    if KEYWORDS.contains(&word) {
        Token::Keyword
    } else if is_tag || word.chars().next().is_some_and(char::is_uppercase) {
        Token::Capitalized
    } else {
        Token::Name
    }
}

/// Length of a text with its quotes; up to `end` where it is not closed before.
fn quoted(rest: &str, quote: char, end: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            c if c == end => return at,
            _ => {}
        }
    }
    rest.len()
}

/// Length of a regular expression with its flags, if that is one.
fn regex(rest: &str) -> Option<usize> {
    let (mut escaped, mut in_class) = (false, false);
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => {
                let flags = rest[at + 1..].find(|c: char| !c.is_ascii_alphabetic());
                return Some(flags.map_or(rest.len(), |flags| at + 1 + flags));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::style::Terminal;
    use super::*;

    /// `{colour:text}` for what is coloured.
    fn marked(code: &str) -> String {
        let style = Terminal { colors: true, size: None }.style();
        let mut text = highlight(code, style).join("\n");
        for (on, name) in [("36", "cyan"), ("33", "yellow"), ("32", "green"), ("35", "magenta"), ("90", "gray")] {
            text = text.replace(&format!("\x1b[{on}m"), &format!("{{{name}:"));
        }
        text.replace("\x1b[39m", "}")
    }

    #[test]
    fn tokens_have_the_colours_of_babel() {
        let cases = [
            ("  });", "  }){yellow:;}"),
            ("await page.goto('/');", "{cyan:await} page{yellow:.}goto({green:'/'}){yellow:;}"),
            ("test('x', async ({ page }) => {", "test({green:'x'}{yellow:,} {cyan:async} ({ page }) {yellow:=>} {"),
            (
                "throw new Error(`a ${b} 'c'`);",
                "{cyan:throw} {cyan:new} {yellow:Error}({green:`a ${b} 'c'`}){yellow:;}",
            ),
            (
                "a = 1.5 / 2; // half / half",
                "a {yellow:=} {magenta:1.5} {yellow:/} {magenta:2}{yellow:;} {gray:// half / half}",
            ),
            ("has(/a[/]b\\/c/gi)", "has({magenta:/a[/]b\\/c/gi})"),
            ("(a + b) / c / d", "(a {yellow:+} b) {yellow:/} c {yellow:/} d"),
            ("'it\\'s' + \"open", "{green:'it\\'s'} {yellow:+} {green:\"open}"),
            ("/* one\ntwo */ x", "{gray:/* one}\n{gray:two */} x"),
            ("<div class=\"x\">", "{yellow:<}{yellow:div} {cyan:class}{yellow:=}{green:\"x\"}{yellow:>}"),
            ("ünïcode = '漢字'", "ünïcode {yellow:=} {green:'漢字'}"),
        ];
        for (code, expected) in cases {
            assert_eq!(marked(code), expected, "{code}");
        }
    }
}

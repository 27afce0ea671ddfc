//! `testMatch` and `testIgnore`: globs and JavaScript's regular expressions over full paths.

use super::raw::Pattern;
use regress::Regex;

/// What a project without `testMatch` runs.
pub(in crate::cli::run) const TEST_MATCH: &str = "**/*.@(spec|test).?(c|m)[jt]s?(x)";

/// Matches a path if one of its patterns does.
#[derive(Debug)]
pub(super) struct Matcher(Vec<Regex>);

impl Matcher {
    /// # Errors
    /// Which pattern is none, and why.
    pub(super) fn new(patterns: &[Pattern]) -> Result<Self, String> {
        patterns.iter().map(compiled).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|regex| regex.find(path).is_some())
    }
}

fn compiled(pattern: &Pattern) -> Result<Regex, String> {
    let (source, flags) = match pattern {
        Pattern::Regex { source, flags } => (source.clone(), flags.replace(['g', 'y', 'd'], "")),
        Pattern::Glob(glob) if glob.starts_with("**/") => (of_glob(glob), "i".to_owned()),
        Pattern::Glob(glob) => (of_glob(&format!("**/{glob}")), "i".to_owned()),
    };
    Regex::with_flags(&source, flags.as_str()).map_err(|error| match pattern {
        Pattern::Glob(glob) => format!("{glob:?} is no pattern for paths: {error}"),
        Pattern::Regex { .. } => format!("/{source}/{flags} is no regular expression: {error}"),
    })
}

/// The regular expression that a glob stands for.
fn of_glob(glob: &str) -> String {
    let mut regex = "^".to_owned();
    let mut rest = glob;
    // What closes each open group.
    let mut open: Vec<&str> = Vec::new();
    while let Some(c) = rest.chars().next() {
        let extended = rest.chars().nth(1) == Some('(');
        let (text, taken) = match c {
            '*' if rest.starts_with("**/") => ("(?:[^/]*/)*", 3),
            '*' if rest.starts_with("**") => (".*", 2),
            '@' if extended => group(&mut open, "(?:", ")", 2),
            '?' if extended => group(&mut open, "(?:", ")?", 2),
            '*' if extended => group(&mut open, "(?:", ")*", 2),
            '+' if extended => group(&mut open, "(?:", ")+", 2),
            '!' if extended => group(&mut open, "(?:(?!(?:", ")[^/]*$)[^/]*)", 2),
            '*' => ("[^/]*", 1),
            '?' => ("[^/]", 1),
            '{' if rest.contains('}') => group(&mut open, "(?:", "}", 1),
            '}' if open.last() == Some(&"}") => {
                open.pop();
                (")", 1)
            }
            ')' if open.last().is_some_and(|end| end.starts_with(')')) => (open.pop().unwrap_or_default(), 1),
            ',' if open.last() == Some(&"}") => ("|", 1),
            '|' if !open.is_empty() => ("|", 1),
            '[' if rest.contains(']') => {
                let end = rest.find(']').unwrap_or_default() + 1;
                regex.push_str(&rest[..end].replacen("[!", "[^", 1));
                ("", end)
            }
            '\\' => {
                rest = &rest[1..];
                ("", 0)
            }
            c if c.is_alphanumeric() || "_/- ".contains(c) => {
                regex.push(c);
                ("", c.len_utf8())
            }
            c => {
                regex.push('\\');
                regex.push(c);
                ("", c.len_utf8())
            }
        };
        regex.push_str(text);
        rest = &rest[taken..];
    }
    regex.push('$');
    regex
}

fn group<'t>(open: &mut Vec<&'t str>, begin: &'t str, end: &'t str, taken: usize) -> (&'t str, usize) {
    open.push(end);
    (begin, taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_as_people_mean_it() {
        let cases = [
            (TEST_MATCH, "/p/tests/a.spec.ts", true),
            (TEST_MATCH, "/p/a.test.mjs", true),
            (TEST_MATCH, "/p/a.spec.tsx", true),
            (TEST_MATCH, "/p/a.ts", false),
            (TEST_MATCH, "/p/spec.ts", false),
            ("*.setup.ts", "/p/tests/auth.setup.ts", true),
            ("**/*.e2e.ts", "/p/x.E2E.ts", true),
            ("tests/{a,b}/*.ts", "/p/tests/b/x.ts", true),
            ("tests/{a,b}/*.ts", "/p/tests/c/x.ts", false),
            ("**/login/**", "/p/login/deep/x.ts", true),
            ("*test.ts", "/p/x/mytest.ts", true),
            ("a+(b).ts", "/p/abb.ts", true),
            ("!(a).ts", "/p/b.ts", true),
            ("!(a).ts", "/p/a.ts", false),
            ("[!x]?.ts", "/p/yz.ts", true),
            ("a(1).ts", "/p/a(1).ts", true),
        ];
        for (glob, path, expected) in cases {
            let matcher = Matcher::new(&[Pattern::Glob(glob.to_owned())]).unwrap();
            assert_eq!(matcher.matches(path), expected, "{glob} {path}");
        }
        let regex = |source: &str| Pattern::Regex { source: source.to_owned(), flags: "g".to_owned() };
        assert!(Matcher::new(&[regex(r".*\.setup\.ts")]).unwrap().matches("/p/global.setup.ts"));
        assert!(!Matcher::new(&[regex(r"(?<!skip)\.ts$")]).unwrap().matches("/p/skip.ts"));
        assert!(Matcher::new(&[regex("(")]).unwrap_err().contains("is no regular expression"));
    }
}

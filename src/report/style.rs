//! What a terminal can show: colours, widths, durations in words.

/// Lines with rules to the right are filled up to here, as Playwright's are.
const WIDTH: usize = 100;

/// What is known of the place a report is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terminal {
    /// Whether to colour.
    pub colors: bool,
    /// Columns and rows where it is a terminal whose lines can be rewritten.
    pub size: Option<(usize, usize)>,
}

impl Terminal {
    /// Columns that lines may use; no limit where it is no terminal.
    pub(super) fn columns(self) -> Option<usize> {
        self.size.map(|(columns, _)| columns)
    }

    pub(super) fn style(self) -> Style {
        Style { colors: self.colors, width: self.columns().map_or(WIDTH, |columns| columns.min(WIDTH)) }
    }
}

/// Colours text, or does not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    colors: bool,
    width: usize,
}

impl Style {
    pub(super) fn red(self, text: &str) -> String {
        self.paint(text, "31", "39")
    }

    pub(super) fn green(self, text: &str) -> String {
        self.paint(text, "32", "39")
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.paint(text, "33", "39")
    }

    pub(super) fn magenta(self, text: &str) -> String {
        self.paint(text, "35", "39")
    }

    pub(super) fn cyan(self, text: &str) -> String {
        self.paint(text, "36", "39")
    }

    pub(super) fn gray(self, text: &str) -> String {
        self.paint(text, "90", "39")
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.paint(text, "2", "22")
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint(text, "1", "22")
    }

    fn paint(self, text: &str, on: &str, off: &str) -> String {
        if self.colors && !text.is_empty() { format!("\x1b[{on}m{text}\x1b[{off}m") } else { text.to_owned() }
    }

    /// A rule that fills the line after `text`, with a space between; empty where the line is full.
    pub(super) fn rule_after(self, text: &str) -> String {
        let used = width(text) + usize::from(!text.ends_with(' '));
        let space = if text.ends_with(' ') { "" } else { " " };
        match self.width.saturating_sub(used) {
            0 => String::new(),
            rest => format!("{space}{}", self.dim(&"─".repeat(rest))),
        }
    }
}

/// Columns a text takes: no control sequences in it; East Asian wide characters and emoji take two.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn columns(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1f64f | 0x1f900..=0x1f9ff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The end of a text that is too long, after an ellipsis: what tells tests apart is at the end.
pub(super) fn fit(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let mut room = limit.saturating_sub(1);
    let kept: Vec<char> = text
        .chars()
        .rev()
        .take_while(|c| {
            let fits = columns(*c) <= room;
            room = room.saturating_sub(columns(*c));
            fits
        })
        .collect();
    if limit == 0 { String::new() } else { std::iter::once('…').chain(kept.into_iter().rev()).collect() }
}

/// `134ms`, `1.2s`, `3.4m`, `1.1h`.
pub(super) fn duration(ms: u64) -> String {
    const UNITS: [(f64, &str); 3] = [(3_600_000.0, "h"), (60_000.0, "m"), (1_000.0, "s")];
    let unit = UNITS.iter().find(|(size, _)| ms as f64 >= *size);
    unit.map_or_else(|| format!("{ms}ms"), |(size, name)| format!("{:.1}{name}", ms as f64 / size))
}

/// `1 test`, `2 tests`.
pub(super) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_as_playwright_tells_them() {
        let cases =
            [(0, "0ms"), (999, "999ms"), (1_000, "1.0s"), (59_940, "59.9s"), (90_000, "1.5m"), (7_200_000, "2.0h")];
        for (ms, expected) in cases {
            assert_eq!(duration(ms), expected);
        }
    }

    #[test]
    fn long_texts_keep_their_end() {
        let cases = [
            ("short", 10, "short"),
            ("exactly ten", 11, "exactly ten"),
            ("a › long › title", 8, "…› title"),
            ("漢字漢字", 5, "…漢字"),
            ("漢字漢字", 4, "…字"),
            ("x", 0, ""),
        ];
        for (text, limit, expected) in cases {
            assert_eq!(fit(text, limit), expected, "{text} in {limit}");
            assert!(width(expected) <= limit);
        }
    }

    #[test]
    fn rules_fill_the_line() {
        let style = Terminal::default().style();
        assert_eq!(width("  1) a") + width(&style.rule_after("  1) a")), WIDTH);
        assert_eq!(style.rule_after(&"x".repeat(100)), "");
        let narrow = Terminal { colors: false, size: Some((40, 20)) }.style();
        assert_eq!(narrow.rule_after("  1) a"), format!(" {}", "─".repeat(33)));
    }
}

//! The code as it grows, line by line on standard error: what an action added is shown once the next one begins.

use std::io::{self, Write};

/// See the module.
pub(super) struct Scroll<W> {
    out: W,
    dim: bool,
    /// The action that may still change.
    index: Option<usize>,
    /// The code with it.
    code: String,
    /// The code as far as it was shown.
    shown: String,
}

impl<W: Write> Scroll<W> {
    /// `dim` is for terminals; `frame` is the code around no action at all, which is not shown.
    pub(super) fn new(out: W, dim: bool, frame: String) -> Self {
        Self { out, dim, index: None, code: frame.clone(), shown: frame }
    }

    /// The whole code, after the action at `index` came or changed.
    pub(super) fn grown(&mut self, index: usize, code: &str) -> io::Result<()> {
        if self.index.is_some_and(|before| index > before) {
            self.show()?;
        }
        self.index = self.index.max(Some(index));
        code.clone_into(&mut self.code);
        Ok(())
    }

    /// Nothing changes any more.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.show()
    }

    fn show(&mut self) -> io::Result<()> {
        for line in added(&self.shown, &self.code) {
            if self.dim { writeln!(self.out, "\x1b[2m{line}\x1b[22m")? } else { writeln!(self.out, "{line}")? }
        }
        self.shown.clone_from(&self.code);
        self.out.flush()
    }
}

/// The lines of `new` between what it has in common with `old` at both ends.
fn added<'a>(old: &str, new: &'a str) -> Vec<&'a str> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    new[start..new.len() - end].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_shown_once_when_it_is_settled() {
        let mut scroll = Scroll::new(Vec::new(), false, "head\nfoot\n".to_owned());
        let code = |lines: &[&str]| {
            format!("head\n{}foot\n", lines.iter().map(|line| format!("  {line}\n")).collect::<String>())
        };
        scroll.grown(0, &code(&["goto"])).expect("memory");
        scroll.grown(1, &code(&["goto", "fill a"])).expect("memory");
        scroll.grown(1, &code(&["goto", "fill ab"])).expect("memory");
        scroll.grown(2, &code(&["goto", "fill ab", "click"])).expect("memory");
        scroll.end().expect("memory");
        let text = String::from_utf8(scroll.out).expect("text");
        assert_eq!(text, "  goto\n  fill ab\n  click\n");
    }
}

//! The log on standard error.

use super::{Cli, CouldNotRun};
use crate::config::colors;
use crate::model::mask::Mask;
use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

/// Who reads the log.
#[derive(Debug, Clone, Copy)]
pub(super) enum Audience {
    /// Somebody who waits for what the command prints: complaints only, in between, as sentences.
    Person,
    /// Whoever looks later for what happened when.
    Journal {
        /// What is logged where nobody said.
        level: &'static str,
    },
}

pub(super) fn set_up(cli: &Cli) -> Result<(), CouldNotRun> {
    let audience = cli.command.audience();
    let said = cli.globals.log_level.as_deref();
    let level = said.unwrap_or(match audience {
        Audience::Person => "warn",
        Audience::Journal { level } => level,
    });
    // Not `EnvFilter`: its regular expressions are a tenth of what an idle agent weighs.
    let filter: Targets = level.parse().map_err(|error| CouldNotRun(format!("--log-level {level:?}: {error}")))?;
    let colors = !cli.globals.no_color && colors(io::stderr().is_terminal());
    let mask = Arc::new(Mask::new(cli.command.secrets()));
    if !mask.is_empty() {
        // What a panic says may be anything.
        std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    }
    let stderr = move || Covered { mask: mask.clone(), out: io::stderr() };
    let log = tracing_subscriber::fmt().with_writer(stderr).with_max_level(LevelFilter::TRACE).with_ansi(colors);
    match (cli.globals.log_format, audience, said) {
        (Format::Json, ..) => log.json().finish().with(filter).init(),
        (Format::Text, Audience::Person, None) => log.event_format(Sentences).finish().with(filter).init(),
        (Format::Text, ..) => log.finish().with(filter).init(),
    }
    Ok(())
}

/// Writes stars for what is not to be told. Gets whole lines.
struct Covered<W> {
    mask: Arc<Mask>,
    out: W,
}

impl<W: io::Write> io::Write for Covered<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        self.out.write_all(self.mask.over_text(&line).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// `warning: what is the matter`
struct Sentences;

impl<S, N> FormatEvent<S, N> for Sentences
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (word, color) = match *event.metadata().level() {
            Level::ERROR => ("error", 31),
            Level::WARN => ("warning", 33),
            _ => ("note", 2),
        };
        if out.has_ansi_escapes() {
            write!(out, "\x1b[{color}m{word}\x1b[0m: ")?;
        } else {
            write!(out, "{word}: ")?;
        }
        context.field_format().format_fields(out.by_ref(), event)?;
        writeln!(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_not_to_be_told_is_not_logged() {
        let page = Page::default();
        let mask = Arc::new(Mask::new(&["hunter2 & co".to_owned()]));
        let out = page.clone();
        let log = tracing_subscriber::fmt().with_writer(move || Covered { mask: mask.clone(), out: out.clone() });
        tracing::subscriber::with_default(log.json().finish(), || {
            tracing::info!(url = "http://a/?b=hunter2%20&%20co", "it is hunter2 & co");
        });
        let line = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert!(line.contains("it is ***") && line.contains("?b=***") && !line.contains("hunter2"), "{line}");
    }

    #[test]
    fn a_person_gets_sentences() {
        for (colors, expected) in [
            (false, "warning: no room left=3\nerror: broken\n"),
            (
                true,
                "\u{1b}[33mwarning\u{1b}[0m: no room \u{1b}[3mleft\u{1b}[0m\u{1b}[2m=\u{1b}[0m3\n\u{1b}[31merror\u{1b}[0m: broken\n",
            ),
        ] {
            let page = Page::default();
            let writer = page.clone();
            let log = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(colors);
            tracing::subscriber::with_default(log.event_format(Sentences).finish(), || {
                tracing::warn!(left = 3, "no room");
                tracing::error!("broken");
            });
            assert_eq!(String::from_utf8(page.0.lock().unwrap().clone()).unwrap(), expected);
        }
    }
}

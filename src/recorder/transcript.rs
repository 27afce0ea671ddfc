//! What was seen becomes what was done: typing becomes one `fill`, two clicks a double click, a navigation what the click before
//! it caused. Pure: time comes in, changes go out. The rules are those of Playwright's recorder; where it guesses who caused a
//! navigation, the browser's word counts first.

use crate::model::action::{Action, Place, RecordedAction, Signal};
use std::collections::{HashMap, HashSet};

/// A navigation this long after an action is not its consequence any more, ms. Playwright's figure.
const CONSEQUENCE: u64 = 5_000;
/// A navigation may still change its address for this long (redirects by script), ms. Playwright's figure.
const REDIRECT: u64 = 500;

/// A script that goes back does so at once after the click; nobody presses the browser's button so soon. Milliseconds.
const AT_ONCE: u64 = 300;

/// A page of a recording: the browser's own id.
pub type PageKey = String;

/// Something that was seen.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A page opened, by itself or by another one.
    Opened {
        /// It.
        page: PageKey,
        /// Its address so far.
        url: String,
        /// The page that opened it.
        opener: Option<PageKey>,
    },
    /// A page is gone.
    Closed {
        /// It.
        page: PageKey,
    },
    /// A person did something.
    Performed {
        /// Where.
        page: PageKey,
        /// What.
        action: Action,
        /// Other selectors of its element, the better ones first.
        alternatives: Vec<String>,
        /// Where exactly.
        place: Box<Place>,
    },
    /// A main frame shows another document or address.
    Navigated {
        /// Its page.
        page: PageKey,
        /// Where it is now.
        url: String,
        /// Who wanted it.
        by: Initiator,
    },
    /// A download began.
    Download {
        /// In which page.
        page: PageKey,
    },
    /// A dialog was answered.
    Dialog {
        /// In which page.
        page: PageKey,
        /// Whether with yes.
        accepted: bool,
        /// What was typed into a prompt.
        prompt_text: Option<String>,
    },
}

/// Who wanted a navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initiator {
    /// The page: a link, a form, a script.
    Page,
    /// The person: the address bar, a command of the recorder.
    Person,
    /// A step in the history: the person's, or a script's.
    History,
    /// The browser did not say.
    Unknown,
}

/// The action at `index` is new, or not what it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// From 0.
    pub index: usize,
    /// As it is now.
    pub action: RecordedAction,
}

/// All that was done so far.
#[derive(Debug, Default)]
pub struct Transcript {
    actions: Vec<RecordedAction>,
    aliases: HashMap<PageKey, String>,
    /// Popups that show nothing yet.
    fresh_popups: HashSet<String>,
    /// When the last action was done.
    last_at: u64,
    downloads: usize,
    dialogs: usize,
}

impl Transcript {
    /// In order.
    pub fn actions(&self) -> &[RecordedAction] {
        &self.actions
    }

    /// What `now` (ms, any origin) was seen, in the order it was seen.
    pub fn see(&mut self, input: Input, now: u64) -> Option<Change> {
        match input {
            Input::Opened { page, url, opener } => self.opened(page, url, opener, now),
            Input::Closed { page } => {
                let alias = self.alias(&page);
                self.push_plain(Action::ClosePage {}, alias, now)
            }
            Input::Performed { page, action, alternatives, place } => {
                let page = self.alias(&page);
                self.performed(RecordedAction { action, page, signals: Vec::new(), alternatives, place }, now)
            }
            Input::Navigated { page, url, by } => {
                let alias = self.alias(&page);
                self.navigated(alias, url, by, now)
            }
            Input::Download { page } => {
                let alias = self.alias(&page);
                let download_alias = ordinal(self.downloads);
                self.downloads += 1;
                self.signal(&alias, Signal::Download { download_alias })
            }
            Input::Dialog { page, accepted, prompt_text } => {
                let alias = self.alias(&page);
                let dialog_alias = ordinal(self.dialogs);
                self.dialogs += 1;
                self.signal(&alias, Signal::Dialog { dialog_alias, accepted, prompt_text })
            }
        }
    }

    fn alias(&mut self, page: &str) -> String {
        let next = format!("page{}", ordinal(self.aliases.len()));
        self.aliases.entry(page.to_owned()).or_insert(next).clone()
    }

    fn opened(&mut self, page: PageKey, url: String, opener: Option<PageKey>, now: u64) -> Option<Change> {
        let alias = self.alias(&page);
        match opener {
            Some(opener) => {
                let opener = self.alias(&opener);
                self.fresh_popups.insert(alias.clone());
                self.signal(&opener, Signal::Popup { page: alias })
            }
            None => self.push_plain(Action::OpenPage { url }, alias, now),
        }
    }

    fn performed(&mut self, recorded: RecordedAction, now: u64) -> Option<Change> {
        let last = self.actions.last_mut().filter(|last| last.page == recorded.page);
        match last.and_then(|last| Some((continued(&last.action, &recorded.action)?, last))) {
            Some((whole, last)) => {
                last.action = whole;
                self.last_at = now;
                self.changed(self.actions.len() - 1)
            }
            None => self.push(recorded, now),
        }
    }

    fn navigated(&mut self, alias: String, to: String, by: Initiator, now: u64) -> Option<Change> {
        let first_of_popup = self.fresh_popups.remove(&alias);
        let since = now.saturating_sub(self.last_at);
        let last = self.actions.iter_mut().rev().find(|action| action.page == alias);
        match last.map(|last| &mut last.action) {
            Some(Action::Navigate { url } | Action::OpenPage { url }) if *url == to => return None,
            Some(Action::Navigate { url })
                if by == Initiator::Page || (by == Initiator::Unknown && since <= REDIRECT) =>
            {
                *url = to;
                self.last_at = now;
                let index = self.actions.iter().rposition(|action| action.page == alias)?;
                return self.changed(index);
            }
            _ => {}
        }
        let causes = self.actions.last().is_some_and(|last| {
            matches!(last.action, Action::Click { .. } | Action::Press { .. } | Action::Fill { .. })
        });
        let caused = match by {
            _ if first_of_popup => true,
            Initiator::Person => false,
            Initiator::History => causes && since <= AT_ONCE,
            Initiator::Page => self.has_acted(&alias),
            Initiator::Unknown => causes && since <= CONSEQUENCE,
        };
        if caused {
            self.signal(&alias, Signal::Navigation { url: to })
        } else {
            self.push_plain(Action::Navigate { url: to }, alias, now)
        }
    }

    /// Whether a person did anything in that page, or it came from what was done in another.
    fn has_acted(&self, alias: &str) -> bool {
        self.actions.iter().any(|action| {
            (action.page == alias && action.action.selector().is_some())
                || action.signals.iter().any(|signal| matches!(signal, Signal::Popup { page } if page == alias))
        })
    }

    /// A signal belongs to what was done last in its page; without that, to what was done last.
    fn signal(&mut self, alias: &str, signal: Signal) -> Option<Change> {
        let in_page = self.actions.iter().rposition(|action| action.page == alias);
        let index = in_page.or(self.actions.len().checked_sub(1))?;
        self.actions[index].signals.push(signal);
        self.changed(index)
    }

    /// What concerns no element.
    fn push_plain(&mut self, action: Action, page: String, now: u64) -> Option<Change> {
        let (signals, alternatives) = (Vec::new(), Vec::new());
        self.push(RecordedAction { action, page, signals, alternatives, place: Box::default() }, now)
    }

    fn push(&mut self, recorded: RecordedAction, now: u64) -> Option<Change> {
        self.actions.push(recorded);
        self.last_at = now;
        self.changed(self.actions.len() - 1)
    }

    fn changed(&self, index: usize) -> Option<Change> {
        self.actions.get(index).map(|action| Change { index, action: action.clone() })
    }
}

/// Both as one, where `next` is more of `last` rather than something new.
fn continued(last: &Action, next: &Action) -> Option<Action> {
    match (last, next) {
        (Action::Fill { selector: a, .. }, Action::Fill { selector: b, .. }) if a == b => Some(next.clone()),
        (
            Action::Click { selector: a, button: b, modifiers: m, click_count: n, .. },
            Action::Click { selector: a2, button: b2, modifiers: m2, click_count: n2, .. },
        ) if (a, b, m) == (a2, b2, m2) && n2 > n => Some(next.clone()),
        (
            Action::Wheel { selector: a, delta_x: x, delta_y: y },
            Action::Wheel { selector: b, delta_x: dx, delta_y: dy },
        ) if a == b => Some(Action::Wheel { selector: a.clone(), delta_x: x + dx, delta_y: y + dy }),
        _ => None,
    }
}

/// Nothing for the first, then 1, 2, …
fn ordinal(n: usize) -> String {
    if n == 0 { String::new() } else { n.to_string() }
}

#[cfg(test)]
mod tests;

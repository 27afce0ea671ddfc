//! What was said about the latest sessions, so that somebody who comes later (or reloads the dashboard) sees it too.

use super::clock::Instant;
use super::kept::{order, word, words};
use super::token::UserId;
use crate::dialect::hub::{Meaning, Order, Report, Word};
use crate::model::{AgentId, ExecutionId};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How many sessions are remembered.
const SESSIONS_MAX: usize = 200;

/// What is remembered of one session, bytes: some 50 screenshots.
const SESSION_MAX_BYTES: usize = 4 << 20;

/// What is remembered of all, bytes. Less than a peer's backlog, so that all of it can be sent to one peer.
const ALL_MAX_BYTES: usize = 32 << 20;

/// One session's story.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Story {
    pub(super) owner: UserId,
    pub(super) began: Instant,
    /// What started it.
    #[serde(with = "order")]
    pub(super) start: Arc<Order>,
    /// Who has or had it.
    pub(super) agent: Option<AgentId>,
    /// What followed, oldest first; screenshots are forgotten first.
    #[serde(with = "words")]
    events: VecDeque<Arc<Word>>,
    /// The newest live picture.
    #[serde(with = "word")]
    picture: Option<Arc<Word>>,
    bytes: usize,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct History {
    stories: HashMap<ExecutionId, Story>,
    order: VecDeque<ExecutionId>,
    bytes: usize,
}

impl History {
    pub(super) fn begin(&mut self, id: &ExecutionId, owner: &UserId, start: Arc<Order>, now: Instant) {
        self.forget(id);
        let bytes = Word::Command(start.clone()).bytes();
        let (owner, events) = (owner.clone(), VecDeque::new());
        let story = Story { owner, began: now, start, agent: None, events, picture: None, bytes };
        self.stories.insert(id.clone(), story);
        self.order.push_back(id.clone());
        self.bytes += bytes;
        if self.order.len() > SESSIONS_MAX {
            self.forget_oldest();
        }
        self.shrink();
    }

    pub(super) fn note(&mut self, id: &ExecutionId, word: &Arc<Word>) {
        let Some(story) = self.stories.get_mut(id) else { return };
        self.bytes -= story.bytes;
        story.note(word.clone());
        self.bytes += story.bytes;
        self.shrink();
    }

    /// Remembers who has it.
    pub(super) fn assign(&mut self, id: &ExecutionId, agent: &AgentId) {
        if let Some(story) = self.stories.get_mut(id) {
            story.agent = Some(agent.clone());
        }
    }

    pub(super) fn get(&self, id: &ExecutionId) -> Option<&Story> {
        self.stories.get(id)
    }

    /// All of them, oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = (&ExecutionId, &Story)> {
        self.order.iter().filter_map(|id| self.stories.get_key_value(id))
    }

    /// The stories of a user, oldest first.
    pub(super) fn of_user(&self, user: &UserId) -> impl Iterator<Item = (&ExecutionId, &Story)> {
        self.all().filter(move |(_, story)| story.owner == *user)
    }

    fn shrink(&mut self) {
        while self.bytes > ALL_MAX_BYTES {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.order.front().cloned() {
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, id: &ExecutionId) {
        if let Some(story) = self.stories.remove(id) {
            self.bytes -= story.bytes;
            self.order.retain(|other| other != id);
        }
    }
}

impl Story {
    /// What is told to those who come later.
    pub(super) fn told(&self) -> impl Iterator<Item = &Arc<Word>> {
        self.events.iter().chain(&self.picture)
    }

    fn note(&mut self, word: Arc<Word>) {
        self.bytes += word.bytes();
        match means(&word) {
            Some(Meaning::Picture) => {
                let older = self.picture.replace(word);
                self.bytes -= older.map_or(0, |older| older.bytes());
                return;
            }
            Some(Meaning::Action(Some(index))) => self.outdate(index),
            Some(Meaning::Waits) => {
                if let Some(place) = self.events.iter().rposition(|word| means(word) == Some(Meaning::Waits)) {
                    self.drop(place);
                }
            }
            _ => {}
        }
        self.events.push_back(word);
        while self.bytes > SESSION_MAX_BYTES && self.events.len() > 1 {
            let dispensable = self.events.iter().position(|word| means(word) == Some(Meaning::Screenshot));
            self.drop(dispensable.unwrap_or(0));
        }
    }

    fn drop(&mut self, place: usize) {
        if let Some(word) = self.events.remove(place) {
            self.bytes -= word.bytes();
        }
    }

    /// An action is about to be told: what it was before is of no interest any more, nor is the code so far that came with the one
    /// before it.
    fn outdate(&mut self, index: u64) {
        if let Some(place) = self.events.iter().rposition(|word| means(word) == Some(Meaning::Action(Some(index)))) {
            self.drop(place);
        }
        let is_action = |word: &&mut Arc<Word>| matches!(means(word), Some(Meaning::Action(Some(_))));
        if let Some(before) = self.events.iter_mut().rfind(is_action)
            && let Some(report) = before.report()
        {
            let briefer = Arc::new(Word::Session(without_code(report)));
            self.bytes -= before.bytes();
            self.bytes += briefer.bytes();
            *before = briefer;
        }
    }
}

fn means(word: &Word) -> Option<Meaning> {
    word.report().map(|report| report.means)
}

fn without_code(action: &Report) -> Report {
    action.rewritten(|payload| {
        if let Some(fields) = payload.as_object_mut() {
            fields.remove("code");
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Protocol;
    use crate::dialect::hub::Raw;
    use crate::model::Command;
    use serde_json::{Value, json};

    fn said(means: Meaning, payload: &Value) -> Arc<Word> {
        let raw = Raw::new(Protocol::Testflow, "x", payload);
        Arc::new(Word::Session(Report::heard("e".into(), means, raw)))
    }

    fn words(bytes: usize) -> Arc<Word> {
        said(Meaning::Progress, &json!("x".repeat(bytes)))
    }

    fn start(bytes: usize) -> Arc<Order> {
        let raw = Raw::new(Protocol::Testflow, "execution:start", &json!("x".repeat(bytes)));
        Arc::new(Order { command: Command::CancelExecution { execution: "e".into() }, raw })
    }

    fn payload(word: &Arc<Word>) -> String {
        word.report().unwrap().original(Protocol::Testflow).unwrap().payload.get().to_owned()
    }

    fn names(history: &History, user: &str) -> Vec<String> {
        history.of_user(&user.into()).map(|(id, _)| id.to_string()).collect()
    }

    #[test]
    fn a_session_keeps_its_words_longer_than_its_pictures() {
        let (mut history, id) = (History::default(), ExecutionId::from("e"));
        history.begin(&id, &"ada".into(), start(10), Instant::default());
        for _ in 0..50 {
            history.note(&id, &words(10));
            history.note(&id, &said(Meaning::Screenshot, &json!("x".repeat(200_000))));
        }
        let story = history.get(&id).unwrap();
        assert!(story.bytes <= SESSION_MAX_BYTES);
        let logs = story.told().filter(|word| means(word) == Some(Meaning::Progress)).count();
        assert_eq!((logs, story.events.len() - logs), (50, 20));
        for _ in 0..5 {
            history.note(&id, &words(900_000));
        }
        assert_eq!(history.get(&id).unwrap().events.len(), 4, "then the oldest words go");
        assert_eq!(history.bytes, history.get(&id).unwrap().bytes);
    }

    #[test]
    fn a_recording_is_told_as_it_is_now() {
        let (mut history, id) = (History::default(), ExecutionId::from("r"));
        history.begin(&id, &"ada".into(), start(10), Instant::default());
        for (index, code) in [(0, "a"), (1, "a b"), (1, "a B"), (0, "A B"), (2, "A B c")] {
            let action = json!({"index": index, "action": code, "code": code});
            history.note(&id, &said(Meaning::Action(Some(index)), &action));
            history.note(&id, &said(Meaning::Picture, &json!(code)));
        }
        let told: Vec<_> = history.get(&id).unwrap().told().map(payload).collect();
        let expected = [
            r#"{"action":"a B","index":1}"#,
            r#"{"action":"A B","index":0}"#,
            r#"{"action":"A B c","code":"A B c","index":2}"#,
            r#""A B c""#,
        ];
        assert_eq!(told, expected);
        let bytes: usize = history.get(&id).unwrap().told().map(|word| word.bytes()).sum();
        assert_eq!(history.bytes, bytes + Word::Command(start(10)).bytes());
    }

    #[test]
    fn the_oldest_sessions_are_forgotten_by_number_and_by_weight() {
        let (mut history, now) = (History::default(), Instant::default());
        for n in 0..SESSIONS_MAX + 2 {
            history.begin(&ExecutionId(format!("e{n}")), &"ada".into(), start(10), now);
        }
        assert_eq!(history.order.len(), SESSIONS_MAX);
        assert_eq!(names(&history, "ada").first().map(String::as_str), Some("e2"));
        for n in 0..40 {
            history.begin(&ExecutionId(format!("big{n}")), &"eve".into(), start(1_000_000), now);
        }
        assert!(history.bytes <= ALL_MAX_BYTES);
        assert!(names(&history, "ada").is_empty());
        assert_eq!(names(&history, "eve").last().map(String::as_str), Some("big39"));
        history.note(&"unknown".into(), &words(10));
        history.begin(&"big39".into(), &"ada".into(), start(10), now);
        assert_eq!(names(&history, "ada"), ["big39"], "an id that is used again is a new story");
    }
}

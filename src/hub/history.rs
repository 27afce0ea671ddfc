//! What was said about the latest sessions, so that somebody who comes later (or reloads the dashboard) sees it too.

use super::bus::Message;
use super::token::UserId;
use crate::model::{AgentId, ExecutionId};
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

/// How many sessions are remembered.
const SESSIONS_MAX: usize = 200;

/// What is remembered of one session, bytes: some 50 screenshots.
const SESSION_MAX_BYTES: usize = 4 << 20;

/// What is remembered of all, bytes. Less than a peer's backlog, so that all of it can be sent to one peer.
const ALL_MAX_BYTES: usize = 32 << 20;

const SCREENSHOT: &str = "execution:screenshot";
const ACTION: &str = "recording:action";

/// One session's story.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) owner: UserId,
    pub(super) began: Instant,
    /// The command that started it.
    pub(super) start: Message,
    /// Who has or had it.
    pub(super) agent: Option<AgentId>,
    /// What followed, oldest first; screenshots are forgotten first.
    events: VecDeque<Told>,
    /// The newest live picture.
    picture: Option<Message>,
    bytes: usize,
}

#[derive(Debug)]
struct Told {
    message: Message,
    /// Which action of a recording it is about.
    action: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct History {
    stories: HashMap<ExecutionId, Story>,
    order: VecDeque<ExecutionId>,
    bytes: usize,
}

impl History {
    pub(super) fn begin(&mut self, id: &ExecutionId, owner: &UserId, start: Message, now: Instant) {
        self.forget(id);
        let bytes = start.bytes();
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

    pub(super) fn note(&mut self, id: &ExecutionId, event: &Message) {
        let Some(story) = self.stories.get_mut(id) else { return };
        self.bytes -= story.bytes;
        story.note(event.clone());
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

    /// The stories of a user, oldest first.
    pub(super) fn of_user(&self, user: &UserId) -> impl Iterator<Item = (&ExecutionId, &Story)> {
        let all = self.order.iter().filter_map(|id| self.stories.get_key_value(id));
        all.filter(move |(_, story)| story.owner == *user)
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
    pub(super) fn told(&self) -> impl Iterator<Item = &Message> {
        self.events.iter().map(|told| &told.message).chain(&self.picture)
    }

    fn note(&mut self, message: Message) {
        self.bytes += message.bytes();
        if message.is_picture() {
            let older = self.picture.replace(message);
            self.bytes -= older.map_or(0, |older| older.bytes());
            return;
        }
        let action = (message.name == ACTION).then(|| index(&message)).flatten();
        if action.is_some() {
            self.outdate(action);
        }
        self.events.push_back(Told { message, action });
        while self.bytes > SESSION_MAX_BYTES && self.events.len() > 1 {
            let dispensable = self.events.iter().position(|told| told.message.name == SCREENSHOT).unwrap_or(0);
            self.drop(dispensable);
        }
    }

    fn drop(&mut self, place: usize) {
        if let Some(told) = self.events.remove(place) {
            self.bytes -= told.message.bytes();
        }
    }

    /// An action is about to be told: what it was before is of no interest any more, nor is the code so far that came with the one
    /// before it.
    fn outdate(&mut self, action: Option<u64>) {
        if let Some(place) = self.events.iter().rposition(|told| told.action == action) {
            self.drop(place);
        }
        if let Some(before) = self.events.iter_mut().rfind(|told| told.action.is_some()) {
            self.bytes -= before.message.bytes();
            before.message = without_code(&before.message);
            self.bytes += before.message.bytes();
        }
    }
}

fn index(action: &Message) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct Indexed {
        index: u64,
    }
    serde_json::from_str::<Indexed>(action.payload.get()).ok().map(|its| its.index)
}

fn without_code(action: &Message) -> Message {
    let Ok(mut payload) = serde_json::from_str::<serde_json::Value>(action.payload.get()) else {
        return action.clone();
    };
    if let Some(fields) = payload.as_object_mut() {
        fields.remove("code");
    }
    Message::new(ACTION, &payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(name: &'static str, bytes: usize) -> Message {
        Message::new(name, &json!("x".repeat(bytes)))
    }

    fn names(history: &History, user: &str) -> Vec<String> {
        history.of_user(&user.into()).map(|(id, _)| id.to_string()).collect()
    }

    #[test]
    fn a_session_keeps_its_words_longer_than_its_pictures() {
        let (mut history, id) = (History::default(), ExecutionId::from("e"));
        history.begin(&id, &"ada".into(), message("execution:start", 10), Instant::now());
        for _ in 0..50 {
            history.note(&id, &message("execution:log", 10));
            history.note(&id, &message(SCREENSHOT, 200_000));
        }
        let story = history.get(&id).unwrap();
        assert!(story.bytes <= SESSION_MAX_BYTES);
        let logs = story.told().filter(|event| event.name == "execution:log").count();
        assert_eq!((logs, story.events.len() - logs), (50, 20));
        for _ in 0..5 {
            history.note(&id, &message("execution:log", 900_000));
        }
        assert_eq!(history.get(&id).unwrap().events.len(), 4, "then the oldest words go");
        assert_eq!(history.bytes, history.get(&id).unwrap().bytes);
    }

    #[test]
    fn a_recording_is_told_as_it_is_now() {
        let (mut history, id) = (History::default(), ExecutionId::from("r"));
        history.begin(&id, &"ada".into(), message("recording:start", 10), Instant::now());
        for (index, code) in [(0, "a"), (1, "a b"), (1, "a B"), (0, "A B"), (2, "A B c")] {
            history.note(&id, &Message::new(ACTION, &json!({"index": index, "action": code, "code": code})));
            history.note(&id, &Message::new("recording:frame", &json!(code)).picture_of(&id));
        }
        let told: Vec<_> = history.get(&id).unwrap().told().map(|event| event.payload.get().to_owned()).collect();
        let expected = [
            r#"{"action":"a B","index":1}"#,
            r#"{"action":"A B","index":0}"#,
            r#"{"action":"A B c","code":"A B c","index":2}"#,
            r#""A B c""#,
        ];
        assert_eq!(told, expected);
        let bytes: usize = history.get(&id).unwrap().told().map(Message::bytes).sum();
        assert_eq!(history.bytes, bytes + message("recording:start", 10).bytes());
    }

    #[test]
    fn the_oldest_sessions_are_forgotten_by_number_and_by_weight() {
        let (mut history, now) = (History::default(), Instant::now());
        for n in 0..SESSIONS_MAX + 2 {
            history.begin(&ExecutionId(format!("e{n}")), &"ada".into(), message("execution:start", 10), now);
        }
        assert_eq!(history.order.len(), SESSIONS_MAX);
        assert_eq!(names(&history, "ada").first().map(String::as_str), Some("e2"));
        for n in 0..40 {
            history.begin(&ExecutionId(format!("big{n}")), &"eve".into(), message("execution:start", 1_000_000), now);
        }
        assert!(history.bytes <= ALL_MAX_BYTES);
        assert!(names(&history, "ada").is_empty());
        assert_eq!(names(&history, "eve").last().map(String::as_str), Some("big39"));
        history.note(&"unknown".into(), &message("execution:log", 10));
        history.begin(&"big39".into(), &"ada".into(), message("execution:start", 10), now);
        assert_eq!(names(&history, "ada"), ["big39"], "an id that is used again is a new story");
    }
}

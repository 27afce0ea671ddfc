//! What is still to be told to the server, in order, kept until it has arrived. Pure.

use super::fit;
use super::frames::Frames;
use super::journal::{Journal, base};
use crate::dialect::agent::Outbound;
use crate::model::live::LiveNews;
use crate::model::{Event, ExecutionId, Level};
use crate::wire::client::Proof;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// What may wait, bytes; beyond it the oldest pictures go, then the oldest lines.
const BUDGET_BYTES: usize = 64 << 20;
/// Events under way at once: enough to keep a line busy, few enough that the channel to the socket never fills.
const WINDOW: usize = 64;
/// Bytes under way at once, except that one event may always go.
const WINDOW_BYTES: usize = 4 << 20;

/// One event and how it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Names the event over redeliveries and restarts.
    pub(super) event_id: String,
    /// What to tell.
    pub(super) event: Event,
    /// Its number on this connection and the proof that is awaited.
    #[serde(skip)]
    under_way: Option<(u64, Proof)>,
    /// What tells it, and whether to a server that knows it by its id.
    #[serde(skip)]
    words: Option<(bool, Vec<Outbound>)>,
}

/// The queue.
#[derive(Debug)]
pub(super) struct Outbox {
    entries: VecDeque<Entry>,
    bytes: usize,
    budget: usize,
    under_way: usize,
    under_way_bytes: usize,
    next_token: u64,
    next_event: u64,
    /// Distinguishes event ids of this run of the agent.
    run: String,
    /// Lines that had to go, by session.
    dropped: BTreeMap<ExecutionId, u64>,
    journal: Journal,
    frames: Frames,
}

impl Outbox {
    /// An outbox with what was left from before.
    pub(super) fn new(run: String, left: Vec<Entry>) -> Self {
        let bytes = left.iter().map(|entry| fit::weight(&entry.event)).sum();
        Self {
            entries: left.into(),
            bytes,
            budget: BUDGET_BYTES,
            under_way: 0,
            under_way_bytes: 0,
            next_token: 1,
            next_event: 0,
            run,
            dropped: BTreeMap::new(),
            journal: Journal::default(),
            frames: Frames::default(),
        }
    }

    /// What was added and what has arrived since the last call, for [`super::journal::replay`].
    pub(super) fn take_journal(&mut self) -> Vec<u8> {
        self.journal.take()
    }

    /// A journal of what there is now, in place of all before it.
    pub(super) fn whole_journal(&mut self) -> Vec<u8> {
        self.journal = Journal::default();
        self.entries.iter().for_each(|entry| self.journal.entry(entry));
        self.journal.take()
    }

    /// What waits and is under way, bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn push(&mut self, event: Event) {
        match &event {
            Event::RecordingFrame { execution, .. } | Event::Live { execution, news: LiveNews::View(_) } => {
                return self.frames.push(execution.clone(), event);
            }
            Event::RecordingAction { execution, index, .. } => self.outdated(&execution.clone(), *index),
            Event::RecordingComplete { execution, .. } | Event::Live { execution, news: LiveNews::Closed(_) } => {
                self.frames.ended(execution);
            }
            _ => {}
        }
        if let (Event::ExecutionComplete { execution, .. }, false) = (&event, self.dropped.is_empty())
            && let Some(lines) = self.dropped.remove(execution)
        {
            let message = format!("{lines} messages were left out: the server was away for too long");
            self.append(Event::ExecutionLog { execution: execution.clone(), level: Level::Warn, message });
        }
        self.append(event);
        while self.bytes > self.budget && self.drop_one() {}
    }

    /// An action that waits and is not any more what it was need not be told.
    fn outdated(&mut self, of: &ExecutionId, which: usize) {
        let same = |event: &Event| matches!(event, Event::RecordingAction { execution, index, .. } if execution == of && *index == which);
        let place = self.entries.iter().rposition(|entry| entry.under_way.is_none() && same(&entry.event));
        place.and_then(|place| self.remove(place));
    }

    fn append(&mut self, event: Event) {
        self.bytes += fit::weight(&event);
        self.next_event += 1;
        let event_id = format!("{}-{}", self.run, self.next_event);
        let entry = Entry { event_id, event, under_way: None, words: None };
        self.journal.entry(&entry);
        self.entries.push_back(entry);
    }

    /// Takes an entry out; its event is done with its last piece. Pieces are neighbours.
    fn remove(&mut self, place: usize) -> Option<Entry> {
        let entry = self.entries.remove(place)?;
        self.bytes -= fit::weight(&entry.event);
        if !self.has_piece(place, &entry) && !place.checked_sub(1).is_some_and(|before| self.has_piece(before, &entry))
        {
            self.journal.told(base(&entry.event_id));
        }
        Some(entry)
    }

    fn has_piece(&self, place: usize, of: &Entry) -> bool {
        self.entries.get(place).is_some_and(|entry| base(&entry.event_id) == base(&of.event_id))
    }

    fn drop_one(&mut self) -> bool {
        let waits = |entry: &Entry| entry.under_way.is_none();
        let is_picture = |event: &Event| {
            let played = LiveNews::is_picture;
            matches!(event, Event::ExecutionScreenshot { .. })
                || matches!(event, Event::Live { news, .. } if played(news))
        };
        let picture = |entry: &Entry| waits(entry) && is_picture(&entry.event);
        let place = self.entries.iter().position(picture);
        let place = place.or_else(|| self.entries.iter().position(|entry| waits(entry) && !is_last(&entry.event)));
        let Some(entry) = place.and_then(|place| self.remove(place)) else { return false };
        if let Event::ExecutionLog { execution, .. } | Event::ExecutionStep { execution, .. } = &entry.event {
            *self.dropped.entry(execution.clone()).or_default() += 1;
        }
        true
    }

    /// The next event to send, where the line has room for one.
    pub(super) fn next(&self) -> Option<&Entry> {
        let next = self.entries.iter().find(|entry| entry.under_way.is_none())?;
        let room = self.under_way < WINDOW && self.under_way_bytes + fit::weight(&next.event) <= WINDOW_BYTES;
        (room || self.under_way == 0).then_some(next)
    }

    /// What tells the next event, made by `tell` unless it was made before. `named`: to a server that knows events by their ids.
    pub(super) fn words(
        &mut self,
        named: bool,
        tell: impl FnOnce(&Event, Option<&str>) -> Vec<Outbound>,
    ) -> Vec<Outbound> {
        let Some(next) = self.entries.iter_mut().find(|entry| entry.under_way.is_none()) else { return Vec::new() };
        match &next.words {
            Some((then, words)) if *then == named => words.clone(),
            _ => {
                let words = tell(&next.event, named.then_some(next.event_id.as_str()));
                next.words = Some((named, words.clone()));
                words
            }
        }
    }

    /// The next event goes out; returns its number.
    pub(super) fn sent(&mut self, proof: Proof) -> u64 {
        let token = self.number();
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.under_way.is_none()) {
            entry.under_way = Some((token, proof));
            self.under_way += 1;
            self.under_way_bytes += fit::weight(&entry.event);
        }
        token
    }

    fn number(&mut self) -> u64 {
        let token = self.next_token;
        self.next_token += 1;
        token
    }

    /// The next picture goes out under this number, after whatever there is to tell.
    pub(super) fn send_frame(&mut self) -> Option<(u64, Event)> {
        let (id, frame) = self.frames.next()?;
        let token = self.number();
        self.frames.sent(id, token, frame.clone());
        Some((token, frame))
    }

    /// Others take the place of an event that waits: it did not fit. It may have been given up meanwhile.
    pub(super) fn replace(&mut self, old: &str, with: Vec<Event>) {
        let Some(place) = self.entries.iter().position(|entry| entry.event_id == old) else { return };
        for (n, event) in with.into_iter().enumerate() {
            self.bytes += fit::weight(&event);
            self.entries
                .insert(place + n + 1, Entry { event_id: format!("{old}.{n}"), event, under_way: None, words: None });
        }
        self.remove(place);
    }

    /// The proof for `token` has come; the recording whose picture it was.
    pub(super) fn proved(&mut self, token: u64) -> Option<ExecutionId> {
        let under_way = |entry: &&Entry| entry.under_way.is_some();
        let pong = self.entries.iter().take_while(under_way).any(|entry| entry.under_way == Some((token, Proof::Pong)));
        let arrived = |entry: &Entry| match entry.under_way {
            Some((number, proof)) => number == token || (pong && proof == Proof::Pong && number < token),
            None => false,
        };
        // What is under way is at the front.
        while let Some(place) = self.entries.iter().take_while(under_way).position(arrived) {
            if let Some(entry) = self.remove(place) {
                self.under_way -= 1;
                self.under_way_bytes -= fit::weight(&entry.event);
            }
        }
        self.frames.proved(token)
    }

    /// The connection is gone: what has not arrived for certain is to be sent again.
    pub(super) fn disconnected(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.under_way = None);
        (self.under_way, self.under_way_bytes) = (0, 0);
        self.frames.disconnected();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Sessions that something is still to be told of.
    pub(super) fn sessions(&self) -> impl Iterator<Item = &ExecutionId> {
        self.entries.iter().filter_map(|entry| entry.event.session())
    }
}

/// Whether nothing follows for the session.
pub(super) fn is_last(event: &Event) -> bool {
    matches!(
        event,
        Event::ExecutionComplete { .. }
            | Event::RecordingComplete { .. }
            | Event::Live { news: LiveNews::Closed(_), .. }
    )
}

#[cfg(test)]
mod tests {
    use super::super::journal::replay;
    use super::*;

    fn log(message: &str) -> Event {
        Event::ExecutionLog { execution: "e".into(), level: Level::Info, message: message.to_owned() }
    }

    fn complete() -> Event {
        Event::ExecutionComplete { execution: "e".into(), exit_code: 0, duration_ms: 1 }
    }

    fn picture(bytes: usize) -> Event {
        Event::ExecutionScreenshot { execution: "e".into(), step_number: 1, image: vec![0; bytes] }
    }

    fn outbox() -> Outbox {
        Outbox::new("run".to_owned(), vec![])
    }

    fn ids(outbox: &Outbox) -> Vec<&str> {
        outbox.entries().map(|entry| entry.event_id.as_str()).collect()
    }

    #[test]
    fn what_is_not_proved_is_sent_again() {
        let mut outbox = outbox();
        for event in [log("1"), log("2"), complete()] {
            outbox.push(event);
        }
        let first = outbox.sent(Proof::Written);
        outbox.sent(Proof::Written);
        outbox.sent(Proof::Pong);
        assert!(outbox.next().is_none());
        outbox.proved(first);
        outbox.disconnected();
        assert_eq!(ids(&outbox), ["run-2", "run-3"]);
        assert_eq!(outbox.next().unwrap().event, log("2"));
        let (log, end) = (outbox.sent(Proof::Ack), outbox.sent(Proof::Ack));
        outbox.proved(end);
        assert_eq!(ids(&outbox), ["run-2"]);
        outbox.proved(999);
        outbox.proved(log);
        assert!(outbox.is_empty());
        assert_eq!((outbox.bytes, outbox.under_way, outbox.under_way_bytes), (0, 0, 0));
    }

    #[test]
    fn a_pong_proves_what_was_sent_before_it() {
        let mut outbox = outbox();
        for event in [complete(), log("1"), complete(), complete()] {
            outbox.push(event);
        }
        outbox.sent(Proof::Pong);
        outbox.sent(Proof::Written);
        let second = outbox.sent(Proof::Pong);
        outbox.sent(Proof::Pong);
        outbox.proved(second);
        assert_eq!(ids(&outbox), ["run-2", "run-4"]);
    }

    #[test]
    fn the_line_is_never_overfull() {
        let mut outbox = outbox();
        (0..WINDOW + 5).for_each(|_| outbox.push(log("x")));
        let mut sent = 0;
        while outbox.next().is_some() {
            outbox.sent(Proof::Ack);
            sent += 1;
        }
        assert_eq!(sent, WINDOW);

        let mut outbox = super::tests::outbox();
        (0..3).for_each(|_| outbox.push(picture(WINDOW_BYTES)));
        let first = outbox.sent(Proof::Ack);
        assert!(outbox.next().is_none());
        outbox.proved(first);
        assert!(outbox.next().is_some(), "one may always go");
    }

    #[test]
    fn a_server_that_stays_away_costs_pictures_then_lines_but_no_verdict() {
        let mut outbox = Outbox { budget: 64 << 10, ..outbox() };
        outbox.push(complete());
        outbox.push(log("kept"));
        (0..100).for_each(|_| outbox.push(picture(1 << 10)));
        assert!(outbox.bytes <= outbox.budget);
        assert_eq!(&ids(&outbox)[..2], ["run-1", "run-2"]);
        (0..70).for_each(|_| outbox.push(log(&"x".repeat(1 << 10))));
        assert!(outbox.bytes <= outbox.budget);
        assert!(!outbox.entries().any(|entry| matches!(entry.event, Event::ExecutionScreenshot { .. })));
        outbox.push(complete());
        let told: Vec<_> = outbox.entries().map(|entry| &entry.event).collect();
        assert_eq!((told[0], told[told.len() - 1]), (&complete(), &complete()));
        let Event::ExecutionLog { message, level: Level::Warn, .. } = told[told.len() - 2] else { panic!("a warning") };
        assert!(message.ends_with("messages were left out: the server was away for too long"), "{message}");
    }

    #[test]
    fn what_does_not_fit_is_replaced_in_its_place() {
        let mut outbox = outbox();
        for event in [log("0"), log("long"), log("3")] {
            outbox.push(event);
        }
        outbox.sent(Proof::Ack);
        outbox.replace("run-2", vec![log("lo"), log("ng")]);
        assert_eq!(ids(&outbox), ["run-1", "run-2.0", "run-2.1", "run-3"]);
        outbox.replace("run-2.0", vec![]);
        outbox.replace("run-2.0", vec![log("given up")]);
        assert_eq!(ids(&outbox), ["run-1", "run-2.1", "run-3"]);
    }

    #[test]
    fn what_is_left_survives_a_kill() {
        let mut before = outbox();
        for event in [log("arrives"), log("long"), log("empty"), complete()] {
            before.push(event);
        }
        let first = before.sent(Proof::Written);
        before.proved(first);
        before.replace("run-2", vec![log("lo"), log("ng")]);
        let piece = before.sent(Proof::Written);
        before.proved(piece);
        let mut journal = before.take_journal();
        let left = |journal: &[u8]| {
            let after = Outbox::new("second".to_owned(), replay(journal));
            after.entries().map(|entry| entry.event_id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(left(&journal), ["run-2", "run-3", "run-4"], "whole while a piece is missing");
        assert_eq!(left(&before.whole_journal()), ["run-2.1", "run-3", "run-4"]);
        let piece = before.sent(Proof::Written);
        before.proved(piece);
        before.replace("run-3", vec![]);
        before.sent(Proof::Pong);
        journal.extend(before.take_journal());
        assert_eq!(left(&journal), ["run-4"], "a verdict waits for its proof");
        let mut after = Outbox::new("second".to_owned(), replay(&journal));
        after.push(log("new"));
        assert_eq!(ids(&after), ["run-4", "second-1"]);
        assert_eq!(after.next().unwrap().event, complete());
        assert_eq!(after.sessions().count(), 2);
    }
}

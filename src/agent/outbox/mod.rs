//! What is still to be told to the server, kept until it has arrived. Two lanes: what must not be lost, in order, each event under
//! an id of its own; and live pictures, of which the newest counts ([`Frames`]). Pure: what is to be on disk comes out as [`Row`]s.

mod room;
#[cfg(test)]
mod tests;

use super::fit;
use super::frames::Frames;
use super::store::Row;
use crate::dialect::agent::Outbound;
use crate::model::live::LiveNews;
use crate::model::{Event, ExecutionId};
use crate::wire::client::Proof;
use room::{LeftOut, Room};
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

/// Events under way at once: enough to keep a line busy, few enough that the channel to the socket never fills.
const WINDOW: usize = 64;
/// Bytes under way at once, except that one event may always go.
const WINDOW_BYTES: usize = 4 << 20;

/// Where an event stands: its number and, where it had to be told in pieces, which of them, and which piece of that.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    number: u64,
    piece: Vec<u32>,
}

/// One event and how it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Names the event over redeliveries and restarts.
    pub(super) event_id: String,
    /// What to tell.
    pub(super) event: Event,
    /// What it weighs, once somebody has asked.
    #[serde(skip)]
    weight: OnceCell<usize>,
    /// What this stands for, where it is a note of what had to go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOut>,
    /// What tells it, and whether to a server that knows it by its id.
    #[serde(skip)]
    words: Option<(bool, Vec<Outbound>)>,
}

/// The queue.
#[derive(Debug)]
pub(super) struct Outbox {
    /// In boxes: a tree that grows at its end is half empty.
    entries: BTreeMap<Place, Box<Entry>>,
    room: Room,
    /// By number on this connection: which event, and the proof that is awaited.
    under_way: BTreeMap<u64, (Place, Proof)>,
    under_way_bytes: usize,
    /// The last that is under way or was: what comes after it waits.
    sent: Option<Place>,
    next_token: u64,
    next_number: u64,
    /// Distinguishes event ids of this run of the agent.
    run: String,
    /// What is not on disk as it is here.
    changed: BTreeSet<Place>,
    frames: Frames,
}

impl Place {
    /// Sorts as the places do.
    fn key(&self) -> Vec<u8> {
        let mut key = self.number.to_be_bytes().to_vec();
        self.piece.iter().for_each(|piece| key.extend(piece.to_be_bytes()));
        key
    }

    fn of_key(key: &[u8]) -> Option<Self> {
        let (number, pieces) = key.split_first_chunk()?;
        let (pieces, rest) = pieces.as_chunks();
        let piece = pieces.iter().map(|piece| u32::from_be_bytes(*piece)).collect();
        rest.is_empty().then_some(Self { number: u64::from_be_bytes(*number), piece })
    }
}

/// What is to be on disk of one event.
fn row(place: &Place, entry: Option<&Entry>) -> Row {
    // Nothing in an event is unfit for JSON.
    Row { key: place.key(), value: entry.and_then(|entry| serde_json::to_vec(entry).ok()) }
}

impl Outbox {
    /// An outbox with what was left from before, in order.
    pub(super) fn new(run: String, left: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Self {
        let mut outbox = Self {
            entries: BTreeMap::new(),
            room: Room::default(),
            under_way: BTreeMap::new(),
            under_way_bytes: 0,
            sent: None,
            next_token: 1,
            next_number: 1,
            run,
            changed: BTreeSet::new(),
            frames: Frames::default(),
        };
        for (key, value) in left {
            match (Place::of_key(&key), serde_json::from_slice(&value)) {
                (Some(place), Ok(entry)) => {
                    outbox.next_number = place.number + 1;
                    outbox.room.takes(&place, &entry);
                    outbox.entries.insert(place, Box::new(entry));
                }
                (_, Err(error)) => tracing::error!(%error, "an event of the state folder cannot be read"),
                (None, Ok(_)) => tracing::error!("an event of the state folder has no place"),
            }
        }
        outbox
    }

    /// What is to be written for the disk to have what is here.
    pub(super) fn take_changes(&mut self) -> Vec<Row> {
        let changed = std::mem::take(&mut self.changed);
        changed.iter().map(|place| row(place, self.entries.get(place).map(|entry| &**entry))).collect()
    }

    /// Everything, for a disk that has nothing.
    pub(super) fn whole(&mut self) -> Vec<Row> {
        self.changed.clear();
        self.entries.iter().map(|(place, entry)| row(place, Some(entry))).collect()
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
        let place = Place { number: self.next_number, piece: Vec::new() };
        self.next_number += 1;
        self.insert(place.clone(), Entry::new(format!("{}-{}", self.run, place.number), event));
        while self.room.is_short() && self.leave_out() {}
    }

    /// An action that waits and is not any more what it was need not be told.
    fn outdated(&mut self, of: &ExecutionId, which: usize) {
        let same = |event: &Event| matches!(event, Event::RecordingAction { execution, index, .. } if execution == of && *index == which);
        let place = self.waiting().rev().find(|(_, entry)| same(&entry.event)).map(|(place, _)| place.clone());
        place.and_then(|place| self.remove(&place));
    }

    fn insert(&mut self, place: Place, entry: Entry) {
        self.room.takes(&place, &entry);
        self.changed.insert(place.clone());
        self.entries.insert(place, Box::new(entry));
    }

    fn remove(&mut self, place: &Place) -> Option<Entry> {
        let entry = self.entries.remove(place)?;
        self.room.frees(place, &entry);
        self.changed.insert(place.clone());
        Some(*entry)
    }

    /// Makes room by what can be done without; false where there is nothing like that.
    fn leave_out(&mut self) -> bool {
        let Some(place) = self.room.cheapest(self.sent.as_ref()) else { return false };
        let Some(entry) = self.remove(&place) else { return false };
        let Some(left_out) = LeftOut::of(&entry.event) else { return true };
        let Some(session) = entry.event.session() else { return true };
        let (place, before) = match self.room.note_of(session, self.sent.as_ref()) {
            Some(place) => (place.clone(), self.remove(&place).and_then(|entry| entry.left_out).unwrap_or_default()),
            None => (place, LeftOut::default()),
        };
        let left_out = before.and(left_out);
        // Another event than the one that had this place, and than a note of less.
        let event_id = format!("{}-{}-without-{}", self.run, place.number, left_out.many());
        let note = Entry { left_out: Some(left_out), ..Entry::new(event_id, left_out.note(session)) };
        self.insert(place, note);
        true
    }

    fn waiting(&self) -> impl DoubleEndedIterator<Item = (&Place, &Entry)> {
        let after = self.sent.as_ref().map_or(Unbounded, Excluded);
        self.entries.range::<Place, _>((after, Unbounded)).map(|(place, entry)| (place, &**entry))
    }

    /// The next event to send, where the line has room for one.
    pub(super) fn next(&self) -> Option<&Entry> {
        let (_, next) = self.waiting().next()?;
        let room = self.under_way.len() < WINDOW && self.under_way_bytes + next.weight() <= WINDOW_BYTES;
        (room || self.under_way.is_empty()).then_some(next)
    }

    /// What tells the next event, made by `tell` unless it was made before. `named`: to a server that knows events by their ids.
    pub(super) fn words(
        &mut self,
        named: bool,
        tell: impl FnOnce(&Event, Option<&str>) -> Vec<Outbound>,
    ) -> Vec<Outbound> {
        let Some(place) = self.waiting().next().map(|(place, _)| place.clone()) else { return Vec::new() };
        let Some(next) = self.entries.get_mut(&place) else { return Vec::new() };
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
        let next = self.waiting().next().map(|(place, entry)| (place.clone(), entry.weight()));
        if let Some((place, bytes)) = next {
            self.under_way_bytes += bytes;
            self.sent = Some(place.clone());
            self.under_way.insert(token, (place, proof));
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
        let place = self.waiting().find(|(_, entry)| entry.event_id == old).map(|(place, _)| place.clone());
        let Some(place) = place else { return };
        self.remove(&place);
        for (piece, event) in (0..).zip(with) {
            let piece_of = Place { number: place.number, piece: [place.piece.as_slice(), &[piece]].concat() };
            self.insert(piece_of, Entry::new(format!("{old}.{piece}"), event));
        }
    }

    /// The proof for `token` has come; the recording whose picture it was.
    pub(super) fn proved(&mut self, token: u64) -> Option<ExecutionId> {
        // A pong proves what was sent before it and waits for one.
        let pong = self.under_way.get(&token).is_some_and(|(_, proof)| *proof == Proof::Pong);
        let before = self.under_way.range(..token).filter(|(_, (_, proof))| pong && *proof == Proof::Pong);
        let arrived: Vec<u64> = before.map(|(token, _)| *token).chain([token]).collect();
        for token in arrived {
            let Some((place, _)) = self.under_way.remove(&token) else { continue };
            if let Some(entry) = self.remove(&place) {
                self.under_way_bytes -= entry.weight();
            }
        }
        self.frames.proved(token)
    }

    /// The connection is gone: what has not arrived for certain is to be sent again.
    pub(super) fn disconnected(&mut self) {
        self.under_way.clear();
        (self.under_way_bytes, self.sent) = (0, None);
        self.frames.disconnected();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many events wait, and what they take, bytes.
    pub(super) fn load(&self) -> (usize, usize) {
        (self.entries.len(), self.room.bytes)
    }

    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.values().map(|entry| &**entry)
    }

    /// Sessions that something is still to be told of.
    pub(super) fn sessions(&self) -> impl Iterator<Item = &ExecutionId> {
        self.entries.values().filter_map(|entry| entry.event.session())
    }
}

impl Entry {
    /// What it costs in memory, bytes: of a long recording that takes its time to find out.
    fn weight(&self) -> usize {
        /// Besides what the event itself counts: measured with short lines, each of which took 734 bytes.
        const KEPT: usize = 480;
        *self.weight.get_or_init(|| KEPT + fit::weight(&self.event))
    }

    fn new(event_id: String, event: Event) -> Self {
        Self { event_id, event, weight: OnceCell::new(), left_out: None, words: None }
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

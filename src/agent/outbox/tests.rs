use super::*;
use crate::model::Level;

fn log(message: &str) -> Event {
    line(Level::Info, message)
}

fn line(level: Level, message: &str) -> Event {
    Event::ExecutionLog { execution: "e".into(), level, message: message.to_owned() }
}

fn complete() -> Event {
    Event::ExecutionComplete { execution: "e".into(), exit_code: 0, duration_ms: 1 }
}

fn picture(bytes: usize) -> Event {
    Event::ExecutionScreenshot { execution: "e".into(), step_number: 1, image: vec![0; bytes] }
}

fn outbox() -> Outbox {
    Outbox::new("run".to_owned(), [])
}

fn ids(outbox: &Outbox) -> Vec<&str> {
    outbox.entries().map(|entry| entry.event_id.as_str()).collect()
}

/// A disk, as what is written to it makes it.
#[derive(Default)]
struct Disk(BTreeMap<Vec<u8>, Vec<u8>>);

impl Disk {
    fn write(&mut self, rows: Vec<Row>) {
        for Row { key, value } in rows {
            match value {
                Some(value) => self.0.insert(key, value),
                None => self.0.remove(&key),
            };
        }
    }

    fn outbox(&self) -> Outbox {
        Outbox::new("second".to_owned(), self.0.clone())
    }
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
    assert_eq!((outbox.room.bytes, outbox.under_way.len(), outbox.under_way_bytes), (0, 0, 0));
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

    let mut outbox = self::outbox();
    (0..3).for_each(|_| outbox.push(picture(WINDOW_BYTES)));
    let first = outbox.sent(Proof::Ack);
    assert!(outbox.next().is_none());
    outbox.proved(first);
    assert!(outbox.next().is_some(), "one may always go");
}

/// What is said in place of what had to go.
fn notes(outbox: &Outbox) -> Vec<String> {
    let message = |entry: &Entry| match &entry.event {
        Event::ExecutionLog { level: Level::Warn, message, .. } if entry.left_out.is_some() => Some(message.clone()),
        _ => None,
    };
    outbox.entries().filter_map(message).collect()
}

#[test]
fn a_server_that_stays_away_costs_pictures_then_lines_but_no_verdict() {
    let mut outbox = outbox();
    outbox.room.budget = 88 << 10;
    outbox.push(complete());
    outbox.push(log("kept"));
    (0..100).for_each(|_| outbox.push(picture(1 << 10)));
    assert!(outbox.room.bytes <= outbox.room.budget);
    assert_eq!(&ids(&outbox)[..2], ["run-1", "run-2"]);
    assert_eq!(ids(&outbox)[2], "run-3-without-51", "where they are missing");
    outbox.push(line(Level::Error, "wrong"));
    (0..70).for_each(|_| outbox.push(log(&"x".repeat(1 << 10))));
    assert!(outbox.room.bytes <= outbox.room.budget);
    assert!(!outbox.entries().any(|entry| matches!(entry.event, Event::ExecutionScreenshot { .. })));
    assert!(!outbox.entries().any(|entry| entry.event == log("kept")));
    assert!(
        outbox.entries().any(|entry| entry.event == line(Level::Error, "wrong")),
        "what says that something is wrong"
    );
    outbox.push(complete());
    let told: Vec<_> = outbox.entries().map(|entry| &entry.event).collect();
    assert_eq!((told[0], told[told.len() - 1]), (&complete(), &complete()));
    let words = "Left out from here on, as the server was away for too long: 100 screenshots, 22 messages";
    assert_eq!(notes(&outbox), [words]);
}

#[test]
fn a_note_that_is_told_is_followed_by_another() {
    let mut outbox = outbox();
    outbox.room.budget = 4 << 10;
    (0..6).for_each(|_| outbox.push(picture(1 << 10)));
    assert_eq!(notes(&outbox).len(), 1);
    let note = outbox.sent(Proof::Ack);
    (0..3).for_each(|_| outbox.push(picture(1 << 10)));
    assert_eq!(notes(&outbox).len(), 2, "{:?}", ids(&outbox));
    outbox.proved(note);
    assert_eq!(notes(&outbox), ["Left out from here on, as the server was away for too long: 3 screenshots"]);
    let mut disk = Disk::default();
    disk.write(outbox.whole());
    let mut after = disk.outbox();
    after.room.budget = outbox.room.budget;
    after.push(picture(1 << 10));
    assert_eq!(notes(&after), ["Left out from here on, as the server was away for too long: 4 screenshots"]);
}

#[test]
fn what_is_under_way_is_not_left_out() {
    let mut outbox = outbox();
    outbox.room.budget = 2 << 10;
    outbox.push(picture(1 << 10));
    let first = outbox.sent(Proof::Ack);
    outbox.push(picture(1 << 10));
    assert_eq!(ids(&outbox), ["run-1", "run-2-without-1"]);
    outbox.proved(first);
    assert_eq!(ids(&outbox), ["run-2-without-1"]);
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
    outbox.replace("run-2.0", vec![log("l"), log("o")]);
    assert_eq!(ids(&outbox), ["run-1", "run-2.0.0", "run-2.0.1", "run-2.1", "run-3"]);
    outbox.replace("run-2.0.0", vec![]);
    outbox.replace("run-2.0.0", vec![log("given up")]);
    assert_eq!(ids(&outbox), ["run-1", "run-2.0.1", "run-2.1", "run-3"]);
}

#[test]
fn what_is_left_survives_a_kill() {
    let (mut before, mut disk) = (outbox(), Disk::default());
    for event in [log("arrives"), log("long"), log("empty"), complete()] {
        before.push(event);
    }
    disk.write(before.take_changes());
    let first = before.sent(Proof::Written);
    before.proved(first);
    before.replace("run-2", vec![log("lo"), log("ng")]);
    let piece = before.sent(Proof::Written);
    before.proved(piece);
    disk.write(before.take_changes());
    assert_eq!(ids(&disk.outbox()), ["run-2.1", "run-3", "run-4"]);
    before.replace("run-3", vec![]);
    before.sent(Proof::Written);
    before.sent(Proof::Pong);
    disk.write(before.take_changes());
    assert_eq!(ids(&disk.outbox()), ["run-2.1", "run-4"], "what is under way may not arrive");
    let mut after = disk.outbox();
    after.push(log("new"));
    assert_eq!(ids(&after), ["run-2.1", "run-4", "second-5"], "behind what was there");
    assert_eq!(after.sessions().count(), 3);
    let mut anew = Disk::default();
    anew.write(before.whole());
    assert_eq!(ids(&anew.outbox()), ids(&disk.outbox()));
    assert_eq!(before.take_changes(), []);
}

#[test]
fn rows_that_cannot_be_read_cost_only_themselves() {
    let mut before = outbox();
    [log("1"), log("2")].into_iter().for_each(|event| before.push(event));
    let mut rows: Vec<_> = before.whole().into_iter().map(|row| (row.key, row.value.unwrap())).collect();
    rows.insert(1, (vec![0; 8], b"{\"event_id\":\"ha".to_vec()));
    rows.insert(2, (vec![0; 3], rows[0].1.clone()));
    assert_eq!(ids(&Outbox::new("second".to_owned(), rows)), ["run-1", "run-2"]);
}

#[test]
fn a_queue_of_hundreds_of_thousands_is_as_quick_as_a_short_one() {
    let mut outbox = outbox();
    // Twice what fits, so that each of the second half takes the place of one of the first.
    (0..200_000).for_each(|_| outbox.push(log(&"x".repeat(80))));
    assert!(outbox.room.bytes <= outbox.room.budget);
    let mut told = 0;
    while outbox.next().is_some() {
        let token = outbox.sent(Proof::Written);
        outbox.proved(token);
        told += 1;
    }
    assert!((50_000..150_000).contains(&told), "{told}");
}

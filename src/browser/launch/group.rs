//! The processes of one Chromium: a process group of their own, so that a signal of the terminal does not reach them and one of ours
//! reaches all. What is known of them is read from `/proc`, on Linux only.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::fs;

/// The group that a Chromium leads.
#[derive(Debug, Clone, Copy)]
pub(in crate::browser) struct Group(Pid);

/// What a group has of its own: pages of memory that it shares with nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::browser) struct Memory {
    /// Bytes of all together.
    pub(in crate::browser) bytes: u64,
    /// The renderer that has most, and its bytes.
    pub(in crate::browser) greediest: Option<(u32, u64)>,
}

impl Group {
    /// That of the process with this number.
    pub(super) fn led_by(id: u32) -> Option<Self> {
        i32::try_from(id).ok().and_then(Pid::from_raw).map(Self)
    }

    /// Ends all of it at once. Its leader must not have been waited for: until then the number is nobody else's.
    pub(super) fn kill(self) {
        // It may have ended just now; then there is nothing to kill.
        let _ = kill_process_group(self.0, Signal::KILL);
    }

    /// Takes some milliseconds; none where it cannot be known.
    pub(in crate::browser) fn memory(self) -> Option<Memory> {
        let page = rustix::param::page_size() as u64;
        let mut memory = Memory { bytes: 0, greediest: None };
        for (process, stat) in processes()? {
            if stat.group != self.0.as_raw_nonzero().get() {
                continue;
            }
            let own = fs::read_to_string(format!("/proc/{process}/statm")).ok().and_then(|text| own_pages(&text));
            let bytes = own.unwrap_or(0) * page;
            memory.bytes += bytes;
            if memory.greediest.is_none_or(|(_, most)| bytes > most) && is_renderer(process) {
                memory.greediest = Some((process, bytes));
            }
        }
        (memory.bytes > 0).then_some(memory)
    }

    /// Ends one of its processes, if it is one.
    pub(in crate::browser) fn end(self, process: u32) {
        let belongs = stat_of(process).is_some_and(|stat| stat.group == self.0.as_raw_nonzero().get());
        if let Some(id) = i32::try_from(process).ok().and_then(Pid::from_raw).filter(|_| belongs) {
            let _ = kill_process(id, Signal::KILL);
        }
    }
}

/// What `/proc/N/stat` says of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    group: i32,
    /// When it began, in ticks since the machine did: with its number it names one process for ever.
    pub(super) began: u64,
}

/// None when there is no such process.
pub(super) fn stat_of(process: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

fn processes() -> Option<impl Iterator<Item = (u32, Stat)>> {
    let numbers = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Some(numbers.filter_map(|number| Some((number, stat_of(number)?))))
}

fn is_renderer(process: u32) -> bool {
    let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    // What a zygote has made puts spaces between its arguments.
    line.split(|byte| matches!(byte, 0 | b' ')).any(|argument| argument == b"--type=renderer")
}

/// See proc(5): the name in brackets may hold anything.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    Some(Stat { group: fields.get(2)?.parse().ok()?, began: fields.get(19)?.parse().ok()? })
}

/// Pages in memory without those that others have too.
fn own_pages(statm: &str) -> Option<u64> {
    let mut fields = statm.split_ascii_whitespace().skip(1).map(str::parse::<u64>);
    let (resident, shared) = (fields.next()?.ok()?, fields.next()?.ok()?);
    Some(resident.saturating_sub(shared))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proc_says_is_read() {
        let line =
            "41 (a) b (c) S 1 40 40 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 111 222 18446744073709551615 1 1";
        assert_eq!(parse_stat(line), Some(Stat { group: 40, began: 98_765 }));
        for broken in ["", "41 (a", "41 (a) S 1", "41 (a) S 1 x 40 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765"] {
            assert_eq!(parse_stat(broken), None, "{broken}");
        }
        assert_eq!(own_pages("1000 300 120 1 0 200 0\n"), Some(180));
        assert_eq!(own_pages("1000 100 120 1 0 200 0\n"), Some(0));
        assert_eq!(own_pages("1000 x"), None);
    }
}

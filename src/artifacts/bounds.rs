//! How much a session may write, and which of its bounds it has hit.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The bounds of one session. Clones share them; those of the default are none.
#[derive(Debug, Clone, Default)]
pub struct Bounds(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    /// Bytes.
    most: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: u64,
    /// What of it is in files that stay under their names.
    files: HashMap<PathBuf, u64>,
    /// How often each was hit.
    hit: BTreeMap<String, u64>,
}

/// There is no room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}: this one was not kept", self.bound())]
pub struct Spent {
    most: u64,
}

impl Spent {
    /// Which bound, in words.
    #[must_use]
    pub fn bound(&self) -> String {
        format!("The files of a session may have {} in all on this agent (--artifact-limit)", words(self.most))
    }
}

impl PartialEq for Bounds {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}

impl Eq for Bounds {}

impl Bounds {
    /// Of a session whose files may have so many bytes.
    #[must_use]
    pub fn of(most: u64) -> Self {
        Self(Some(Arc::new(Inner { most, state: Mutex::default() })))
    }

    /// Whether there are any.
    #[must_use]
    pub fn are_there(&self) -> bool {
        self.0.is_some()
    }

    /// Nothing yet of what may be written.
    #[must_use]
    pub fn share(&self) -> Share {
        Share { bounds: self.clone(), bytes: 0 }
    }

    /// Passes where there is room for these files, of so many bytes each, in place of what was there under these names.
    ///
    /// # Errors
    /// Where there is not; what was there stays counted.
    pub fn keep(&self, files: &[(PathBuf, u64)]) -> Result<(), Spent> {
        let Some(inner) = &self.0 else { return Ok(()) };
        let mut state = inner.state();
        let before = files.iter().filter_map(|(path, _)| state.files.get(path)).sum();
        let after = files.iter().fold(0_u64, |sum, (_, bytes)| sum.saturating_add(*bytes));
        inner.change(&mut state, before, after)?;
        state.files.extend(files.iter().cloned());
        Ok(())
    }

    /// A file that was kept is gone.
    pub fn gone(&self, file: &Path) {
        let Some(inner) = &self.0 else { return };
        let mut state = inner.state();
        let bytes = state.files.remove(file).unwrap_or_default();
        state.taken = state.taken.saturating_sub(bytes);
    }

    /// A bound was hit, in words.
    pub fn hit(&self, words: String) {
        if let Some(inner) = &self.0 {
            *inner.state().hit.entry(words).or_default() += 1;
        }
    }

    /// Which bounds were hit, a sentence each.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        let Some(inner) = &self.0 else { return Vec::new() };
        let hit = &inner.state().hit;
        hit.iter().map(|(words, times)| format!("{words}: what was more was refused, {times} times")).collect()
    }
}

impl Inner {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What had `before` bytes has `after`, where there is room.
    fn change(&self, state: &mut State, before: u64, after: u64) -> Result<(), Spent> {
        let taken = state.taken.saturating_sub(before).saturating_add(after);
        // What becomes smaller does so even where it is too much still.
        if taken > self.most && after > before {
            let words = format!("The files of a session may have {} in all (--artifact-limit)", words(self.most));
            *state.hit.entry(words).or_default() += 1;
            return Err(Spent { most: self.most });
        }
        state.taken = taken;
        Ok(())
    }
}

/// What one thing has of the bytes of a session, until it is dropped.
#[derive(Debug, Default)]
pub struct Share {
    bounds: Bounds,
    bytes: u64,
}

impl Share {
    /// It has so many bytes now.
    ///
    /// # Errors
    /// Where there is no room for so many; what it had before stays counted.
    pub fn is_now(&mut self, bytes: u64) -> Result<(), Spent> {
        if let Some(inner) = &self.bounds.0 {
            inner.change(&mut inner.state(), self.bytes, bytes)?;
        }
        self.bytes = bytes;
        Ok(())
    }

    /// It has so many bytes at least.
    ///
    /// # Errors
    /// Where there is no room for them.
    pub fn is_at_least(&mut self, bytes: u64) -> Result<(), Spent> {
        self.is_now(bytes.max(self.bytes))
    }

    /// It has so many more.
    ///
    /// # Errors
    /// Where there is no room for them.
    pub fn grow(&mut self, more: u64) -> Result<(), Spent> {
        self.is_now(self.bytes.saturating_add(more))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // Nothing is refused that becomes smaller.
        let _ = self.is_now(0);
    }
}

/// Bytes in words.
#[must_use]
pub fn words(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    let tenths = bytes.saturating_mul(10) >> 30;
    match bytes {
        _ if tenths >= 10 => format!("{}.{} GiB", tenths / 10, tenths % 10),
        _ if bytes >= KIB * KIB => format!("{} MiB", bytes / KIB / KIB),
        _ if bytes >= KIB => format!("{} KiB", bytes / KIB),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn file(name: &str, bytes: u64) -> Vec<(PathBuf, u64)> {
        vec![(name.into(), bytes)]
    }

    #[test]
    fn what_is_over_is_refused_and_told() {
        let bounds = Bounds::of(3 * MIB);
        let other = bounds.clone();
        let (mut one, mut two) = (bounds.share(), other.share());
        assert_eq!((one.grow(2 * MIB), two.grow(MIB)), (Ok(()), Ok(())));
        let error = two.grow(1).unwrap_err().to_string();
        assert!(error.contains("3 MiB in all on this agent (--artifact-limit)"), "{error}");
        assert!(one.grow(u64::MAX).is_err() && bounds.keep(&file("a", u64::MAX)).is_err());
        let told =
            ["The files of a session may have 3 MiB in all (--artifact-limit): what was more was refused, 3 times"];
        assert_eq!(bounds.told(), told);
        assert!(Bounds::default().share().grow(u64::MAX).is_ok() && Bounds::default().told().is_empty());
    }

    #[test]
    fn what_is_gone_is_given_back() {
        let bounds = Bounds::of(10);
        let mut share = bounds.share();
        share.grow(6).unwrap();
        assert!(bounds.keep(&file("a", 5)).is_err());
        share.is_now(5).unwrap();
        bounds.keep(&file("a", 5)).unwrap();
        bounds.gone(Path::new("b"));
        assert!(bounds.keep(&file("b", 1)).is_err());
        bounds.gone(Path::new("a"));
        bounds.gone(Path::new("a"));
        bounds.keep(&file("b", 5)).unwrap();
        assert!(bounds.keep(&file("c", 1)).is_err());
        drop(share);
        bounds.keep(&file("c", 5)).unwrap();
        assert!(bounds.share().grow(1).is_err());
    }

    #[test]
    fn what_is_replaced_counts_once() {
        let bounds = Bounds::of(10);
        bounds.keep(&file("a", 8)).unwrap();
        bounds.keep(&file("a", 10)).unwrap();
        assert!(bounds.keep(&file("a", 11)).is_err() && bounds.share().grow(1).is_err());
        bounds.keep(&file("a", 4)).unwrap();
        bounds.keep(&[("a".into(), 3), ("b".into(), 7)]).unwrap();
        assert!(bounds.keep(&[("c".into(), 0), ("b".into(), 8)]).is_err());
        assert!(bounds.share().grow(1).is_err());
    }

    #[test]
    fn sizes_as_people_say_them() {
        let sizes = [3 << 29, (1 << 30) - 1, 1 << 30, 5 << 10, 7];
        assert_eq!(sizes.map(words), ["1.5 GiB", "1023 MiB", "1.0 GiB", "5 KiB", "7 bytes"]);
    }
}

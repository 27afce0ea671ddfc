//! How much a session may write, and which of its bounds it has hit.

use std::collections::BTreeMap;
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
    /// How often each was hit.
    hit: BTreeMap<String, u64>,
}

/// There is no room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The files of a session may have {} in all on this agent (--artifact-limit): this one was not kept", words(*.most))]
pub struct Spent {
    most: u64,
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

    /// Passes where there is room for so many bytes more, which are taken then.
    ///
    /// # Errors
    /// Where there is not.
    pub fn take(&self, bytes: u64) -> Result<(), Spent> {
        let Some(inner) = &self.0 else { return Ok(()) };
        let mut state = inner.state();
        match state.taken.checked_add(bytes).filter(|taken| *taken <= inner.most) {
            Some(taken) => state.taken = taken,
            None => {
                let words = format!("The files of a session may have {} in all (--artifact-limit)", words(inner.most));
                *state.hit.entry(words).or_default() += 1;
                return Err(Spent { most: inner.most });
            }
        }
        Ok(())
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

    #[test]
    fn what_is_over_is_refused_and_told() {
        let bounds = Bounds::of(3 << 20);
        let other = bounds.clone();
        assert_eq!((bounds.take(2 << 20), other.take(1 << 20)), (Ok(()), Ok(())));
        let error = other.take(1).unwrap_err().to_string();
        assert!(error.contains("3 MiB in all on this agent (--artifact-limit)"), "{error}");
        assert!(bounds.take(u64::MAX).is_err());
        let told =
            ["The files of a session may have 3 MiB in all (--artifact-limit): what was more was refused, 2 times"];
        assert_eq!(bounds.told(), told);
        assert!(Bounds::default().take(u64::MAX).is_ok() && Bounds::default().told().is_empty());
    }

    #[test]
    fn sizes_as_people_say_them() {
        let sizes = [3 << 29, (1 << 30) - 1, 1 << 30, 5 << 10, 7];
        assert_eq!(sizes.map(words), ["1.5 GiB", "1023 MiB", "1.0 GiB", "5 KiB", "7 bytes"]);
    }
}

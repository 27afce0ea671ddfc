//! How much a client may say in a while. Agents are not limited: what they say is what everybody waits for.

use std::fmt;
use std::str::FromStr;
use std::time::Instant;

/// As many seconds' worth may be said at once.
const BURST_SECONDS: u32 = 10;

/// Messages in a second, on the average over ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit(u32);

impl RateLimit {
    /// Everybody says what they like.
    pub const OFF: Self = Self(0);
}

impl Default for RateLimit {
    /// A hand on the mouse of a live preview says some sixty.
    fn default() -> Self {
        Self(100)
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("off"),
            messages => write!(f, "{messages}/s"),
        }
    }
}

impl FromStr for RateLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::OFF);
        }
        let number = text.strip_suffix("/s").map(str::parse);
        let number = number.and_then(Result::ok).filter(|number| (1..=1_000_000).contains(number));
        number.map(Self).ok_or_else(|| "messages in a second are expected, such as 100/s, or off".to_owned())
    }
}

/// What one client may still say.
#[derive(Debug)]
pub(super) struct Allowance {
    limit: RateLimit,
    left: f64,
    counted: Instant,
}

impl Allowance {
    pub(super) fn new(limit: RateLimit, now: Instant) -> Self {
        Self { limit, left: f64::from(limit.0) * f64::from(BURST_SECONDS), counted: now }
    }

    /// Whether one more message is within it.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        if self.limit == RateLimit::OFF {
            return true;
        }
        let rate = f64::from(self.limit.0);
        let earned = now.saturating_duration_since(self.counted).as_secs_f64() * rate;
        self.left = (self.left + earned).min(rate * f64::from(BURST_SECONDS));
        self.counted = now;
        let within = self.left >= 1.0;
        if within {
            self.left -= 1.0;
        }
        within
    }

    /// From now on there is no limit.
    pub(super) fn lift(&mut self) {
        self.limit = RateLimit::OFF;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn limits_are_written_as_people_say_them() {
        for (text, expected) in [
            ("100/s", Some(RateLimit(100))),
            ("1/s", Some(RateLimit(1))),
            ("off", Some(RateLimit::OFF)),
            ("0/s", None),
            ("100", None),
            ("-1/s", None),
            ("1.5/s", None),
            ("9999999/s", None),
            ("", None),
        ] {
            let parsed = text.parse::<RateLimit>();
            assert_eq!(parsed.as_ref().ok(), expected.as_ref(), "{text}");
            assert!(parsed.is_err() || parsed.unwrap().to_string() == text, "{text}");
        }
    }

    #[test]
    fn a_burst_is_within_the_limit_and_what_goes_on_is_not() {
        let begin = Instant::now();
        let mut allowance = Allowance::new(RateLimit(2), begin);
        assert!((0..20).all(|_| allowance.take(begin)));
        assert!(!allowance.take(begin) && !allowance.take(begin + Duration::from_millis(400)));
        assert!(allowance.take(begin + Duration::from_millis(500)));
        assert!(!allowance.take(begin + Duration::from_millis(900)));
        let later = begin + Duration::from_secs(3_600);
        assert_eq!((0..100).filter(|_| allowance.take(later)).count(), 20, "it does not grow for ever");
        allowance.lift();
        assert!((0..100).all(|_| allowance.take(later)));
    }
}

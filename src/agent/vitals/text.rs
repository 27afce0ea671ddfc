//! The numbers as Prometheus reads them (text format 0.0.4).

use super::{BUCKETS, Gauges, Numbers, Vitals};
use std::fmt::Write;
use std::sync::PoisonError;
use std::time::SystemTime;

impl Vitals {
    /// All numbers.
    pub(super) fn prometheus(&self) -> String {
        let mut page = Page::default();
        page.family("understudy_build_info", "gauge", "The version that runs.");
        page.line("understudy_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        self.numbers().write(&mut page);
        for counter in self.0.counters.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            page.one(counter.name, "counter", counter.help, (counter.read)());
        }
        page.0
    }
}

impl Numbers {
    fn write(&self, page: &mut Page) {
        let Gauges { running, waiting, slots, outbox_entries, outbox_bytes, draining } = self.gauges;
        for (name, help, value) in [
            ("understudy_connected", "Whether the agent is registered with its server.", usize::from(self.connected)),
            ("understudy_draining", "Whether it takes no new work and ends.", usize::from(draining)),
            ("understudy_slots", "Sessions that may run at the same time.", slots),
            ("understudy_sessions_running", "Sessions that run.", running),
            ("understudy_sessions_waiting", "Sessions that wait for a slot.", waiting),
            ("understudy_outbox_entries", "Events that the server has not got yet.", outbox_entries),
            ("understudy_outbox_bytes", "Their size.", outbox_bytes),
        ] {
            page.one(name, "gauge", help, value);
        }
        if let Some(expires) = self.token_expires.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok()) {
            let name = "understudy_token_expiry_timestamp_seconds";
            page.one(name, "gauge", "When the token in use expires.", expires.as_secs());
        }
        page.one("understudy_connections_total", "counter", "Connections that the server accepted.", self.accepted);
        page.one("understudy_connections_lost_total", "counter", "Connections that ended unasked.", self.lost);
        let name = "understudy_connection_failures_total";
        page.family(name, "counter", "Attempts that led to no connection.");
        for reason in ["refused", "unreachable", "untrusted"] {
            page.line(name, &[("reason", reason)], self.failures.get(reason).copied().unwrap_or_default());
        }
        page.family("understudy_sessions_total", "counter", "Sessions that have ended, by how.");
        for ((kind, result), count) in &self.ended {
            page.line("understudy_sessions_total", &[("kind", kind), ("result", result)], *count);
        }
        let name = "understudy_session_duration_seconds";
        page.family(name, "histogram", "How long sessions had their slots.");
        for (kind, durations) in &self.durations {
            let bucket = format!("{name}_bucket");
            for (bound, count) in BUCKETS.iter().zip(durations.counts) {
                page.line(&bucket, &[("kind", kind), ("le", &bound.to_string())], count);
            }
            page.line(&bucket, &[("kind", kind), ("le", "+Inf")], durations.count);
            page.line(&format!("{name}_sum"), &[("kind", kind)], durations.sum.as_secs_f64());
            page.line(&format!("{name}_count"), &[("kind", kind)], durations.count);
        }
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing into a text does not fail; nor below.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<_> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, kind, help);
        self.line(name, &[], value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Event;

    #[test]
    fn every_line_has_its_family_and_its_value() {
        let vitals = Vitals::default();
        vitals.count("understudy_browser_starts_total", "Starts.", || 3);
        vitals.connected(Some(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000)));
        vitals.beat(Gauges { running: 1, slots: 4, ..Gauges::default() });
        for exit_code in [0, 0, 1, 2, 124, 130] {
            vitals.begins(&"e".into());
            vitals.ends(&Event::ExecutionComplete { execution: "e".into(), exit_code, duration_ms: 7 });
        }
        let text = vitals.prometheus();
        for line in [
            "understudy_connected 1",
            "understudy_sessions_running 1",
            "understudy_slots 4",
            "understudy_token_expiry_timestamp_seconds 1800000000",
            "understudy_sessions_total{kind=\"execution\",result=\"passed\"} 2",
            "understudy_sessions_total{kind=\"execution\",result=\"timed_out\"} 1",
            "understudy_session_duration_seconds_bucket{kind=\"execution\",le=\"1\"} 6",
            "understudy_session_duration_seconds_bucket{kind=\"execution\",le=\"+Inf\"} 6",
            "understudy_session_duration_seconds_count{kind=\"execution\"} 6",
            "understudy_browser_starts_total 3",
            "understudy_connection_failures_total{reason=\"refused\"} 0",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
        }
        let mut family = "";
        for line in text.lines() {
            match line.strip_prefix("# TYPE ") {
                Some(of) => family = of.split(' ').next().unwrap(),
                None if line.starts_with("# HELP ") => {}
                None => {
                    let (name, value) = line.rsplit_once(' ').unwrap();
                    assert!(name.starts_with(family) && value.parse::<f64>().is_ok(), "{line}");
                }
            }
        }
    }
}

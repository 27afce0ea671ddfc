//! What an agent says about the machine it is on.

use crate::dialect::agent::Load;
use serde_json::{Map, Value, json};

/// Versions of what runs the tests; the agent itself does not know them.
#[derive(Debug, Clone, Default)]
pub struct Versions {
    /// Of the Playwright API that the runner implements.
    pub playwright: String,
    /// Of the browser, where one was found.
    pub chromium: Option<String>,
    /// Of Node.js, where the official runner runs the tests.
    pub node: Option<String>,
}

/// `systemInfo` of a registration: Node's words for platform and architecture, because that is what servers know.
pub(super) fn info(versions: &Versions) -> Map<String, Value> {
    let memory = sysinfo::System::new().map_or(0, |mut system| {
        system.refresh_memory();
        system.total_memory()
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut info = Map::new();
    for (key, value) in [
        ("platform", json!(platform(std::env::consts::OS))),
        ("arch", json!(arch(std::env::consts::ARCH))),
        ("nodeVersion", json!(versions.node.as_deref().unwrap_or("none"))),
        ("runners", json!([if versions.node.is_some() { "node" } else { "builtin" }])),
        ("playwrightVersion", json!(versions.playwright)),
        ("agentVersion", json!(env!("CARGO_PKG_VERSION"))),
        ("cpuCount", json!(cores)),
        ("memoryBytes", json!(memory)),
        ("hostname", json!(hostname())),
        ("os", json!(sysinfo::System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.to_owned()))),
    ] {
        info.insert(key.to_owned(), value);
    }
    if let Some(version) = &versions.chromium {
        info.insert("chromiumVersion".to_owned(), json!(version));
    }
    info
}

/// What this machine has to do, as it was when it was looked at last.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    system: Option<sysinfo::System>,
    load: Option<Load>,
}

impl Gauge {
    /// The processors' load is that since the last look; the first one says nothing of it.
    pub(super) fn look(&mut self) {
        let known = self.system.is_some();
        if !known {
            self.system = sysinfo::System::new().ok();
        }
        let Some(system) = &mut self.system else { return };
        system.refresh_cpu_usage();
        system.refresh_memory();
        let total = system.total_memory().max(1);
        self.load = known.then(|| Load {
            cpu_percent: f64::from(system.global_cpu_usage()).clamp(0.0, 100.0),
            memory_percent: 100.0 * system.used_memory() as f64 / total as f64,
        });
    }

    pub(super) fn load(&self) -> Option<Load> {
        self.load
    }
}

/// The host's name, which is an agent's name unless it was given another.
pub(super) fn hostname() -> String {
    sysinfo::System::host_name().ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "understudy".to_owned())
}

fn platform(os: &str) -> &str {
    match os {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    }
}

fn arch(arch: &str) -> &str {
    match arch {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_words() {
        for (ours, nodes) in [("linux", "linux"), ("macos", "darwin"), ("windows", "win32")] {
            assert_eq!(platform(ours), nodes);
        }
        for (ours, nodes) in [("x86_64", "x64"), ("aarch64", "arm64"), ("riscv64", "riscv64")] {
            assert_eq!(arch(ours), nodes);
        }
    }

    #[test]
    fn everything_a_server_shows_is_there() {
        let versions = Versions { playwright: "1.2.3".to_owned(), chromium: Some("156.0".to_owned()), node: None };
        let info = info(&versions);
        for key in [
            "platform",
            "arch",
            "nodeVersion",
            "playwrightVersion",
            "agentVersion",
            "hostname",
            "os",
            "chromiumVersion",
        ] {
            assert!(info[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {:?}", info[key]);
        }
        assert!(info["cpuCount"].as_u64() > Some(0) && info["memoryBytes"].as_u64() > Some(0));
    }
}

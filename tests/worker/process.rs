//! The process itself: what it may do to the machine.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use understudy::runner::protocol::{self, Probe, ToHost, Walls};

struct Worker(Child);

impl Worker {
    fn start(with_secret: bool) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
        command.arg("worker").env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if with_secret {
            command.env("SECRET", "hunter2");
        }
        Self(command.spawn().unwrap())
    }

    fn hear(&mut self) -> Option<ToHost> {
        let json = protocol::read_frame(self.0.stdout.as_mut().unwrap()).unwrap()?;
        Some(serde_json::from_slice(&json).unwrap())
    }

    fn say(&mut self, json: &str) {
        self.0.stdin.as_mut().unwrap().write_all(&protocol::frame(json.as_bytes()).unwrap()).unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_worker_holds_three_pipes_and_can_open_nothing() {
    let mut worker = Worker::start(false);
    assert!(matches!(worker.hear(), Some(ToHost::Ready { walls: Walls::ALL })));
    let process = Path::new("/proc").join(worker.0.id().to_string());
    // What whoever started the tests left open goes through all of us.
    let open_files = |process: &Path| -> Vec<(String, String)> {
        let files = std::fs::read_dir(process.join("fd")).unwrap().filter_map(|file| {
            let file = file.unwrap();
            let target = std::fs::read_link(file.path()).ok()?.to_string_lossy().into_owned();
            Some((file.file_name().to_string_lossy().into_owned(), target))
        });
        files.collect()
    };
    let inherited = open_files(Path::new("/proc/self"));
    let mut open: Vec<_> = open_files(&process).into_iter().filter(|file| !inherited.contains(file)).collect();
    open.sort();
    assert_eq!(open.iter().map(|(number, _)| number.as_str()).collect::<Vec<_>>(), ["0", "1", "2"]);
    assert!(open.iter().all(|(_, target)| target.starts_with("pipe:")), "{open:?}");
    assert_eq!(std::fs::read(process.join("environ")).unwrap(), b"");
    assert_eq!(std::fs::read_link(process.join("cwd")).unwrap(), Path::new("/"));
    for thread in std::fs::read_dir(process.join("task")).unwrap() {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        assert_eq!(field("NoNewPrivs:"), "1", "{status}");
        // Filtered.
        #[cfg(target_os = "linux")]
        assert_eq!(field("Seccomp:"), "2", "{status}");
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
            assert_eq!(field(set), "0000000000000000", "{status}");
        }
    }
    let limits = std::fs::read_to_string(process.join("limits")).unwrap();
    for (limit, most) in
        [("Max open files", "0"), ("Max file size", "0"), ("Max processes", "0"), ("Max core file size", "1")]
    {
        let line = limits.lines().find(|line| line.starts_with(limit)).unwrap();
        assert_eq!(line[limit.len()..].split_whitespace().collect::<Vec<_>>()[..2], [most; 2], "{line}");
    }
}

/// A worker that tries to break out of everything, or of one part only.
#[cfg(target_os = "linux")]
fn probe(part: Option<&str>) -> Probe {
    let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
    let output = command.args(["worker", "probe"]).args(part).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Not skipped anywhere: a Linux without landlock and seccomp is none to test on.
#[test]
#[cfg(target_os = "linux")]
fn whoever_breaks_out_of_the_engine_is_shut_in() {
    let Probe { walls, could } = probe(None);
    assert_eq!(walls.missing(), None);
    assert_eq!(could, [""; 0]);
    // Each part by itself, so that none stands only because another does.
    let Probe { walls, could } = probe(Some("calls"));
    assert_eq!(walls, Walls { calls: true, ..Walls::default() });
    assert_eq!(could, [""; 0]);
    let Probe { walls, could } = probe(Some("landlock"));
    assert_eq!(walls, Walls { calls: false, ..Walls::ALL });
    for what in [
        "read a file",
        "list a folder",
        "write a file",
        "connect by TCP",
        "listen",
        "start a program",
        "signal its parent",
    ] {
        assert!(!could.iter().any(|one| one == what), "{what}: {could:?}");
    }
    let Probe { could, .. } = probe(Some("limits"));
    for what in ["read a file", "list a folder", "write a file", "connect by TCP", "listen", "send by UDP"] {
        assert!(!could.iter().any(|one| one == what), "{what}: {could:?}");
    }
    // The attempts are real ones: what nothing forbids goes through.
    assert!(could.iter().any(|one| one == "start a program") && could.iter().any(|one| one == "signal its parent"));
}

#[test]
fn a_worker_ends_when_its_input_does_even_while_it_is_busy() {
    let mut worker = Worker::start(false);
    worker.hear();
    worker.say(r#"{"t":"load","config":{},"entry":{"path":"a.spec.ts","source":"for (;;);"}}"#);
    drop(worker.0.stdin.take());
    assert!(worker.0.wait().unwrap().success());
}

#[test]
fn scripts_do_not_see_the_environment() {
    let mut worker = Worker::start(true);
    worker.hear();
    let source = "console.log(JSON.stringify([process.env, Object.keys(process.env)]))";
    let load = serde_json::json!({"t": "load", "config": {"env": {"OURS": "1"}}, "entry": {"path": "a.spec.ts", "source": source}});
    // The order of keys is part of how the host writes messages.
    let load = load.to_string();
    let load = format!(r#"{{"t":"load",{}"#, load.trim_start_matches('{').replace(r#","t":"load""#, ""));
    worker.say(&load);
    assert!(matches!(worker.hear(), Some(ToHost::Counted { .. })));
    match worker.hear() {
        Some(ToHost::Log { text, .. }) => assert_eq!(text, r#"[{"OURS":"1"},["OURS"]]"#),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nonsense_on_the_pipe_ends_the_worker() {
    for bytes in [
        &b"\xff\xff\xff\xff"[..],
        b"\x00\x00\x00\x02\xff\xfe",
        b"\x00\x00\x00\x0d{\"t\":\"load\",}",
        b"\x00\x00\x00\x09{",
    ] {
        let mut worker = Worker::start(false);
        worker.hear();
        worker.0.stdin.as_mut().unwrap().write_all(bytes).unwrap();
        drop(worker.0.stdin.take());
        assert_eq!(worker.0.wait().unwrap().code(), Some(1), "{bytes:?}");
    }
}

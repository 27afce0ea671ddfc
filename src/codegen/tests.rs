use super::*;
use crate::model::Viewport;
use crate::model::action::{Action, RecordedAction, RecordingOptions, Signal};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings");
    let mut folders: Vec<_> =
        std::fs::read_dir(root).expect("recordings").map(|entry| entry.expect("an entry").path()).collect();
    folders.retain(|path| path.join("jsonl.txt").exists());
    folders.sort();
    assert!(folders.len() >= 9, "{folders:?}");
    folders
}

/// What the official recorder wrote as lines is read as a recording.
fn recording(folder: &Path) -> Recording {
    let text = std::fs::read_to_string(folder.join("jsonl.txt")).expect("lines");
    let mut lines = text.lines();
    let header: Value = serde_json::from_str(lines.next().expect("a header")).expect("JSON");
    let viewport =
        serde_json::from_value::<Option<Viewport>>(header["contextOptions"]["viewport"].clone()).expect("a size");
    let actions = lines.map(|line| serde_json::from_str(line).expect("an action")).collect();
    Recording { version: 1, options: RecordingOptions { viewport, ..RecordingOptions::default() }, actions }
}

#[test]
fn code_is_what_the_official_generators_write() {
    for folder in folders() {
        let recording = recording(&folder);
        for target in Target::ALL.into_iter().filter(|target| !matches!(target, Target::Jsonl | Target::ChromeRecorder))
        {
            let official = std::fs::read_to_string(folder.join(format!("{target}.txt"))).expect("a golden file");
            let mut recording = recording.clone();
            // The official tests use pages that nobody opens in them; ours are opened.
            let is_library = matches!(
                target,
                Target::JavaScript | Target::Python | Target::PythonAsync | Target::Java | Target::CSharp
            );
            let is_second = |recorded: &RecordedAction| {
                matches!(recorded.action, Action::OpenPage { .. }) && recorded.page != "page"
            };
            recording.actions.retain(|recorded| is_library || !is_second(recorded));
            assert_eq!(generate(target, &recording), official, "{target} of {}", folder.display());
        }
    }
}

#[test]
fn lines_say_what_the_official_ones_say() {
    // The official lines write a regular expression as `{}` and leave aria snapshots out.
    for folder in folders().into_iter().filter(|folder| !folder.ends_with("everything")) {
        let ours = generate(Target::Jsonl, &recording(&folder));
        let official = std::fs::read_to_string(folder.join("jsonl.txt")).expect("lines");
        for (ours, theirs) in ours.lines().zip(official.lines()).skip(1) {
            let read = |line: &str| {
                let mut line: Value = serde_json::from_str(line).expect("JSON");
                if let Some(signals) = line["signals"].as_array_mut() {
                    signals.retain(|signal| signal["name"] != "expect" && signal["name"] != "unknown");
                    for signal in signals {
                        signal.as_object_mut().expect("an object").remove("accepted");
                    }
                }
                line
            };
            assert_eq!(read(ours), read(theirs), "{}", folder.display());
        }
        assert_eq!(ours.lines().count(), official.lines().count());
    }
}

#[test]
fn what_is_kept_is_read_again() {
    for folder in folders() {
        let recording = recording(&folder);
        let file = crate::model::action_file::read(&actions(&recording)).expect("a recording");
        assert_eq!(file.recording, recording);
        assert_eq!(file.places.first(), Some(&(5, 5)));
    }
}

/// No one else writes these of such actions.
#[test]
fn recordings_for_devtools() {
    for name in ["everything", "forms", "frames", "shop", "tabs"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings").join(name);
        insta::assert_snapshot!(format!("devtools_{name}"), generate(Target::ChromeRecorder, &recording(&folder)));
    }
}

fn done(action: Action, signals: Vec<Signal>) -> RecordedAction {
    RecordedAction { action, page: "page".into(), signals, alternatives: Vec::new(), place: Box::default() }
}

/// What the official recorder has no actions for.
#[test]
fn what_only_we_record_is_written_as_a_person_would() {
    let click = Action::Click {
        selector: "internal:role=button[name=\"Ask\"i]".into(),
        button: crate::model::action::MouseButton::Left,
        modifiers: 0,
        click_count: 1,
        position: None,
    };
    let answered = Signal::Dialog { dialog_alias: String::new(), accepted: true, prompt_text: Some("it's me".into()) };
    let place = |x, y| Some(crate::model::action::Point { x, y });
    let drag = Action::DragTo {
        selector: "#a".into(),
        target: "#b".into(),
        source_position: place(1.0, 2.5),
        target_position: None,
    };
    let secret = Some("PASSWORD".to_owned());
    let actions = vec![
        done(click, vec![answered]),
        done(drag, vec![]),
        done(
            Action::DragTo { selector: "#a".into(), target: "#b".into(), source_position: None, target_position: None },
            vec![],
        ),
        done(Action::Fill { selector: "#p".into(), text: String::new(), secret: secret.clone() }, vec![]),
        done(Action::Wheel { selector: "ul".into(), delta_x: 0.0, delta_y: 120.0 }, vec![]),
        done(Action::AssertValue { selector: "#p".into(), value: String::new(), secret: None }, vec![]),
        done(Action::AssertValue { selector: "#p".into(), value: String::new(), secret: secret.clone() }, vec![]),
        done(Action::Select { selector: "#m".into(), options: vec![], secret: secret.clone() }, vec![]),
        done(
            Action::AssertSnapshot { selector: "ul".into(), aria_snapshot: "- list:\n  - listitem: a`b".into() },
            vec![],
        ),
    ];
    let options = RecordingOptions {
        device: Some("iPhone 13".into()),
        load_storage: Some("auth.json".into()),
        save_storage: Some("out.json".into()),
        ..RecordingOptions::default()
    };
    let recording = Recording { version: 1, options, actions };
    for target in Target::ALL {
        insta::assert_snapshot!(format!("only_ours_{target}"), generate(target, &recording));
    }
}

#[test]
fn unknown_targets_are_refused_with_the_known_ones() {
    let error = "cobol".parse::<Target>().expect_err("nobody generates that");
    assert!(error.to_string().starts_with("no code can be generated for “cobol”; known are typescript, "), "{error}");
    for target in Target::ALL {
        assert_eq!(target.name().parse(), Ok(target));
    }
    assert_eq!("playwright-test".parse(), Ok(Target::TypeScript));
}

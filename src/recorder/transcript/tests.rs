use super::*;
use crate::model::action::MouseButton;

fn page() -> PageKey {
    "P".into()
}

fn opened(url: &str) -> Input {
    Input::Opened { page: page(), url: url.into(), opener: None }
}

fn popup() -> Input {
    Input::Opened { page: "Q".into(), url: "about:blank".into(), opener: Some(page()) }
}

fn goes(url: &str, by: Initiator) -> Input {
    Input::Navigated { page: page(), url: url.into(), by }
}

fn done(action: Action) -> Input {
    Input::Performed { page: page(), action, alternatives: Vec::new(), place: Box::default() }
}

fn click(selector: &str, click_count: u32) -> Input {
    let selector = selector.into();
    done(Action::Click { selector, button: MouseButton::Left, modifiers: 0, click_count, position: None })
}

fn fill(selector: &str, text: &str) -> Input {
    done(Action::Fill { selector: selector.into(), text: text.into(), secret: None })
}

fn press(key: &str) -> Input {
    done(Action::Press { selector: "input".into(), key: key.into(), modifiers: 0 })
}

fn wheel(selector: &str, delta_y: f64) -> Input {
    done(Action::Wheel { selector: selector.into(), delta_x: 0.0, delta_y })
}

/// `page: click button x2 [navigation http://b/]`, a line for each action.
fn told(transcript: &Transcript) -> Vec<String> {
    let line = |recorded: &RecordedAction| {
        let what = match &recorded.action {
            Action::OpenPage { url } => format!("open {url}"),
            Action::ClosePage {} => "close".into(),
            Action::Navigate { url } => format!("go {url}"),
            Action::Click { selector, click_count, .. } => format!("click {selector} x{click_count}"),
            Action::Fill { selector, text, .. } => format!("fill {selector} {text}"),
            Action::Press { key, .. } => format!("press {key}"),
            Action::Wheel { selector, delta_y, .. } => format!("wheel {selector} {delta_y}"),
            other => format!("{other:?}"),
        };
        let signals = recorded.signals.iter().map(|signal| match signal {
            Signal::Navigation { url } => format!(" [navigation {url}]"),
            Signal::Popup { page } => format!(" [popup {page}]"),
            Signal::Unknown => String::new(),
            Signal::Download { download_alias } => format!(" [download {download_alias:?}]"),
            Signal::Dialog { dialog_alias, accepted, .. } => format!(" [dialog {dialog_alias:?} {accepted}]"),
        });
        format!("{}: {what}{}", recorded.page, signals.collect::<String>())
    };
    transcript.actions().iter().map(line).collect()
}

/// What was seen, each `ms` after the start.
fn transcript(seen: Vec<(u64, Input)>) -> Vec<String> {
    let mut transcript = Transcript::default();
    for (now, input) in seen {
        transcript.see(input, now);
    }
    told(&transcript)
}

#[test]
fn what_was_seen_becomes_what_was_done() {
    use Initiator::{History, Page, Person, Unknown};
    let start = || (0, opened("about:blank"));
    let site = || (10, goes("http://a/", Person));
    type Case = (&'static str, Vec<(u64, Input)>, Vec<&'static str>);
    let cases: Vec<Case> = vec![
        ("the first address is there", vec![start(), site()], vec!["page: open about:blank", "page: go http://a/"]),
        (
            "an address that is repeated is one",
            vec![start(), site(), (20, goes("http://a/", Unknown))],
            vec!["page: open about:blank", "page: go http://a/"],
        ),
        (
            "a redirect by script is the navigation's own",
            vec![start(), site(), (900, goes("http://b/", Page)), (1_000, goes("http://c/", Unknown))],
            vec!["page: open about:blank", "page: go http://c/"],
        ),
        (
            "typing is one fill",
            vec![start(), (1, fill("input", "a")), (2, fill("input", "ab")), (3, fill("input", "abc"))],
            vec!["page: open about:blank", "page: fill input abc"],
        ),
        (
            "another field is another fill, and back again a third",
            vec![start(), (1, fill("a", "1")), (2, fill("b", "2")), (3, fill("a", "13"))],
            vec!["page: open about:blank", "page: fill a 1", "page: fill b 2", "page: fill a 13"],
        ),
        (
            "a key between parts it",
            vec![start(), (1, fill("a", "1")), (2, press("Enter")), (3, fill("a", "12"))],
            vec!["page: open about:blank", "page: fill a 1", "page: press Enter", "page: fill a 12"],
        ),
        (
            "two clicks are a double click, three a triple one",
            vec![start(), (1, click("b", 1)), (2, click("b", 2)), (3, click("b", 3))],
            vec!["page: open about:blank", "page: click b x3"],
        ),
        (
            "single clicks stay single",
            vec![start(), (1, click("b", 1)), (900, click("b", 1))],
            vec!["page: open about:blank", "page: click b x1", "page: click b x1"],
        ),
        (
            "turns of the wheel add up",
            vec![start(), (1, wheel("ul", 100.0)), (2, wheel("ul", 50.0)), (3, wheel("ol", 1.0))],
            vec!["page: open about:blank", "page: wheel ul 150", "page: wheel ol 1"],
        ),
        (
            "a click carries its navigation",
            vec![start(), site(), (1_000, click("a", 1)), (1_100, goes("http://b/", Page))],
            vec!["page: open about:blank", "page: go http://a/", "page: click a x1 [navigation http://b/]"],
        ),
        (
            "also a late one, when the page asked for it",
            vec![start(), site(), (1_000, click("a", 1)), (9_000, goes("http://b/", Page))],
            vec!["page: open about:blank", "page: go http://a/", "page: click a x1 [navigation http://b/]"],
        ),
        (
            "what nobody claims is the click's for five seconds",
            vec![
                start(),
                site(),
                (1_000, click("a", 1)),
                (6_000, goes("http://b/", Unknown)),
                (6_001, goes("http://c/", Unknown)),
            ],
            vec![
                "page: open about:blank",
                "page: go http://a/",
                "page: click a x1 [navigation http://b/]",
                "page: go http://c/",
            ],
        ),
        (
            "a step in the history is the script's right after a click, the person's later",
            vec![
                start(),
                site(),
                (1_000, click("a", 1)),
                (1_050, goes("http://b/", History)),
                (2_000, click("c", 1)),
                (3_000, goes("http://a/", History)),
            ],
            vec![
                "page: open about:blank",
                "page: go http://a/",
                "page: click a x1 [navigation http://b/]",
                "page: click c x1",
                "page: go http://a/",
            ],
        ),
        (
            "two addresses typed quickly are two",
            vec![start(), site(), (20, goes("http://b/", Person))],
            vec!["page: open about:blank", "page: go http://a/", "page: go http://b/"],
        ),
        (
            "an address typed right after a click is a navigation",
            vec![start(), site(), (1_000, click("a", 1)), (1_200, goes("http://b/", Person))],
            vec!["page: open about:blank", "page: go http://a/", "page: click a x1", "page: go http://b/"],
        ),
        (
            "a popup belongs to the click, its pages are numbered",
            vec![
                start(),
                (1, click("a", 1)),
                (2, popup()),
                (3, Input::Navigated { page: "Q".into(), url: "http://q/".into(), by: Person }),
                (
                    9,
                    Input::Performed {
                        page: "Q".into(),
                        action: Action::Check { selector: "c".into() },
                        alternatives: vec![],
                        place: Box::default(),
                    },
                ),
                (10, Input::Closed { page: "Q".into() }),
            ],
            vec![
                "page: open about:blank",
                "page: click a x1 [popup page1] [navigation http://q/]",
                "page1: Check { selector: \"c\" }",
                "page1: close",
            ],
        ),
        (
            "downloads and dialogs are numbered",
            vec![
                start(),
                (1, click("a", 1)),
                (2, Input::Download { page: page() }),
                (3, click("b", 1)),
                (4, Input::Download { page: page() }),
                (5, Input::Dialog { page: page(), accepted: true, prompt_text: None }),
                (6, Input::Dialog { page: page(), accepted: false, prompt_text: None }),
            ],
            vec![
                "page: open about:blank",
                "page: click a x1 [download \"\"]",
                "page: click b x1 [download \"1\"] [dialog \"\" true] [dialog \"1\" false]",
            ],
        ),
    ];
    for (name, seen, expected) in cases {
        assert_eq!(transcript(seen), expected, "{name}");
    }
}

#[test]
fn a_change_says_which_action_and_what_it_is_now() {
    let mut transcript = Transcript::default();
    transcript.see(opened("about:blank"), 0);
    let first = transcript.see(fill("a", "x"), 1).expect("a change");
    let second = transcript.see(fill("a", "xy"), 2).expect("a change");
    assert_eq!((first.index, second.index), (1, 1));
    assert_eq!(second.action, transcript.actions()[1]);
}

#[test]
fn a_signal_before_any_action_changes_nothing() {
    let mut transcript = Transcript::default();
    assert_eq!(transcript.see(Input::Download { page: page() }, 0), None);
}

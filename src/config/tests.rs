//! A small command line with every kind of flag, and what wins over what.

use super::*;

fn root() -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name);
    let mut root = Command::new("understudy")
        .arg(flag("log-level").global(true))
        .subcommand(
            Command::new("agent")
                .arg(flag("server"))
                .arg(flag("token"))
                .arg(flag("token-file"))
                .arg(flag("max-sessions").default_value("4"))
                .arg(flag("headed").action(ArgAction::SetTrue))
                .arg(flag("browser-arg").action(ArgAction::Append))
                .group(clap::ArgGroup::new("secret").args(["token", "token-file"]).multiple(false)),
        )
        .subcommand(Command::new("serve").arg(flag("listen")))
        .subcommand(
            Command::new("run")
                .arg(flag("list").action(ArgAction::SetTrue).conflicts_with("reporter"))
                .arg(flag("reporter").action(ArgAction::Append)),
        );
    root.build();
    root
}

fn surroundings(environment: &[(&str, &str)], files: &[&str]) -> Surroundings {
    Surroundings {
        environment: environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect(),
        files: files
            .iter()
            .enumerate()
            .map(|(at, text)| {
                let path = PathBuf::from(format!("{at}.toml"));
                (path.clone(), parse(&root(), path, text).unwrap())
            })
            .collect(),
    }
}

#[test]
fn the_nearer_source_wins() {
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str], &'a str, &'a str);
    let cases: &[Case<'_>] = &[
        ("nothing", &[], &[], "agent", "agent"),
        ("environment", &[("UNDERSTUDY_SERVER", "ws://e")], &[], "agent", "agent --server=ws://e"),
        (
            "flag over environment",
            &[("UNDERSTUDY_SERVER", "ws://e")],
            &[],
            "agent --server ws://f",
            "agent --server ws://f",
        ),
        ("what excludes it is typed", &[("UNDERSTUDY_REPORTER", "jsonl")], &[], "run --list", "run --list"),
        ("what it excludes is typed", &[("UNDERSTUDY_LIST", "1")], &[], "run --reporter x", "run --reporter x"),
        ("file", &[], &["max-sessions = 2"], "agent", "agent --max-sessions=2"),
        ("file with underscores", &[], &["max_sessions = 2"], "agent", "agent --max-sessions=2"),
        (
            "environment over file",
            &[("UNDERSTUDY_MAX_SESSIONS", "3")],
            &["max-sessions = 2"],
            "agent",
            "agent --max-sessions=3",
        ),
        (
            "the user's file over the system's",
            &[],
            &["server = 'u'", "server = 's'\nmax-sessions = 9"],
            "agent",
            "agent --server=u --max-sessions=9",
        ),
        (
            "a command's table over the top",
            &[],
            &["log-level = 'warn'\n[agent]\nlog-level = 'debug'"],
            "agent",
            "agent --log-level=debug",
        ),
        ("another command's table", &[], &["[serve]\nlisten = ':1'"], "agent", "agent"),
        (
            "older names",
            &[("SERVER_URL", "ws://old"), ("AGENT_TOKEN", "t")],
            &[],
            "agent",
            "agent --server=ws://old --token=t",
        ),
        (
            "older names are older",
            &[("SERVER_URL", "old"), ("UNDERSTUDY_SERVER", "new")],
            &[],
            "agent",
            "agent --server=new",
        ),
        ("older names are the agent's", &[("AGENT_NAME", "x")], &[], "serve", "serve"),
        ("an empty variable is none", &[("UNDERSTUDY_SERVER", "")], &[], "agent", "agent"),
        ("true", &[("UNDERSTUDY_HEADED", "1")], &[], "agent", "agent --headed"),
        ("false", &[("UNDERSTUDY_HEADED", "false")], &["headed = true"], "agent", "agent"),
        ("true in a file", &[], &["headed = true"], "agent", "agent --headed"),
        (
            "a list",
            &[("UNDERSTUDY_BROWSER_ARG", "--a, --b=1")],
            &[],
            "agent",
            "agent --browser-arg=--a --browser-arg=--b=1",
        ),
        (
            "a list of lines",
            &[("UNDERSTUDY_BROWSER_ARG", "--a=1,2\n--b")],
            &[],
            "agent",
            "agent --browser-arg=--a=1,2 --browser-arg=--b",
        ),
        (
            "a list in a file",
            &[],
            &["browser-arg = ['--a', '--b']"],
            "agent",
            "agent --browser-arg=--a --browser-arg=--b",
        ),
        ("a typed rival", &[("UNDERSTUDY_TOKEN", "t")], &[], "agent --token-file f", "agent --token-file f"),
        (
            "a rival in the environment",
            &[("UNDERSTUDY_TOKEN_FILE", "f")],
            &["token = 't'"],
            "agent",
            "agent --token-file=f",
        ),
        (
            "flags in front",
            &[("UNDERSTUDY_SERVER", "s")],
            &[],
            "--log-level info agent",
            "--log-level info agent --server=s",
        ),
        ("no command", &[("UNDERSTUDY_SERVER", "s")], &[], "--help", "--help"),
    ];
    for (name, environment, files, typed, expected) in cases {
        let typed = std::iter::once("understudy").chain(typed.split_whitespace()).map(OsString::from).collect();
        let all = surroundings(environment, files).arguments(&root(), typed).unwrap();
        let all: Vec<_> = all.iter().skip(1).map(|part| part.to_string_lossy()).collect();
        assert_eq!(all.join(" "), *expected, "{name}");
        assert!(
            *name == "no command"
                || root()
                    .try_get_matches_from(
                        [&["understudy".into()], &all[..]].concat().iter().map(|part| part.to_string())
                    )
                    .is_ok(),
            "{name}"
        );
    }
}

#[test]
fn what_is_in_force_is_told_with_its_source_and_without_secrets() {
    let surroundings = surroundings(&[("UNDERSTUDY_TOKEN", "hush")], &["server = 's'"]);
    let root = root();
    let settings = surroundings.in_force(&root, root.find_subcommand("agent").unwrap()).unwrap();
    let told: Vec<_> = settings
        .iter()
        .map(|Setting { flag, values, source }| format!("{flag}={} ({source})", values.join(",")))
        .collect();
    assert_eq!(
        told,
        [
            "server=s (0.toml)",
            "token=*** (UNDERSTUDY_TOKEN)",
            "token-file= (default)",
            "max-sessions=4 (default)",
            "headed=false (default)",
            "browser-arg= (default)",
            "log-level= (default)",
        ]
    );
}

#[test]
fn mistakes_in_files_are_told() {
    let cases = [
        ("serverr = 's'", "the settings f.toml have a key \"serverr\" that is no flag"),
        ("[serve]\nserver = 's'", "the settings f.toml have a key \"server\" that is no flag of `understudy serve`"),
        ("[nobody]\nx = 1", "the settings f.toml have a key \"nobody\" that is no flag"),
        ("server = ", "failed to read the settings f.toml: "),
    ];
    for (text, expected) in cases {
        let told = parse(&root(), "f.toml".into(), text).unwrap_err().to_string();
        assert!(told.starts_with(expected), "{text}: {told}");
    }
    let told =
        surroundings(&[], &["server = 1979-05-27"]).arguments(&root(), vec!["understudy".into(), "agent".into()]);
    assert!(told.unwrap_err().to_string().contains("server is a date"));
}

#[test]
fn passwords_in_addresses_are_masked() {
    let cases = [
        ("http://host:3000/a@b:c", "http://host:3000/a@b:c"),
        ("https://me:secret@host/x", "https://me:***@host/x"),
        ("--proxy-server=http://a:b:c@d@host:1 http://x:y@z", "--proxy-server=http://a:***@host:1 http://x:***@z"),
        ("redis://:secret@host", "redis://:***@host"),
        ("no address", "no address"),
    ];
    for (text, expected) in cases {
        assert_eq!(without_password(text), expected);
    }
}

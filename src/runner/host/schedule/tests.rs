use super::*;
use crate::model::run::Location;

fn case(id: &str, group: Option<&str>) -> TestCase {
    TestCase {
        id: id.to_owned(),
        title_path: vec![id.to_owned()],
        location: Location { file: "a.spec.ts".to_owned(), line: 1, column: 1 },
        tags: Vec::new(),
        annotations: Vec::new(),
        expected_status: Status::Passed,
        timeout: 0,
        retries: None,
        serial_group: group.map(str::to_owned),
    }
}

fn planned(text: &str) -> Planned {
    let (test, retry) = text.split_once('#').unwrap_or((text, "0"));
    Planned { test: test.to_owned(), retry: retry.parse().unwrap(), repeat: 0 }
}

fn attempt(planned: &Planned, status: Status) -> Attempt {
    Attempt {
        test: planned.test.clone(),
        retry: planned.retry,
        status,
        expected_status: Status::Passed,
        duration_ms: 1,
        errors: Vec::new(),
        annotations: Vec::new(),
        attachments: Vec::new(),
    }
}

fn names(job: &Job) -> String {
    let names: Vec<_> = job
        .tests
        .iter()
        .map(|test| if test.retry > 0 { format!("{}#{}", test.test, test.retry) } else { test.test.clone() })
        .collect();
    format!("{}:{}", job.file, names.join(","))
}

fn queue(schedule: &mut Schedule) -> Vec<String> {
    std::iter::from_fn(|| schedule.next()).map(|job| names(&job)).collect()
}

#[test]
fn files_become_jobs() {
    let files =
        vec![vec![case("a", None), case("b", Some("g")), case("c", Some("g"))], vec![case("d", None)], Vec::new()];
    let cases = [
        ("a file each", Wishes::default(), vec!["0:a,b,c", "1:d"]),
        ("fully parallel", Wishes { fully_parallel: true, ..Wishes::default() }, vec!["0:a", "0:b,c", "1:d"]),
        ("repeated", Wishes { repeat_each: 2, ..Wishes::default() }, vec!["0:a,b,c", "0:a,b,c", "1:d", "1:d"]),
        ("first shard", Wishes { shard: Some((1, 2)), ..Wishes::default() }, vec!["0:a,b,c"]),
        ("second shard", Wishes { shard: Some((2, 2)), ..Wishes::default() }, vec!["1:d"]),
    ];
    for (name, wishes, expected) in cases {
        assert_eq!(queue(&mut Schedule::new(&files, &wishes)), expected, "{name}");
    }
}

#[test]
fn what_is_tried_again_comes_before_what_was_not_begun() {
    let files = vec![vec![case("a", None)], vec![case("b", None)]];
    let mut schedule = Schedule::new(&files, &Wishes { retries: 1, ..Wishes::default() });
    schedule.next();
    let failed = (planned("a"), attempt(&planned("a"), Status::Failed));
    schedule.ended(0, &JobEnd { ended: vec![failed], remaining: Vec::new() });
    assert_eq!(queue(&mut schedule), ["0:a#1", "1:b"]);
}

#[test]
fn what_fails_is_tried_again_together_with_what_was_not_run() {
    struct Case {
        name: &'static str,
        tests: Vec<TestCase>,
        retries: u32,
        ended: &'static [(&'static str, Status)],
        remaining: &'static [&'static str],
        queue: &'static [&'static str],
        skipped: &'static [&'static str],
        failed: bool,
    }
    let plain = || vec![case("a", None), case("b", None), case("c", None)];
    let serial = || vec![case("a", Some("g")), case("b", Some("g")), case("c", Some("g")), case("d", None)];
    let cases = [
        Case {
            name: "all well",
            tests: plain(),
            retries: 1,
            ended: &[("a", Status::Passed), ("b", Status::Skipped), ("c", Status::Passed)],
            remaining: &[],
            queue: &[],
            skipped: &[],
            failed: false,
        },
        Case {
            name: "no retries: on with the rest",
            tests: plain(),
            retries: 0,
            ended: &[("a", Status::Passed), ("b", Status::Failed)],
            remaining: &["c"],
            queue: &["0:c"],
            skipped: &[],
            failed: true,
        },
        Case {
            name: "again, then the rest",
            tests: plain(),
            retries: 1,
            ended: &[("a", Status::Passed), ("b", Status::TimedOut)],
            remaining: &["c"],
            queue: &["0:b#1,c"],
            skipped: &[],
            failed: true,
        },
        Case {
            name: "no more than allowed",
            tests: plain(),
            retries: 1,
            ended: &[("b#1", Status::Failed)],
            remaining: &["c"],
            queue: &["0:c"],
            skipped: &[],
            failed: true,
        },
        Case {
            name: "a serial group is skipped after a failure",
            tests: serial(),
            retries: 0,
            ended: &[("a", Status::Passed), ("b", Status::Failed)],
            remaining: &["c", "d"],
            queue: &["0:d"],
            skipped: &["c"],
            failed: true,
        },
        Case {
            name: "a serial group is tried again as a whole",
            tests: serial(),
            retries: 1,
            ended: &[("a", Status::Passed), ("b", Status::Failed)],
            remaining: &["c", "d"],
            queue: &["0:a#1,b#1,c#1,d"],
            skipped: &["c"],
            failed: true,
        },
        Case {
            name: "interrupted is the end",
            tests: plain(),
            retries: 1,
            ended: &[("a", Status::Interrupted)],
            remaining: &[],
            queue: &[],
            skipped: &[],
            failed: true,
        },
    ];
    for case in cases {
        let wishes = Wishes { retries: case.retries, ..Wishes::default() };
        let mut schedule = Schedule::new(&[case.tests], &wishes);
        schedule.next();
        let ended = case.ended.iter().map(|(test, status)| (planned(test), attempt(&planned(test), *status))).collect();
        let remaining = case.remaining.iter().map(|test| planned(test)).collect();
        let consequences = schedule.ended(0, &JobEnd { ended, remaining });
        assert_eq!(schedule.failed(), case.failed, "{}", case.name);
        assert_eq!(queue(&mut schedule), case.queue, "{}", case.name);
        let skipped: Vec<_> = case.skipped.iter().map(|test| planned(test)).collect();
        assert_eq!(consequences.skipped, skipped, "{}", case.name);
    }
}

#[test]
fn enough_failures_end_the_run() {
    let files = vec![vec![case("a", None)], vec![case("b", None)]];
    let mut schedule = Schedule::new(&files, &Wishes { max_failures: 1, ..Wishes::default() });
    schedule.next();
    let end = JobEnd { ended: vec![(planned("a"), attempt(&planned("a"), Status::Failed))], remaining: Vec::new() };
    schedule.ended(0, &end);
    assert!(schedule.enough());
    assert_eq!(schedule.next(), None);
    assert_eq!(schedule.waiting(), 1);
}

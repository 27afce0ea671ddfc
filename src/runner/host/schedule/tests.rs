use super::*;
use crate::model::run::Location;

fn case(id: &str, group: Option<&str>) -> TestCase {
    TestCase {
        id: id.to_owned(),
        title_path: vec![id.to_owned()],
        location: Location { file: "a.spec.ts".to_owned(), line: 1, column: 1 },
        describes: Vec::new(),
        tags: Vec::new(),
        annotations: Vec::new(),
        expected_status: Status::Passed,
        timeout: 0,
        retries: None,
        project: String::new(),
        repeat: 0,
        serial_group: group.map(str::to_owned),
    }
}

/// Of a run with one project.
fn wishes(manner: Manner) -> Wishes {
    Wishes { projects: vec![manner], project_of: vec![0; 3], ..Wishes::default() }
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
        timeout: None,
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
        ("a file each", Manner::default(), None, vec!["0:a,b,c", "1:d"]),
        ("fully parallel", Manner { fully_parallel: true, ..Manner::default() }, None, vec!["0:a", "0:b,c", "1:d"]),
        ("repeated", Manner { repeat_each: 2, ..Manner::default() }, None, vec!["0:a,b,c", "0:a,b,c", "1:d", "1:d"]),
        ("first shard", Manner::default(), Some((1, 2)), vec!["0:a,b,c"]),
        ("second shard", Manner::default(), Some((2, 2)), vec!["1:d"]),
    ];
    for (name, manner, shard, expected) in cases {
        let mut schedule = Schedule::new(&files, Wishes { shard, ..wishes(manner) });
        assert_eq!(queue(&mut schedule), expected, "{name}");
    }
}

#[test]
fn of_a_part_only_some_tests_are_wanted() {
    let files = vec![vec![case("a", None), case("b", None)], vec![case("c", None)], vec![case("s", None)]];
    let projects = vec![Manner { dependencies: vec![1], ..Manner::default() }, Manner::default()];
    let only =
        |names: &[(usize, &str)]| Some(names.iter().map(|(file, name)| (*file, (*name).to_owned(), 0)).collect());
    let cases = [
        ("what others depend on stays", None, only(&[(0, "b"), (1, "c")]), vec!["2:s", "0:b", "1:c"]),
        ("parts are those of all tests", Some((2, 2)), only(&[(0, "b"), (1, "c")]), vec!["2:s", "1:c"]),
        ("nothing is served", None, only(&[]), vec![]),
    ];
    for (name, shard, only, expected) in cases {
        let wishes = Wishes { projects: projects.clone(), project_of: vec![0, 0, 1], shard, only, ..Wishes::default() };
        let schedule = Schedule::new(&files, wishes);
        let jobs = schedule.queue.iter().chain(&schedule.later);
        let named = |job: &Job| {
            let tests: Vec<&str> = job.tests.iter().map(|test| test.test.as_str()).collect();
            format!("{}:{}", job.file, tests.join(","))
        };
        assert_eq!(jobs.map(named).collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn what_is_tried_again_comes_before_what_was_not_begun() {
    let files = vec![vec![case("a", None)], vec![case("b", None)]];
    let mut schedule = Schedule::new(&files, wishes(Manner { retries: 1, ..Manner::default() }));
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
        let manner = Manner { retries: case.retries, ..Manner::default() };
        let mut schedule = Schedule::new(&[case.tests], wishes(manner));
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
    let mut schedule = Schedule::new(&files, Wishes { max_failures: 1, ..wishes(Manner::default()) });
    schedule.next();
    let end = JobEnd { ended: vec![(planned("a"), attempt(&planned("a"), Status::Failed))], remaining: Vec::new() };
    schedule.ended(0, &end);
    assert!(schedule.enough());
    assert_eq!(schedule.next(), None);
}

#[test]
fn projects_come_after_those_they_depend_on() {
    let after = |dependencies: &[usize], teardown| Manner {
        dependencies: dependencies.to_vec(),
        teardown,
        ..Manner::default()
    };
    let projects = vec![after(&[], Some(3)), after(&[0], None), after(&[1], None), after(&[], None), after(&[], None)];
    assert_eq!(phases(&projects), [vec![0, 4], vec![1], vec![2], vec![3]]);
    for (name, status, expected) in [
        ("passed", Status::Passed, ["0:a 4:a", "1:a", "2:a", "3:a"].as_slice()),
        ("failed", Status::Failed, &["0:a 4:a", "3:a"]),
    ] {
        let files = vec![vec![case("a", None)]; 5];
        let wishes = Wishes { projects: projects.clone(), project_of: vec![0, 1, 2, 3, 4], ..Wishes::default() };
        let mut schedule = Schedule::new(&files, wishes);
        let mut seen = Vec::new();
        loop {
            let jobs: Vec<Job> = std::iter::from_fn(|| schedule.next()).collect();
            if jobs.is_empty() {
                break;
            }
            seen.push(jobs.iter().map(names).collect::<Vec<_>>().join(" "));
            for job in jobs {
                let status = if job.file == 0 { status } else { Status::Passed };
                let ended = vec![(planned("a"), attempt(&planned("a"), status))];
                schedule.ended(job.file, &JobEnd { ended, remaining: Vec::new() });
            }
        }
        assert_eq!(seen, expected, "{name}");
    }
}

#[test]
fn what_others_depend_on_is_in_every_shard() {
    let files = vec![vec![case("a", None)], vec![case("b", None)], vec![case("c", None)]];
    let own = Manner { dependencies: vec![0], ..Manner::default() };
    for (shard, expected) in [((1, 2), ["0:a", "1:b"]), ((2, 2), ["0:a", "2:c"])] {
        let wishes = Wishes {
            projects: vec![Manner::default(), own.clone()],
            project_of: vec![0, 1, 1],
            shard: Some(shard),
            ..Wishes::default()
        };
        let mut schedule = Schedule::new(&files, wishes);
        let mut seen = Vec::new();
        while let Some(job) = schedule.next() {
            seen.push(names(&job));
            let ended = job.tests.iter().map(|test| (test.clone(), attempt(test, Status::Passed))).collect();
            schedule.ended(job.file, &JobEnd { ended, remaining: Vec::new() });
        }
        assert_eq!(seen, expected, "{shard:?}");
    }
}

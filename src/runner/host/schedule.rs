//! Which tests run when: a queue of jobs (tests of one file for one worker), what is tried again, when to stop. Pure.

use crate::model::run::{Attempt, Status, TestCase};
use crate::runner::protocol::Planned;
use std::collections::{HashMap, HashSet, VecDeque};

/// What the user wants of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    /// Of each project.
    pub(crate) projects: Vec<Manner>,
    /// Of each file its project.
    pub(crate) project_of: Vec<usize>,
    /// 0 is no limit.
    pub(crate) max_failures: u32,
    /// Which of how many, from 1.
    pub(crate) shard: Option<(u32, u32)>,
    /// Of the tests of this part only these, and of what others depend on all; none is no bound.
    pub(crate) only: Option<HashSet<Key>>,
}

/// How the tests of a project are run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manner {
    pub(crate) fully_parallel: bool,
    pub(crate) retries: u32,
    pub(crate) repeat_each: u32,
    /// Indices of projects that must have passed before.
    pub(crate) dependencies: Vec<usize>,
    /// Index of the project that cleans up after this one and all that depend on it.
    pub(crate) teardown: Option<usize>,
}

/// Tests of one file for one worker, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    /// Index of the file.
    pub(crate) file: usize,
    /// By the ids of the file.
    pub(crate) tests: Vec<Planned>,
}

/// How a job went.
#[derive(Debug, Default)]
pub(crate) struct JobEnd {
    /// Attempts that ended, in order; ids of the file.
    pub(crate) ended: Vec<(Planned, Attempt)>,
    /// Not run.
    pub(crate) remaining: Vec<Planned>,
}

/// What follows from it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Consequences {
    /// Tests that are not run, at least not in this attempt, because one before them in their group failed.
    pub(crate) skipped: Vec<Planned>,
}

#[derive(Debug)]
struct Test {
    /// Order of declaration.
    order: usize,
    retries: u32,
    group: Option<String>,
    /// Of the last attempt.
    last: Option<Verdict>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    AsExpected,
    Unexpected,
    Interrupted,
}

/// File, the test's id there, repeat.
pub(crate) type Key = (usize, String, u32);

/// The state of a run.
#[derive(Debug)]
pub(crate) struct Schedule {
    queue: VecDeque<Job>,
    /// What comes when all before is over.
    phases: VecDeque<Vec<usize>>,
    /// Jobs of projects whose phase has not come.
    later: Vec<Job>,
    /// How many jobs are under way.
    underway: usize,
    wishes: Wishes,
    tests: HashMap<Key, Test>,
    failures: u32,
}

impl Schedule {
    /// A schedule for the tests of these files.
    pub(crate) fn new(files: &[Vec<TestCase>], wishes: Wishes) -> Self {
        let mut jobs = Vec::new();
        let mut known = HashMap::new();
        for (file, tests) in files.iter().enumerate() {
            let manner = &wishes.projects[wishes.project_of[file]];
            for repeat in 0..manner.repeat_each.max(1) {
                let planned = |test: &TestCase| Planned { test: test.id.clone(), retry: 0, repeat };
                for (order, test) in tests.iter().enumerate() {
                    let retries = test.retries.unwrap_or(manner.retries);
                    let test_state = Test { order, retries, group: test.serial_group.clone(), last: None };
                    known.insert((file, test.id.clone(), repeat), test_state);
                }
                if manner.fully_parallel {
                    jobs.extend(
                        apart(tests)
                            .into_iter()
                            .map(|tests| Job { file, tests: tests.into_iter().map(planned).collect() }),
                    );
                } else if !tests.is_empty() {
                    jobs.push(Job { file, tests: tests.iter().map(planned).collect() });
                }
            }
        }
        if wishes.shard.is_some() || wishes.only.is_some() {
            // What others depend on is run for every part.
            let (serving, mut own): (Vec<Job>, Vec<Job>) =
                jobs.into_iter().partition(|job| serves(&wishes.projects, wishes.project_of[job.file]));
            if let Some((part, of)) = wishes.shard {
                own = shard(own, part as usize, of as usize);
            }
            jobs = serving;
            match &wishes.only {
                None => jobs.extend(own),
                Some(only) => {
                    own.iter_mut().for_each(|job| job.tests.retain(|test| only.contains(&key(job.file, test))));
                    own.retain(|job| !job.tests.is_empty());
                    // Where nothing is left, nothing is to be served.
                    jobs = if own.is_empty() { own } else { jobs.into_iter().chain(own).collect() };
                }
            }
        }
        let chosen: HashSet<Key> =
            jobs.iter().flat_map(|job| job.tests.iter().map(|test| key(job.file, test))).collect();
        known.retain(|key, _| chosen.contains(key));
        let mut schedule = Self {
            queue: VecDeque::new(),
            phases: phases(&wishes.projects).into(),
            later: jobs,
            underway: 0,
            wishes,
            tests: known,
            failures: 0,
        };
        schedule.advance();
        schedule
    }

    /// Goes on to the next phase in which there is something to do when all of this one is over.
    fn advance(&mut self) {
        while self.queue.is_empty() && self.underway == 0 {
            let Some(phase) = self.phases.pop_front() else { return };
            let ready: Vec<usize> = phase.into_iter().filter(|project| self.passed(*project)).collect();
            let project_of = |job: &Job| self.wishes.project_of[job.file];
            let (now, later) =
                std::mem::take(&mut self.later).into_iter().partition(|job| ready.contains(&project_of(job)));
            self.queue = Vec::into(now);
            self.later = later;
        }
    }

    /// Whether all that a project depends on did what it should.
    fn passed(&self, project: usize) -> bool {
        self.wishes.projects[project].dependencies.iter().all(|dependency| {
            self.passed(*dependency)
                && self.tests.iter().all(|((file, ..), test)| {
                    self.wishes.project_of[*file] != *dependency || test.last == Some(Verdict::AsExpected)
                })
        })
    }

    /// Whether this test is part of the run (of this shard).
    pub(crate) fn has(&self, file: usize, test: &str, repeat: u32) -> bool {
        self.tests.contains_key(&(file, test.to_owned(), repeat))
    }

    /// How many jobs there are in the phase of most.
    pub(crate) fn widest(&self) -> usize {
        let mut widths = vec![0; self.wishes.projects.len()];
        self.queue.iter().chain(&self.later).for_each(|job| widths[self.wishes.project_of[job.file]] += 1);
        let phases = phases(&self.wishes.projects);
        phases.iter().map(|phase| phase.iter().map(|project| widths[*project]).sum()).max().unwrap_or_default()
    }

    /// Whether there is something to do for this file.
    pub(crate) fn waits(&self, file: usize) -> bool {
        self.queue.iter().chain(&self.later).any(|job| job.file == file)
    }

    /// What is to be done next. What is tried again comes before what was not begun, as with Playwright.
    pub(crate) fn next(&mut self) -> Option<Job> {
        let job = if self.enough() { None } else { self.queue.pop_front() };
        self.underway += usize::from(job.is_some());
        job
    }

    /// So many tests failed that the rest shall not run.
    pub(crate) fn enough(&self) -> bool {
        self.wishes.max_failures > 0 && self.failures >= self.wishes.max_failures
    }

    /// Takes the end of a job into account: what failed is queued again while it may be, together with what was not run.
    pub(crate) fn ended(&mut self, file: usize, end: &JobEnd) -> Consequences {
        self.underway = self.underway.saturating_sub(1);
        let mut again: Vec<Planned> = Vec::new();
        let mut over: HashSet<(String, u32)> = HashSet::new();
        let mut groups_again: HashSet<(String, u32)> = HashSet::new();
        for (planned, attempt) in &end.ended {
            let Some(test) = self.tests.get_mut(&key(file, planned)) else { continue };
            let verdict = verdict(attempt);
            test.last = Some(verdict);
            if verdict != Verdict::Unexpected {
                continue;
            }
            let may = planned.retry < test.retries;
            match (&test.group, may) {
                (None, true) => again.push(Planned { retry: planned.retry + 1, ..planned.clone() }),
                (Some(group), true) => {
                    groups_again.insert((group.clone(), planned.repeat));
                }
                (group, false) => {
                    self.failures += 1;
                    over.extend(group.iter().map(|group| (group.clone(), planned.repeat)));
                }
            }
        }
        let group_of = |planned: &Planned| {
            let test = self.tests.get(&key(file, planned))?;
            test.group.clone().map(|group| (group, planned.repeat))
        };
        let mut skipped = Vec::new();
        for planned in &end.remaining {
            match group_of(planned) {
                Some(group) if over.contains(&group) => skipped.push(planned.clone()),
                Some(group) if groups_again.contains(&group) => {
                    skipped.push(planned.clone());
                    again.push(Planned { retry: planned.retry + 1, ..planned.clone() });
                }
                _ => again.push(planned.clone()),
            }
        }
        // A group is tried again as a whole.
        for (planned, _) in &end.ended {
            if group_of(planned).is_some_and(|group| groups_again.contains(&group)) {
                again.push(Planned { retry: planned.retry + 1, ..planned.clone() });
            }
        }
        again.sort_by_key(|planned| self.tests.get(&key(file, planned)).map_or(0, |test| test.order));
        if !again.is_empty() {
            self.queue.push_front(Job { file, tests: again });
        }
        self.advance();
        Consequences { skipped }
    }

    /// Whether any test did not end as it should have, so far.
    pub(crate) fn failed(&self) -> bool {
        self.tests.values().any(|test| matches!(test.last, Some(Verdict::Unexpected | Verdict::Interrupted)))
    }
}

/// Projects that may run at the same time, in the order of their turn: first those that depend on nothing; one that cleans up
/// comes when what it cleans up after, and all that depends on that, is over.
pub(crate) fn phases(projects: &[Manner]) -> Vec<Vec<usize>> {
    let mut done: HashSet<usize> = HashSet::new();
    let mut phases = Vec::new();
    loop {
        let before = |project: usize| {
            let cleaned = (0..projects.len()).filter(move |other| projects[*other].teardown == Some(project));
            let after = cleaned.flat_map(|setup| {
                (0..projects.len()).filter(move |other| *other == setup || depends(projects, *other, setup))
            });
            after.chain(projects[project].dependencies.iter().copied())
        };
        let phase: Vec<usize> = (0..projects.len())
            .filter(|project| {
                !done.contains(project) && before(*project).all(|one| one == *project || done.contains(&one))
            })
            .collect();
        if phase.is_empty() {
            return phases;
        }
        done.extend(&phase);
        phases.push(phase);
    }
}

fn depends(projects: &[Manner], project: usize, on: usize) -> bool {
    projects[project].dependencies.iter().any(|one| *one == on || depends(projects, *one, on))
}

/// Whether a project is there for others: they depend on it, or it cleans up after one.
pub(crate) fn serves(projects: &[Manner], project: usize) -> bool {
    projects.iter().any(|other| other.dependencies.contains(&project) || other.teardown == Some(project))
}

fn key(file: usize, planned: &Planned) -> Key {
    (file, planned.test.clone(), planned.repeat)
}

fn verdict(attempt: &Attempt) -> Verdict {
    match attempt.status {
        Status::Interrupted => Verdict::Interrupted,
        Status::Skipped => Verdict::AsExpected,
        status if status == attempt.expected_status => Verdict::AsExpected,
        _ => Verdict::Unexpected,
    }
}

/// Every test by itself, but those of a serial group together.
fn apart(tests: &[TestCase]) -> Vec<Vec<&TestCase>> {
    let mut jobs: Vec<Vec<&TestCase>> = Vec::new();
    let mut groups: HashMap<&str, usize> = HashMap::new();
    for test in tests {
        match test.serial_group.as_deref() {
            Some(group) => {
                let at = *groups.entry(group).or_insert(jobs.len());
                if at == jobs.len() {
                    jobs.push(Vec::new());
                }
                jobs[at].push(test);
            }
            None => jobs.push(vec![test]),
        }
    }
    jobs
}

/// The part of the jobs that is this shard's, by number of tests, jobs kept whole. Same rule as Playwright.
fn shard(jobs: Vec<Job>, part: usize, of: usize) -> Vec<Job> {
    let (part, of) = (part.max(1) - 1, of.max(1));
    let total: usize = jobs.iter().map(|job| job.tests.len()).sum();
    let (size, extra) = (total / of, total % of);
    let from = size * part + extra.min(part);
    let to = from + size + usize::from(part < extra);
    let mut before = 0;
    jobs.into_iter()
        .filter(|job| {
            let begins = before;
            before += job.tests.len();
            begins >= from && begins < to
        })
        .collect()
}

#[cfg(test)]
mod tests;

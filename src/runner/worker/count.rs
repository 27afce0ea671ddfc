//! How many steps a file has, as far as its text says. Loops and helpers make more of them, conditions fewer.

use crate::runner::protocol::StepCount;
use oxc::ast::ast::{AwaitExpression, CallExpression, Expression, Program};
use oxc::ast_visit::{Visit, walk};

/// Calls of a page, a frame or a locator that are steps.
const ACTIONS: [&str; 26] = [
    "blur",
    "check",
    "clear",
    "click",
    "dblclick",
    "dispatchEvent",
    "dragAndDrop",
    "dragTo",
    "fill",
    "focus",
    "goBack",
    "goForward",
    "goto",
    "hover",
    "press",
    "pressSequentially",
    "reload",
    "scrollIntoViewIfNeeded",
    "selectOption",
    "selectText",
    "setChecked",
    "setContent",
    "setInputFiles",
    "tap",
    "type",
    "uncheck",
];
/// And those of a keyboard or a mouse besides.
const BY_HAND: [&str; 5] = ["down", "insertText", "move", "up", "wheel"];

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Within {
    /// A test.
    Test,
    /// What is done around each test.
    Each,
    /// Anywhere else.
    Once,
}

/// The steps of a module.
pub(crate) fn of(program: &Program<'_>) -> StepCount {
    let mut counter = Counter { count: StepCount::default(), within: Within::Once, awaited: false };
    counter.visit_program(program);
    counter.count
}

struct Counter {
    count: StepCount,
    within: Within,
    /// What nobody waits for is no step: `list.fill(0)`.
    awaited: bool,
}

/// The names of a chain of members, the last first: `page.keyboard.press` is `press`, `keyboard`, `page`.
fn names<'a>(callee: &'a Expression<'_>) -> Vec<&'a str> {
    let mut names = Vec::new();
    let mut next = callee.get_inner_expression();
    loop {
        match next {
            Expression::Identifier(identifier) => names.push(identifier.name.as_str()),
            Expression::StaticMemberExpression(member) => {
                names.push(member.property.name.as_str());
                next = member.object.get_inner_expression();
                continue;
            }
            _ => {}
        }
        return names;
    }
}

/// What an `expect` is called on, where this is the matcher of one.
fn is_expect(callee: &Expression<'_>) -> bool {
    let mut next = callee.get_inner_expression();
    while let Expression::StaticMemberExpression(member) = next {
        next = member.object.get_inner_expression();
    }
    match next {
        Expression::CallExpression(call) => names(&call.callee).last().is_some_and(|root| *root == "expect"),
        _ => false,
    }
}

fn is_step(callee: &Expression<'_>) -> bool {
    let names = names(callee);
    match names.as_slice() {
        [matcher, ..] if matcher.starts_with("to") && is_expect(callee) => true,
        [action, ..] if ACTIONS.contains(action) => true,
        [action, "keyboard" | "mouse" | "touchscreen", ..] => BY_HAND.contains(action),
        _ => false,
    }
}

/// What is declared by this call.
fn declared(callee: &Expression<'_>) -> Option<Within> {
    match names(callee).as_slice() {
        ["test" | "it"] | ["only" | "fail" | "skip" | "fixme", "test" | "it"] => Some(Within::Test),
        ["beforeEach" | "afterEach", "test" | "it"] => Some(Within::Each),
        ["beforeAll" | "afterAll", "test" | "it"] => Some(Within::Once),
        _ => None,
    }
}

impl<'a> Visit<'a> for Counter {
    fn visit_await_expression(&mut self, awaited: &AwaitExpression<'a>) {
        let before = std::mem::replace(&mut self.awaited, true);
        walk::walk_await_expression(self, awaited);
        self.awaited = before;
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if let Some(within) = declared(&call.callee) {
            let before = (std::mem::replace(&mut self.within, within), std::mem::replace(&mut self.awaited, false));
            self.count.tests += u32::from(within == Within::Test);
            walk::walk_call_expression(self, call);
            (self.within, self.awaited) = before;
            return;
        }
        if self.awaited && is_step(&call.callee) {
            match self.within {
                Within::Test => self.count.own += 1,
                Within::Each => self.count.each += 1,
                Within::Once => self.count.once += 1,
            }
        }
        walk::walk_call_expression(self, call);
    }
}

#[cfg(test)]
mod tests {
    use crate::runner::protocol::{Module, StepCount};
    use crate::runner::worker::transform::transform;

    #[test]
    fn steps_are_counted_where_they_stand() {
        let source = "
            import { test, expect } from '@playwright/test';
            test.beforeEach(async ({ page }) => { await page.goto('/'); });
            async function enter(page) { await page.getByLabel('Name').fill('Ada'); }
            test.describe('d', () => {
                test('a', async ({ page }) => {
                    await page.getByRole('button').click();
                    await page.keyboard.press('Enter');
                    await page.mouse.move(1, 2);
                    await Promise.all([page.waitForEvent('popup'), page.locator('a').click()]);
                    await expect(page.locator('h1')).not.toHaveText('x');
                    expect(await page.title()).toBe('x');
                    const list = [1].fill(0);
                });
                test.only('b', { tag: '@x' }, async ({ page }) => { await enter(page); await page.reload(); });
            });";
        let count = transform(&Module::new("a.spec.ts", source)).expect("transforms").steps;
        assert_eq!(count, StepCount { tests: 2, own: 6, each: 1, once: 1 });
        // With as many tests as there are, and with three times as many, made by a loop.
        assert_eq!((count.of(2), count.of(6), count.of(0)), (9, 25, 0));
    }
}

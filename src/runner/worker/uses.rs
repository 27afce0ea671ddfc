//! Members of Playwright's API that a module uses and that are not there, found before anything of it runs. Only what is certain
//! counts: fixtures that a test function takes from Playwright's own `test`, `test` and `expect` themselves, and what their methods
//! return. What may be missing on purpose (`page.x?.()`, inside of `try`, in skipped tests) is left alone.

use super::positions::LineIndex;
use oxc::ast::ast::{
    Argument, AssignmentTarget, BindingPattern, CallExpression, Expression, FormalParameters, ImportDeclaration,
    ImportDeclarationSpecifier, ObjectPropertyKind, Program, StaticMemberExpression, TryStatement, VariableDeclarator,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::{Scoping, SymbolId};
use std::collections::HashMap;
use std::sync::LazyLock;

/// `Class.member`, with `: why` where it will not come. Written by tests/facade/api-table.mjs.
static ABSENT: LazyLock<HashMap<&'static str, Option<&'static str>>> = LazyLock::new(|| {
    let lines = include_str!("js/facade/absent.txt").lines();
    lines.map(|line| line.split_once(": ").map_or((line, None), |(name, why)| (name, Some(why)))).collect()
});

/// Modules that hand out Playwright's own `test` and `expect`.
const MODULES: [&str; 2] = ["@playwright/test", "playwright/test"];

/// Something that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    /// `page.clock`
    pub(crate) name: String,
    /// Why it will not come.
    pub(crate) why: Option<&'static str>,
    /// From 1.
    pub(crate) line: u32,
    /// From 1.
    pub(crate) column: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Test,
    Expect,
    Assertions,
    Page,
    Context,
    Browser,
    Locator,
    FrameLocator,
    Frame,
    Keyboard,
    Mouse,
    Touchscreen,
}

impl Kind {
    fn of_fixture(name: &str) -> Option<Self> {
        Some(match name {
            "page" => Self::Page,
            "context" => Self::Context,
            "browser" => Self::Browser,
            _ => return None,
        })
    }

    /// Its documented names, and the one for people.
    fn names(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Test => (&["TestType"], "test"),
            Self::Expect => (&["AsymmetricMatchers"], "expect"),
            Self::Assertions => (
                &[
                    "GenericAssertions",
                    "LocatorAssertions",
                    "PageAssertions",
                    "APIResponseAssertions",
                    "SnapshotAssertions",
                ],
                "expect(...)",
            ),
            Self::Page => (&["Page"], "page"),
            Self::Context => (&["BrowserContext"], "browserContext"),
            Self::Browser => (&["Browser"], "browser"),
            Self::Locator => (&["Locator"], "locator"),
            Self::FrameLocator => (&["FrameLocator"], "frameLocator"),
            Self::Frame => (&["Frame"], "frame"),
            Self::Keyboard => (&["Keyboard"], "keyboard"),
            Self::Mouse => (&["Mouse"], "mouse"),
            Self::Touchscreen => (&["Touchscreen"], "touchscreen"),
        }
    }

    fn property(self, name: &str) -> Option<Self> {
        Some(match (self, name) {
            (Self::Page, "keyboard") => Self::Keyboard,
            (Self::Page, "mouse") => Self::Mouse,
            (Self::Page, "touchscreen") => Self::Touchscreen,
            (Self::Assertions, "not" | "resolves" | "rejects") => Self::Assertions,
            (Self::Test, "expect") => Self::Expect,
            _ => return None,
        })
    }

    fn returned(self, method: &str) -> Option<Self> {
        Some(match (self, method) {
            (Self::Page | Self::Frame | Self::Locator | Self::FrameLocator, "frameLocator")
            | (Self::Locator, "contentFrame") => Self::FrameLocator,
            (Self::FrameLocator, "first" | "last" | "nth") => Self::FrameLocator,
            (Self::Page | Self::Frame | Self::Locator | Self::FrameLocator, "locator")
            | (Self::FrameLocator, "owner") => Self::Locator,
            (Self::Page | Self::Frame | Self::Locator | Self::FrameLocator, name) if name.starts_with("getBy") => {
                Self::Locator
            }
            (Self::Locator, "first" | "last" | "nth" | "filter" | "and" | "or" | "describe") => Self::Locator,
            (Self::Page, "mainFrame") => Self::Frame,
            (Self::Page, "context") => Self::Context,
            (Self::Locator, "page") => Self::Page,
            (Self::Expect, "soft") => Self::Assertions,
            _ => return None,
        })
    }
}

/// What a module uses and what is not there, in the order of the text.
pub(crate) fn of(program: &Program<'_>, scoping: &Scoping, lines: &LineIndex<'_>) -> Vec<Use> {
    let mut finder = Finder { scoping, lines, kinds: HashMap::new(), extends_expect: false, found: Vec::new() };
    finder.visit_program(program);
    if finder.extends_expect {
        finder.found.retain(|used| !used.name.starts_with("expect"));
    }
    finder.found
}

struct Finder<'s, 'l> {
    scoping: &'s Scoping,
    lines: &'l LineIndex<'l>,
    kinds: HashMap<SymbolId, Kind>,
    /// A matcher of one's own may have the name of one that is not there.
    extends_expect: bool,
    found: Vec<Use>,
}

impl Finder<'_, '_> {
    fn kind(&self, expression: &Expression<'_>) -> Option<Kind> {
        match expression.get_inner_expression() {
            Expression::Identifier(name) => {
                let symbol = self.scoping.get_reference(name.reference_id.get()?).symbol_id()?;
                self.kinds.get(&symbol).copied()
            }
            Expression::StaticMemberExpression(member) if !member.optional => {
                self.kind(&member.object)?.property(&member.property.name)
            }
            Expression::CallExpression(call) if !call.optional => match call.callee.get_inner_expression() {
                Expression::StaticMemberExpression(member) => {
                    self.kind(&member.object)?.returned(&member.property.name)
                }
                callee => (self.kind(callee)? == Kind::Expect).then_some(Kind::Assertions),
            },
            _ => None,
        }
    }

    /// `test`, `test.only`, `test.describe.serial` are `["only"]`, `["describe", "serial"]` of Playwright's own `test`.
    fn path_from_test<'e>(&self, callee: &'e Expression<'_>) -> Option<Vec<&'e str>> {
        if self.kind(callee) == Some(Kind::Test) {
            return Some(Vec::new());
        }
        let Expression::StaticMemberExpression(member) = callee.get_inner_expression() else { return None };
        let mut path = self.path_from_test(&member.object)?;
        path.push(&member.property.name);
        Some(path)
    }

    /// `{ page, context: c }` of a function that a test is given.
    fn fixtures(&mut self, parameters: &FormalParameters<'_>) {
        let Some(BindingPattern::ObjectPattern(pattern)) = parameters.items.first().map(|first| &first.pattern) else {
            return;
        };
        for property in &pattern.properties {
            if let (Some(name), BindingPattern::BindingIdentifier(local)) =
                (property.key.static_name(), &property.value)
                && let (Some(kind), Some(symbol)) = (Kind::of_fixture(&name), local.symbol_id.get())
            {
                self.kinds.insert(symbol, kind);
            }
        }
    }

    fn note(&mut self, kind: Kind, member: &str, at: u32) {
        let (types, word) = kind.names();
        let Some(why) = types.iter().find_map(|name| ABSENT.get(format!("{name}.{member}").as_str())) else { return };
        let (line, column) = self.lines.position(at);
        self.found.push(Use { name: format!("{word}.{member}"), why: *why, line, column });
    }
}

impl<'a> Visit<'a> for Finder<'_, '_> {
    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        if !MODULES.contains(&import.source.value.as_str()) {
            return;
        }
        for specifier in import.specifiers.iter().flatten() {
            let (name, local) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => (one.imported.name(), &one.local),
                ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => ("test".into(), &one.local),
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => continue,
            };
            let kind = match name.as_str() {
                "test" | "default" => Kind::Test,
                "expect" => Kind::Expect,
                _ => continue,
            };
            if let Some(symbol) = local.symbol_id.get() {
                self.kinds.insert(symbol, kind);
            }
        }
    }

    /// `const test = base.extend({ … })` has the fixtures that it does not replace.
    fn visit_variable_declarator(&mut self, variable: &VariableDeclarator<'a>) {
        if let (BindingPattern::BindingIdentifier(local), Some(Expression::CallExpression(call))) =
            (&variable.id, &variable.init)
            && let Expression::StaticMemberExpression(member) = call.callee.get_inner_expression()
            && member.property.name == "extend"
            && self.kind(&member.object) == Some(Kind::Test)
            && let [Argument::ObjectExpression(fixtures)] = call.arguments.as_slice()
            && fixtures.properties.iter().all(|property| {
                matches!(property, ObjectPropertyKind::ObjectProperty(property)
                    if property.key.static_name().is_some_and(|name| Kind::of_fixture(&name).is_none()))
            })
            && let Some(symbol) = local.symbol_id.get()
        {
            self.kinds.insert(symbol, Kind::Test);
        }
        walk::walk_variable_declarator(self, variable);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if let Some(path) = self.path_from_test(&call.callee) {
            if path.iter().any(|name| ["skip", "fixme"].contains(name)) {
                return;
            }
            if !path.iter().any(|name| ["extend", "use", "step", "describe"].contains(name)) {
                for argument in &call.arguments {
                    match argument {
                        Argument::ArrowFunctionExpression(function) => self.fixtures(&function.params),
                        Argument::FunctionExpression(function) => self.fixtures(&function.params),
                        _ => {}
                    }
                }
            }
        }
        if let Expression::StaticMemberExpression(member) = call.callee.get_inner_expression()
            && let Some(kind) = self.kind(&member.object)
        {
            let name = member.property.name.as_str();
            self.extends_expect |= kind == Kind::Expect && name == "extend";
            if let (true, Some(Argument::StringLiteral(event))) = (
                ["on", "once", "waitForEvent", "addListener", "prependListener"].contains(&name),
                call.arguments.first(),
            ) {
                self.note(kind, &format!("on('{}')", event.value), member.property.span.start);
            }
        }
        match call.callee.get_inner_expression() {
            // `page.x?.()` asks first.
            Expression::StaticMemberExpression(member) if call.optional => {
                self.visit_expression(&member.object);
                self.visit_arguments(&call.arguments);
            }
            _ => walk::walk_call_expression(self, call),
        }
    }

    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        if !member.optional
            && let Some(kind) = self.kind(&member.object)
        {
            self.note(kind, &member.property.name, member.property.span.start);
        }
        walk::walk_static_member_expression(self, member);
    }

    fn visit_assignment_target(&mut self, target: &AssignmentTarget<'a>) {
        // Whoever puts something there has it.
        if !matches!(target, AssignmentTarget::StaticMemberExpression(_)) {
            walk::walk_assignment_target(self, target);
        }
    }

    fn visit_try_statement(&mut self, attempt: &TryStatement<'a>) {
        if attempt.handler.is_none() {
            self.visit_block_statement(&attempt.block);
        }
        if let Some(handler) = &attempt.handler {
            self.visit_catch_clause(handler);
        }
        if let Some(finalizer) = &attempt.finalizer {
            self.visit_block_statement(finalizer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::transform::transform;
    use crate::runner::protocol::Module;

    fn uses(body: &str) -> Vec<String> {
        let source = format!("import {{ test, expect, test as base }} from '@playwright/test';\n{body}");
        let uses = transform(&Module::new("a.spec.ts", source)).expect("transforms").uses;
        uses.into_iter().map(|used| format!("{} {}:{}", used.name, used.line, used.column)).collect()
    }

    #[test]
    fn what_is_not_there_is_found_where_it_is_certain() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("a fixture", "test('x', async ({ page }) => { await page.pickLocator(); });", &["page.pickLocator 2:44"]),
            ("by another name", "test.beforeEach(({ page: p }) => p.pickLocator());", &["page.pickLocator 2:36"]),
            ("a function", "test('x', async function ({ page }) { page.webmcp.x(); });", &["page.webmcp 2:44"]),
            ("of a context", "test('x', ({ page }) => page.context().debugger);", &["browserContext.debugger 2:40"]),
            (
                "an extended test",
                "const t = base.extend<{ a: 1 }>({ a: 1 }); t('x', ({ page }) => page.pickLocator());",
                &["page.pickLocator 2:70"],
            ),
            ("with details", "test('x', { tag: '@a' }, ({ browser }) => browser.bind('x'));", &["browser.bind 2:51"]),
        ];
        for (name, body, expected) in cases {
            assert_eq!(uses(body), *expected, "{name}");
        }
    }

    #[test]
    fn what_may_be_meant_otherwise_is_left_alone() {
        let cases = [
            (
                "what is there",
                "test('x', async ({ page }) => { await page.locator('a').first().click(); expect(page).toHaveURL('x'); });",
            ),
            ("a name of one's own", "const page = { pickLocator() {} }; page.pickLocator();"),
            ("shadowed", "test('x', ({ page }) => { const f = page => page.pickLocator(); f({}); });"),
            ("optional", "test('x', ({ page }) => page.pickLocator?.());"),
            ("optional before", "test('x', ({ page }) => page?.pickLocator);"),
            ("tried", "test('x', ({ page }) => { try { page.pickLocator(); } catch {} });"),
            ("skipped", "test.skip('x', ({ page }) => { page.pickLocator(); });"),
            ("skipped around", "test.describe.skip('d', () => { test('x', ({ page }) => { page.pickLocator(); }); });"),
            ("assigned", "test('x', ({ page }) => { (page as any).webmcp = 1; });"),
            (
                "a replaced fixture",
                "const t = base.extend({ page: async ({}, use) => use({}) }); t('x', ({ page }) => page.pickLocator());",
            ),
            ("unknown fixtures", "const t = base.extend(more); t('x', ({ page }) => page.pickLocator());"),
            ("another test", "import { test as t } from './fixtures'; t('x', ({ page }) => page.pickLocator());"),
            ("a member nobody documents", "test('x', ({ page }) => { (page as any).notThere; });"),
        ];
        for (name, body) in cases {
            assert_eq!(uses(body), [""; 0], "{name}");
        }
    }
}

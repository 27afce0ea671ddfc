//! Where calls stand. QuickJS gives a call the place of whatever was evaluated last, which is mostly in its arguments:
//! `toBe(a.b + c)` seems to be called at the `+`. So all calls of a module are listed, and the one that is meant is found again.

use super::positions::LineIndex;
use oxc::ast::ast::{
    ArrowFunctionExpression, AwaitExpression, CallExpression, Expression, Function, NewExpression, Program,
    PropertyDefinition, StaticBlock,
};
use oxc::ast_visit::{Visit, walk};
use oxc::span::{GetSpan, Span};
use oxc::syntax::scope::ScopeFlags;

/// Line and column, from 1.
type Place = (u32, u32);

#[derive(Debug)]
struct Call {
    /// What people take for its place: of the name that is called, or of `new`.
    place: Place,
    /// Where the engine puts it while there is nothing in its arguments: from, to.
    own: (Place, Place),
    /// From, to.
    arguments: (Place, Place),
    /// The last name of what is called.
    name: String,
    /// Whether it makes an error, or anything: `Error('x')` needs no `new`.
    creates: bool,
}

impl Call {
    fn is_at(&self, place: Place) -> bool {
        self.own.0 <= place && place < self.own.1
    }

    fn has(&self, place: Place) -> bool {
        self.arguments.0 <= place && place < self.arguments.1
    }
}

/// The calls of a module and the functions they are in.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// In the order of their ends, so that of two around the same place the inner one is first.
    calls: Vec<Call>,
    /// From, to.
    functions: Vec<(Place, Place)>,
    /// `await` expressions: from, to.
    awaits: Vec<(Place, Place)>,
}

/// What a frame has called.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Callee<'n> {
    /// A function of this name; empty for one without.
    Named(&'n str),
    /// Nothing that left a frame: the engine failed here, or made an error here.
    None,
}

impl Calls {
    pub(crate) fn of(program: &Program<'_>, lines: &LineIndex<'_>) -> Self {
        let mut collector = Collector { lines, calls: Self::default() };
        collector.visit_program(program);
        collector.calls
    }

    /// The place of the call that runs while the engine says that a frame is at `place`.
    pub(crate) fn place(&self, place: Place, callee: Callee<'_>) -> Place {
        let function = self.function_around(place);
        let around = || {
            let all = self.calls.iter().filter(move |call| call.place >= function);
            all.filter(move |call| call.is_at(place) || call.has(place))
        };
        let found = match callee {
            Callee::None => around().find(|call| call.creates),
            Callee::Named("") => around().next_back(),
            Callee::Named(name) => around().find(|call| call.name == name).or_else(|| around().next_back()),
        };
        found.map_or(place, |call| call.place)
    }

    /// Whether `place` is part of the `await` at `at`, and not of a function in it.
    pub(crate) fn is_awaited(&self, at: Place, place: Place) -> bool {
        self.awaits.iter().any(|(from, to)| *from == at && at <= place && place < *to)
            && self.function_around(at) == self.function_around(place)
    }

    /// Where the innermost function begins that a place is in.
    fn function_around(&self, place: Place) -> Place {
        let around = self.functions.iter().filter(|(from, to)| *from <= place && place < *to);
        around.map(|(from, _)| *from).max().unwrap_or_default()
    }
}

struct Collector<'l> {
    lines: &'l LineIndex<'l>,
    calls: Calls,
}

impl Collector<'_> {
    fn range(&self, from: u32, to: u32) -> (Place, Place) {
        (self.lines.position(from), self.lines.position(to))
    }

    fn add(&mut self, span: Span, callee: &Expression<'_>, creates: bool) {
        let callee = callee.get_inner_expression();
        let private = matches!(callee, Expression::PrivateFieldExpression(_));
        let (name, named) = match callee {
            Expression::Identifier(identifier) => (identifier.name.as_str(), identifier.span),
            Expression::StaticMemberExpression(member) => (member.property.name.as_str(), member.property.span),
            Expression::PrivateFieldExpression(member) => (member.field.name.as_str(), member.field.span),
            other => ("", other.span()),
        };
        let place = if creates { span.start } else { named.start };
        let own = if creates { self.range(span.start, callee.span().end) } else { self.range(named.start, named.end) };
        self.calls.calls.push(Call {
            place: self.lines.position(place),
            own,
            arguments: self.range(callee.span().end, span.end),
            name: format!("{}{name}", if private { "#" } else { "" }),
            creates: creates || name.ends_with("Error"),
        });
    }

    fn function(&mut self, span: Span) {
        let range = self.range(span.start, span.end);
        self.calls.functions.push(range);
    }
}

impl<'a> Visit<'a> for Collector<'_> {
    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        walk::walk_call_expression(self, call);
        self.add(call.span, &call.callee, false);
    }

    fn visit_await_expression(&mut self, awaited: &AwaitExpression<'a>) {
        let range = self.range(awaited.span.start, awaited.span.end);
        self.calls.awaits.push(range);
        walk::walk_await_expression(self, awaited);
    }

    fn visit_new_expression(&mut self, new: &NewExpression<'a>) {
        walk::walk_new_expression(self, new);
        self.add(new.span, &new.callee, true);
    }

    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        self.function(function.span);
        walk::walk_function(self, function, flags);
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        self.function(arrow.span);
        walk::walk_arrow_function_expression(self, arrow);
    }

    fn visit_static_block(&mut self, block: &StaticBlock<'a>) {
        self.function(block.span);
        walk::walk_static_block(self, block);
    }

    fn visit_property_definition(&mut self, property: &PropertyDefinition<'a>) {
        self.function(property.span);
        walk::walk_property_definition(self, property);
    }
}

#[cfg(test)]
mod tests {
    use super::super::transform::transform;
    use super::*;
    use crate::runner::protocol::Module;

    #[test]
    fn what_is_awaited_stands_in_an_await() {
        let text = "async () => {\n  await a\n    .b(async () => {\n      await c();\n    });\n};";
        let calls = transform(&Module::new("a.ts", text)).expect("transforms").calls;
        let cases =
            [((2, 3), (3, 6), true), ((2, 3), (4, 13), false), ((4, 7), (4, 13), true), ((2, 3), (1, 1), false)];
        for (at, place, expected) in cases {
            assert_eq!(calls.is_awaited(at, place), expected, "{at:?} {place:?}");
        }
    }

    #[test]
    fn calls_stand_where_their_name_is() {
        use Callee::{Named, None};
        // In each the engine's place is `§`, the one that people expect `¶`.
        let cases = [
            ("without arguments of account", "o.¶§f(x);", Named("f")),
            ("an operator in the arguments", "o.¶f(1, a §+ b);", Named("f")),
            ("a call in the arguments that is over", "expect(x).¶toBe(o.§g());", Named("toBe")),
            ("a call in the arguments that runs", "expect(x).toBe(o.¶§g());", Named("g")),
            ("over several lines", "await expect(x).¶toHaveText(\n  'a' +\n  b.§c,\n);", Named("")),
            ("nobody of that name", "¶f(g(a §+ b));", Named("alias")),
            ("a title", "¶test(`a ${o.§n}`, () => { f(); });", Named("test")),
            ("in a function of the arguments", "test('a', () => { o.¶f(1 §+ 2); });", Named("f")),
            ("an error made", "throw ¶new §Error('x');", None),
            ("an error made of parts", "throw ¶new Error('a' §+ b);", None),
            ("an error made without new", "throw ¶Error('a' §+ b);", None),
            ("an error of the engine", "f(a.b.¶§c);", None),
            ("optional and private", "class A { #m; f() { this.¶#m?.(1 §+ 2); } }", Named("#m")),
            ("no call", "a §¶+ b;", Named("valueOf")),
            ("in a field", "class A { x = ¶f(1 §+ 2); }", Named("f")),
        ];
        for (name, text, callee) in cases {
            let place = |mark: char| {
                let text: String = text.chars().filter(|c| *c == mark || !"§¶".contains(*c)).collect();
                LineIndex::new(&text).position(u32::try_from(text.find(mark).unwrap()).unwrap())
            };
            let calls = transform(&Module::new("a.ts", text.replace(['§', '¶'], ""))).map(|done| done.calls);
            let found = calls.map(|calls| calls.place(place('§'), callee));
            assert_eq!(found.ok(), Some(place('¶')), "{name}");
        }
    }
}

//! QuickJS has no stacks through `await`. So `await X` becomes `await __aw(X, "function", line, column, "file")`, with original
//! positions: the facade's `__aw` adds the frame to an error that comes through. And `catch (e) {` begins with `__caught(e)`, which puts
//! the engine's own errors into the words people know (see [`super::explain`]).
//!
//! QuickJS compiles a destructuring declaration before its initial value and gives an error in it the place of whatever came before. So a
//! statement that does nothing goes before it, for its place. Reading a member has no place either, so it is that of what was called or named
//! before, maybe lines above (`this` has none): `a.b.c` becomes `a.b[undefined, "c"]`, in which `undefined` has one.

use super::positions::LineIndex;
use oxc::allocator::{Allocator, ArenaVec, GetAllocator, TakeIn};
use oxc::ast::ast::{
    Argument, AwaitExpression, BindingPattern, CatchClause, Expression, Function, MethodDefinition, NumberBase,
    Program, Statement, VariableDeclarator,
};
use oxc::ast::builder::AstBuilder;
use oxc::ast_visit::{VisitMut, walk_mut};
use oxc::span::{GetSpan, SPAN, Span};
use oxc::syntax::scope::ScopeFlags;

/// Wraps what is awaited anywhere in the program, and tells of what is caught.
pub(crate) fn wrap<'a>(allocator: &'a Allocator, lines: &LineIndex<'_>, path: &str, program: &mut Program<'a>) {
    let path = allocator.alloc_str(path);
    Wrapper { builder: AstBuilder::new(allocator), lines, path, names: Vec::new() }.visit_program(program);
}

struct Wrapper<'a, 'l> {
    builder: AstBuilder<'a>,
    lines: &'l LineIndex<'l>,
    path: &'a str,
    /// Of the functions around, innermost last; empty for one without.
    names: Vec<&'a str>,
}

impl<'a> Wrapper<'a, '_> {
    fn named(&mut self, name: Option<&str>, walk: impl FnOnce(&mut Self)) {
        let name = self.builder.allocator().alloc_str(name.unwrap_or_default());
        self.names.push(name);
        walk(self);
        self.names.pop();
    }
}

impl<'a> VisitMut<'a> for Wrapper<'a, '_> {
    fn visit_method_definition(&mut self, method: &mut MethodDefinition<'a>) {
        let name = method.key.static_name();
        // The function below has no name of its own and would hide this one.
        if let Some(name) = name {
            self.named(Some(&name), |this| {
                this.visit_property_key(&mut method.key);
                walk_mut::walk_function(this, &mut method.value, ScopeFlags::Function);
            });
        } else {
            walk_mut::walk_method_definition(self, method);
        }
    }

    fn visit_function(&mut self, function: &mut Function<'a>, flags: ScopeFlags) {
        let name = function.id.as_ref().map(|id| id.name.to_string());
        self.named(name.as_deref(), |this| walk_mut::walk_function(this, function, flags));
    }

    fn visit_variable_declarator(&mut self, declarator: &mut VariableDeclarator<'a>) {
        let name = declarator.id.get_identifier_name().map(|name| name.to_string());
        match &mut declarator.init {
            Some(Expression::ArrowFunctionExpression(arrow)) if name.is_some() => {
                self.named(name.as_deref(), |this| walk_mut::walk_arrow_function_expression(this, arrow));
            }
            _ => walk_mut::walk_variable_declarator(self, declarator),
        }
    }

    fn visit_arrow_function_expression(&mut self, arrow: &mut oxc::ast::ast::ArrowFunctionExpression<'a>) {
        self.named(None, |this| walk_mut::walk_arrow_function_expression(this, arrow));
    }

    fn visit_statements(&mut self, statements: &mut ArenaVec<'a, Statement<'a>>) {
        walk_mut::walk_statements(self, statements);
        let mut at = 0;
        while let Some(statement) = statements.get(at) {
            if let Some(span) = destructuring(statement) {
                let nothing = Expression::new_identifier(span, "undefined", &self.builder);
                statements.insert(at, Statement::new_expression_statement(span, nothing, &self.builder));
                at += 1;
            }
            at += 1;
        }
    }

    fn visit_expression(&mut self, it: &mut Expression<'a>) {
        walk_mut::walk_expression(self, it);
        let b = &self.builder;
        // `a.b.c` → `a.b[undefined, "c"]`
        let (span, object, key) = match it {
            Expression::StaticMemberExpression(member) if !member.optional && member.object.is_member_expression() => {
                let name = Expression::new_string_literal(member.property.span, member.property.name.as_str(), None, b);
                (member.span, member.object.take_in(b), name)
            }
            Expression::ComputedMemberExpression(member)
                if !member.optional && member.object.is_member_expression() && member.expression.is_literal() =>
            {
                (member.span, member.object.take_in(b), member.expression.take_in(b))
            }
            _ => return,
        };
        let place = Expression::new_identifier(key.span(), "undefined", b);
        let key = Expression::new_sequence_expression(key.span(), ArenaVec::from_array_in([place, key], b), b);
        *it = Expression::new_computed_member_expression(span, object, key, false, b);
    }

    fn visit_catch_clause(&mut self, clause: &mut CatchClause<'a>) {
        walk_mut::walk_catch_clause(self, clause);
        let Some(caught) = clause.param.as_ref().and_then(|param| param.pattern.get_identifier_name()) else { return };
        let b = &self.builder;
        let callee = Expression::new_identifier(SPAN, "__caught", b);
        let arguments = ArenaVec::from_array_in([Argument::from(Expression::new_identifier(SPAN, caught, b))], b);
        let call = Expression::new_call_expression(SPAN, callee, None, arguments, false, b);
        clause.body.body.insert(0, Statement::new_expression_statement(SPAN, call, b));
    }

    fn visit_await_expression(&mut self, it: &mut AwaitExpression<'a>) {
        walk_mut::walk_await_expression(self, it);
        // What the transformer made up has no place in the source.
        if it.span == SPAN || !self.lines.contains(it.span.start) {
            return;
        }
        let (line, column) = self.lines.position(it.span.start);
        let b = &self.builder;
        let awaited = it.argument.take_in(b);
        let span = awaited.span();
        let name = self.names.last().copied().unwrap_or_default();
        let text = |text: &'a str| Argument::from(Expression::new_string_literal(span, text, None, b));
        let number =
            |n: u32| Argument::from(Expression::new_numeric_literal(span, f64::from(n), None, NumberBase::Decimal, b));
        let arguments = ArenaVec::from_array_in(
            [Argument::from(awaited), text(name), number(line), number(column), text(self.path)],
            b,
        );
        let callee = Expression::new_identifier(span, "__aw", b);
        it.argument = Expression::new_call_expression(span, callee, None, arguments, false, b);
    }
}

/// Of a declaration with a pattern: the place where V8 says that the value does not fit.
fn destructuring(statement: &Statement<'_>) -> Option<Span> {
    let Statement::VariableDeclaration(declaration) = statement else { return None };
    declaration.declarations.iter().find_map(|declarator| match &declarator.id {
        BindingPattern::ObjectPattern(pattern) => {
            Some(pattern.properties.first().map_or(pattern.span, |property| property.span))
        }
        BindingPattern::ArrayPattern(_) => declarator.init.as_ref().map(GetSpan::span),
        _ => None,
    })
}

//! Modules written in Node.js's old way. One without `import` and `export` is a function that is called when it is first required, as in Node.js
//! (`js/polyfills/commonjs.js`). In one that has both, `require('x')` of a text becomes an import and `module.exports` a default export.

use super::exports;
use super::imports::Import;
use oxc::allocator::{Allocator, ArenaVec, GetAllocator};
use oxc::ast::ast::{
    Argument, AssignmentExpression, AssignmentTarget, CallExpression, Expression, ObjectPropertyKind, Program,
};
use oxc::ast::builder::AstBuilder;
use oxc::ast_visit::{VisitMut, walk_mut};
use oxc::semantic::Scoping;
use std::fmt::Write as _;

/// What surrounds the generated code. `before` has no line breaks: lines stay where they are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wrapping {
    pub(crate) before: String,
    pub(crate) after: String,
    /// Exported by name.
    pub(crate) names: Vec<String>,
    /// It is a function of `exports`, `require` and so on, no module.
    pub(crate) is_function: bool,
}

impl Wrapping {
    /// Whether it sets `module.exports`.
    pub(crate) fn is_commonjs(&self) -> bool {
        !self.after.is_empty()
    }
}

/// What a module of the old way is a function of.
pub(crate) const BEFORE: &str = "(function (exports, require, module, __filename, __dirname) {";
/// The end of that function.
pub(crate) const AFTER: &str = "\n})";

/// Rewrites `require` calls in place; adds what they ask for to `imports`.
pub(crate) fn rewrite<'a>(
    allocator: &'a Allocator,
    path: &str,
    scoping: &Scoping,
    program: &mut Program<'a>,
    imports: &mut Vec<Import>,
    position: impl Fn(u32) -> (u32, u32),
) -> Wrapping {
    let free = scoping.root_unresolved_references();
    let uses = |name: &str| free.contains_key(name);
    let mut wrapping = Wrapping::default();
    let is_module = program.body.iter().any(|statement| statement.is_module_declaration());
    if !is_module && (["module", "exports", "require"].into_iter().any(uses) || path.ends_with(".cjs")) {
        let builder = AstBuilder::new(allocator);
        let mut found = Finder {
            builder,
            path,
            required: Vec::new(),
            names: Vec::new(),
            position: &position,
            imports,
            rewrites: false,
        };
        found.visit_program(program);
        return Wrapping { before: BEFORE.to_owned(), after: AFTER.to_owned(), names: found.names, is_function: true };
    }
    if uses("__dirname") || uses("__filename") {
        let _ = write!(wrapping.before, "const __filename = __fileOf({path:?}), __dirname = __folderOf({path:?}); ");
    }
    let exports = uses("module") || uses("exports");
    if !exports && !uses("require") {
        return wrapping;
    }
    let mut found = Finder {
        builder: AstBuilder::new(allocator),
        path,
        required: Vec::new(),
        names: Vec::new(),
        position: &position,
        imports,
        rewrites: true,
    };
    found.visit_program(program);
    for (number, specifier) in found.required.iter().enumerate() {
        let _ = write!(wrapping.before, "import * as __required{number} from {specifier:?}; ");
    }
    if exports {
        wrapping.before.push_str("const module = { exports: {} }; let exports = module.exports; ");
        wrapping.after.push_str("\nexport default module.exports;\nexport const __commonjs = true;\n");
        for name in &found.names {
            let _ = writeln!(wrapping.after, "{}", exports::of_module(name));
        }
        wrapping.names = found.names;
    }
    wrapping
}

struct Finder<'a, 'x> {
    builder: AstBuilder<'a>,
    /// The module's.
    path: &'x str,
    required: Vec<String>,
    names: Vec<String>,
    position: &'x dyn Fn(u32) -> (u32, u32),
    imports: &'x mut Vec<Import>,
    /// Calls become imports.
    rewrites: bool,
}

impl Finder<'_, '_> {
    fn number(&mut self, specifier: &str, offset: u32) -> usize {
        if let Some(at) = self.required.iter().position(|known| known == specifier) {
            return at;
        }
        if !self.imports.iter().any(|import| import.specifier == specifier) {
            let (line, column) = (self.position)(offset);
            self.imports.push(Import {
                specifier: specifier.to_owned(),
                line,
                column,
                // A function fails when it gets there.
                dynamic: !self.rewrites,
                required: true,
                names: Vec::new(),
            });
        }
        self.required.push(specifier.to_owned());
        self.required.len() - 1
    }

    fn name(&mut self, name: &str) {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$') && name != "default";
        if plain && !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }
}

impl<'a> VisitMut<'a> for Finder<'a, '_> {
    fn visit_call_expression(&mut self, call: &mut CallExpression<'a>) {
        walk_mut::walk_call_expression(self, call);
        if self.rewrites && call.callee.is_specific_member_access("require", "resolve") {
            // `require.resolve(x)` → `__resolveFrom("the module", x)`
            call.callee = Expression::new_identifier(call.span, "__resolveFrom", &self.builder);
            let path = self.builder.allocator().alloc_str(self.path);
            let path = Expression::new_string_literal(call.span, path, None, &self.builder);
            call.arguments.insert(0, Argument::from(path));
            return;
        }
        let Some(specifier) = call.common_js_require().map(|literal| (literal.value.to_string(), literal.span.start))
        else {
            return;
        };
        let number = self.number(&specifier.0, specifier.1);
        if !self.rewrites {
            return;
        }
        // `require('x')` → `__interop(__required0)`
        let name = self.builder.allocator().alloc_str(&format!("__required{number}"));
        let module = Expression::new_identifier(call.span, name, &self.builder);
        call.callee = Expression::new_identifier(call.span, "__interop", &self.builder);
        call.arguments = ArenaVec::from_array_in([Argument::from(module)], &self.builder);
    }

    fn visit_assignment_expression(&mut self, assignment: &mut AssignmentExpression<'a>) {
        walk_mut::walk_assignment_expression(self, assignment);
        let AssignmentTarget::StaticMemberExpression(target) = &assignment.left else { return };
        let of_exports = target.object.is_specific_id("exports")
            || target
                .object
                .get_member_expr()
                .is_some_and(|object| object.is_specific_member_access("module", "exports"));
        if of_exports {
            let name = target.property.name.to_string();
            self.name(&name);
        } else if target.object.is_specific_id("module")
            && target.property.name == "exports"
            && let Expression::ObjectExpression(object) = &assignment.right
        {
            let names: Vec<String> = object
                .properties
                .iter()
                .filter_map(|property| match property {
                    ObjectPropertyKind::ObjectProperty(property) => {
                        property.key.static_name().map(|name| name.to_string())
                    }
                    ObjectPropertyKind::SpreadProperty(_) => None,
                })
                .collect();
            names.iter().for_each(|name| self.name(name));
        }
    }
}
